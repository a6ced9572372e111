package outcome

import (
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// Shown is what stores showed of the needs of one ExternalSecret, before anything is made of it. It is used by one goroutine.
type Shown struct {
	evaluator *Evaluator
	es        *v1.ExternalSecret
	wanted    []wanted
	// err says what the spec asks for that cannot be asked for.
	err error
	// inputs are those of everybody who was looked at together.
	inputs map[*source.Source]provider.Inputs
}

// Outcome is what the ExternalSecret comes to.
func (s *Shown) Outcome() *Outcome {
	o := &Outcome{es: s.es, key: s.evaluator.Key, templates: s.evaluator.Templates, Err: s.err}
	inputs := make(map[resolve.StoreRef]provider.Inputs, len(s.wanted))
	for _, w := range s.wanted {
		o.Foreign = o.Foreign || w.foreign
		if w.err != nil {
			inputs[w.ref] = provider.FailedInputs(w.needs, w.err)
			continue
		}
		inputs[w.ref] = s.inputs[w.source]
	}
	data, err := resolve.Resolve(s.es, inputs)
	o.Data = data
	if o.Err == nil {
		o.Err = err
	}
	return o
}

// stamp stands for everything that the Outcome is made of but the ExternalSecret itself and its templateFrom. It is zero
// where something is wrong. observed is when the oldest picture began of those that are older than they were to be, zero
// where none is.
func (s *Shown) stamp() (stamp provider.Stamp, observed time.Time) {
	if s.err != nil {
		return 0, time.Time{}
	}
	stamp = firstStamp
	for _, w := range s.wanted {
		if w.err != nil || w.foreign {
			return 0, time.Time{}
		}
		for _, n := range w.needs {
			result := s.inputs[w.source].Result(n)
			stamp = stamp.With(result.Stamp)
			if result.Late && (observed.IsZero() || result.Observed.Before(observed)) {
				observed = result.Observed
			}
		}
	}
	return stamp, observed
}

// firstStamp is that of an ExternalSecret that needs nothing.
const firstStamp provider.Stamp = 1
