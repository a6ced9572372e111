package outcome

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// maxSources is how many Sources are asked at a time for one call.
const maxSources = 32

// TemplateSources reads what an ExternalSecret's templateFrom refers to.
type TemplateSources interface {
	TemplateSources(ctx context.Context, es *v1.ExternalSecret) (template.Sources, error)
}

// Evaluator finds out what ExternalSecrets come to. It is safe for concurrent use.
type Evaluator struct {
	Catalog   *Catalog
	Templates TemplateSources
	// Key is secret to this process: fingerprints under it tell nothing of values to anybody who sees them.
	Key []byte
}

// Ask says how fresh an answer has to be.
type Ask struct {
	// NotBefore is when the revalidations that the answer rests on may have begun at the earliest.
	NotBefore time.Time
	// Held answers from what is held, however old, and causes no request.
	Held bool
	// User is who asks, by name; empty for this server itself.
	User string
	// Loads bounds what is loaded for the answer; nil for no bound.
	Loads *source.Allowance
	// AnsweringOnly has a Source whose provider does not answer at present say so, in place of what it holds.
	AnsweringOnly bool
	// Deletion has the answer tell which keys are positively gone. It may cost a request per missing key.
	Deletion bool
}

// Evaluate finds out what es comes to. Everything that is wrong is in the Outcome. It waits for providers until ctx ends
// at most.
func (e *Evaluator) Evaluate(ctx context.Context, es *v1.ExternalSecret, ask Ask) *Outcome {
	return e.Look(ctx, []*v1.ExternalSecret{es}, ask)[0].Outcome()
}

// Look asks for what ExternalSecrets need and makes nothing of it yet. Each store is opened once, and each Source is asked
// once, for what all of them need of it. It waits for providers until ctx ends at most.
func (e *Evaluator) Look(ctx context.Context, all []*v1.ExternalSecret, ask Ask) []Shown {
	ctx, span := tracing.Start(ctx, tracing.Evaluate)
	defer span.End()
	stores := e.Catalog.opener()
	shown := make([]Shown, len(all))
	needs := map[*source.Source]namespaces{}
	for i, es := range all {
		shown[i] = e.open(ctx, stores, es)
		for _, one := range shown[i].wanted {
			one.collect(needs, es.Namespace)
		}
	}
	span.Objects(len(all), len(needs))
	inputs := inputs(ctx, needs, ask)
	for i := range shown {
		shown[i].inputs = inputs
	}
	return shown
}

// wanted is what an ExternalSecret needs of one store.
type wanted struct {
	ref   resolve.StoreRef
	needs []provider.Need
	*opened
}

// open opens every store that es names. What is wrong with a store is in its opened.
func (e *Evaluator) open(ctx context.Context, stores *opener, es *v1.ExternalSecret) Shown {
	needs, err := resolve.Needs(es)
	s := Shown{evaluator: e, es: es, err: err, wanted: make([]wanted, len(needs))}
	for i, n := range needs {
		s.wanted[i] = wanted{n.Store, n.Needs, stores.open(ctx, es.Namespace, n.Store)}
	}
	return s
}

// namespaces are the needs of ExternalSecrets and whose they are: empty for those of several namespaces.
type namespaces map[provider.Need]string

func (w wanted) collect(needs map[*source.Source]namespaces, namespace string) {
	if w.err != nil {
		return
	}
	if needs[w.source] == nil {
		needs[w.source] = make(namespaces, len(w.needs))
	}
	for _, n := range w.needs {
		if before, ok := needs[w.source][n]; ok && before != namespace {
			needs[w.source][n] = ""
			continue
		}
		needs[w.source][n] = namespace
	}
}

// inputs asks every Source for its needs, side by side: a store whose provider hangs costs the others nothing.
func inputs(ctx context.Context, needs map[*source.Source]namespaces, ask Ask) map[*source.Source]provider.Inputs {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		shown = make(map[*source.Source]provider.Inputs, len(needs))
		slots = make(chan struct{}, maxSources)
	)
	for src, set := range needs {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			in := ask.of(ctx, src, set)
			mu.Lock()
			defer mu.Unlock()
			shown[src] = in
		})
	}
	wg.Wait()
	return shown
}

func (ask Ask) of(ctx context.Context, src *source.Source, whose namespaces) provider.Inputs {
	needs := slices.Collect(maps.Keys(whose))
	if ask.Loads != nil {
		// Which keys a bounded answer has must not be left to chance.
		slices.SortFunc(needs, func(a, b provider.Need) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Property, b.Property),
				cmp.Compare(a.Version, b.Version), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Name, b.Name))
		})
	}
	if ask.AnsweringOnly && src.Barred() != nil {
		return provider.FailedInputs(needs, provider.Errorf(provider.Unavailable, "the provider does not answer at present"))
	}
	switch {
	case ask.Held:
		return src.Held(needs)
	case ask.Deletion:
		return src.InputsForDeletion(ctx, needs, ask.NotBefore)
	default:
		return src.InputsFor(ctx, source.Reader{User: ask.User, Namespaces: whose, Loads: ask.Loads}, needs, ask.NotBefore)
	}
}

// Follow registers what es needs, so that it is polled and kept, and calls ready once, when Evaluate with this notBefore
// would not wait.
func (e *Evaluator) Follow(ctx context.Context, es *v1.ExternalSecret, notBefore time.Time, urgency source.Urgency, ready func()) {
	var stores []types.UID
	var usable []wanted
	for _, one := range e.open(ctx, e.Catalog.opener(), es).wanted {
		// A store that cannot be opened for a moment keeps what is known of it for es.
		if one.store.UID != "" {
			stores = append(stores, one.store.UID)
		}
		if one.err == nil {
			usable = append(usable, one)
		}
	}
	e.Catalog.Sources.Retain(es.UID, stores...)
	countdown := newCountdown(len(usable), ready)
	for _, one := range usable {
		one.source.Want(es.UID, es.Namespace, one.needs)
		one.source.Prepare(ctx, one.needs, notBefore, urgency, countdown)
	}
}

// Unfollow drops what an ExternalSecret needed.
func (e *Evaluator) Unfollow(owner types.UID) {
	e.Catalog.Sources.Release(owner)
}

// newCountdown makes a function that calls ready at its nth call, and calls ready at once for none.
func newCountdown(n int, ready func()) func() {
	if n == 0 {
		ready()
		return func() {}
	}
	var mu sync.Mutex
	return func() {
		mu.Lock()
		n--
		done := n == 0
		mu.Unlock()
		if done {
			ready()
		}
	}
}
