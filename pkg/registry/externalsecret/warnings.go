package externalsecret

import (
	"context"
	"time"

	"k8s.io/apiserver/pkg/warning"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/readmode"
)

const (
	// warnTimeout is how long the answer to a write that has happened may wait for a provider.
	warnTimeout = 2 * time.Second
	// mostWarnings keeps the answer to a spec of a thousand bad keys readable.
	mostWarnings = 5
)

// warn tells the author of a new spec that nothing is written in its namespace, where that is so, and which of its stores and
// keys are not there or not to be used. An update is judged by
// what is held: whoever applies a hundred objects does not wait for a hundred answers. A provider that does not answer gives
// no warning: what is held of it may be long past.
func (l *Live) warn(ctx context.Context, es *v1.ExternalSecret, created bool) {
	if l.Covers != nil && outcome.Creation(es) != v1.CreationNone {
		if err := l.Covers(es.Namespace); err != nil {
			warning.AddWarning(ctx, "", "no Secret is written: "+err.Error())
		}
	}
	ctx, cancel := context.WithTimeout(ctx, warnTimeout)
	defer cancel()
	now := arrival(ctx)
	ask := outcome.Ask{Held: !created, NotBefore: now.Add(-l.ListFreshness), User: readmode.User(ctx), AnsweringOnly: true}
	o := l.Evaluator.Evaluate(ctx, es, ask)
	if created && missesKey(o) {
		// A key that was made a moment ago, for this very object, may be younger than the picture.
		ask.NotBefore = now
		o = l.Evaluator.Evaluate(ctx, es, ask)
	}
	// Where there was no time or no budget for a newer picture, the key may have come since.
	outdated := created && o.Data != nil && !o.Data.Observed.IsZero()
	warned := 0
	for _, err := range o.KeyErrors() {
		// A provider that does not answer says nothing about the spec.
		if err.Reason == provider.Unavailable || err.Reason == provider.RateLimited || outdated && err.Reason == provider.NotFound {
			continue
		}
		if warned++; warned > mostWarnings {
			return
		}
		warning.AddWarning(ctx, "", err.Error())
	}
}

func missesKey(o *outcome.Outcome) bool {
	for _, err := range o.KeyErrors() {
		if err.Reason == provider.NotFound {
			return true
		}
	}
	return false
}
