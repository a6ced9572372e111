package externalsecret

import (
	"context"
	"errors"
	"slices"
	"time"

	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/readmode"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// messageBlind is for a dry run by somebody who may not read the Secret.
const messageBlind = "whoever may read the Secret sees here whether it would change"

// dryRunLoads is how many items a dry run has fetched at most.
const dryRunLoads = 50

// Live finds out what providers show of ExternalSecrets, for answers.
type Live struct {
	Evaluator *outcome.Evaluator
	Comparer  *outcome.Comparer
	Values    *ValueReaders
	// GetTimeout and ListTimeout are how long a request waits for providers.
	GetTimeout, ListTimeout time.Duration
	// ListFreshness is how old a picture may be that a LIST is answered from.
	ListFreshness time.Duration
	// Metrics hears nothing when nil.
	Metrics ReadMetrics
	// Covers returns an error for a namespace in which nothing is written; nil where there is none.
	Covers func(namespace string) error
}

// arrival is when the request came in: a live read shows nothing that was seen before that.
func arrival(ctx context.Context) time.Time {
	if at, ok := request.ReceivedTimestampFrom(ctx); ok {
		return at
	}
	return time.Now()
}

func (l *Live) get(ctx context.Context, es *v1.ExternalSecret) *v1.LiveStatus {
	read := l.begin(readGet)
	waiting, cancel := context.WithTimeout(ctx, l.GetTimeout)
	defer cancel()
	shown := l.Evaluator.Look(waiting, []*v1.ExternalSecret{es}, askNow(ctx))
	live := l.Comparer.Live(ctx, &shown[0])
	read.end(map[string]int{string(live.State): 1})
	return live
}

// askNow asks for what is shown from the arrival of the request on.
func askNow(ctx context.Context) outcome.Ask {
	return outcome.Ask{NotBefore: arrival(ctx), User: readmode.User(ctx)}
}

// list answers with a list of its own, as overlay does.
func (l *Live) list(ctx context.Context, stored *v1.ExternalSecretList) *v1.ExternalSecretList {
	list := &v1.ExternalSecretList{TypeMeta: stored.TypeMeta, ListMeta: stored.ListMeta, Items: slices.Clone(stored.Items)}
	read, states := l.begin(readList), map[string]int{}
	rows := make([]*v1.ExternalSecret, len(list.Items))
	for i := range list.Items {
		rows[i] = &list.Items[i]
	}
	waiting, cancel := context.WithTimeout(ctx, l.ListTimeout)
	defer cancel()
	shown := l.Evaluator.Look(waiting, rows, outcome.Ask{NotBefore: arrival(ctx).Add(-l.ListFreshness), User: readmode.User(ctx)})
	for i := range shown {
		rows[i].Status.Live = l.Comparer.Live(ctx, &shown[i])
		states[string(rows[i].Status.Live.State)]++
	}
	read.end(states)
	return list
}

// overlay is es with a live status. It is a copy, which shares all but the status.live with es, and so with the watch cache:
// who answers with it only reads it.
func overlay(es *v1.ExternalSecret, live *v1.LiveStatus) *v1.ExternalSecret {
	answer := *es
	answer.Status.Live = live
	return &answer
}

// dryRun is the live status of an object that is not stored. Its author chose what it does with values: what came of
// rendering is for those who may read them. It has few items fetched: nothing of it stays, and it may be sent again and again.
func (l *Live) dryRun(ctx context.Context, es *v1.ExternalSecret) *v1.LiveStatus {
	waiting, cancel := context.WithTimeout(ctx, l.GetTimeout)
	defer cancel()
	o := l.Evaluator.Evaluate(waiting, es, outcome.Ask{
		NotBefore: arrival(ctx), User: readmode.User(ctx), Loads: source.NewAllowance(dryRunLoads),
	})
	var live *v1.LiveStatus
	if l.Values.Allowed(ctx, es) {
		live = l.rendered(waiting, es, o)
	} else {
		live = l.blind(es, o)
	}
	if live.State == v1.LiveUnavailable && errors.Is(o.Err, source.ErrAllowance) {
		live.State = v1.LiveUnknown
	}
	return live
}

// blind is the live status for somebody who may not read values.
func (l *Live) blind(es *v1.ExternalSecret, o *outcome.Outcome) *v1.LiveStatus {
	live := o.BlindStatus()
	if live.State != "" {
		return live
	}
	switch {
	case outcome.Creation(es) == v1.CreationNone:
		live.State = v1.LiveVirtual
	case l.Comparer.Exists(es):
		live.State, live.Message = v1.LiveUnknown, messageBlind
	default:
		live.State = v1.LiveMissing
	}
	return live
}

// rendered is the live status with the cause of a template that cannot be rendered.
func (l *Live) rendered(ctx context.Context, es *v1.ExternalSecret, o *outcome.Outcome) *v1.LiveStatus {
	live := o.KeysStatus()
	if live.State != "" {
		return live
	}
	if _, err := o.Render(ctx); err != nil {
		live.State, live.Message = v1.LiveInvalid, err.Error()
		return live
	}
	live.State, live.Message = l.Comparer.CompareRendered(ctx, es, o)
	return live
}
