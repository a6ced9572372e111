package resolve

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/decoding"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// Data is what the entries of a spec came to.
type Data struct {
	// Values by key: the maps of dataFrom in order, later ones over earlier ones, and data over them. Nil with an error.
	Values map[string]value.Value
	// Origins holds, of the values that time alone changes (one-time codes), what they were computed from.
	Origins map[string]value.Value
	// Missing lists the entries whose remote key is positively gone, where deletionPolicy lets that remove something.
	Missing []Entry
	// Sources lists the remote keys of the spec in its order, for status.live.
	Sources []v1.LiveSource
	// Observed is the earliest time that a result rests on, among those that are older than was asked for; zero where all
	// are as fresh as they were to be.
	Observed time.Time
}

// Entry names one entry of a spec.
type Entry struct {
	// Path is the field: "spec.data[2]".
	Path  string
	Store StoreRef
	// Key is the remote key as the spec has it; empty for a find.
	Key string
}

// Resolve makes keys and values of what the stores showed. inputs holds, by store, the Inputs of what Needs listed.
//
// A NotFound result is an error, unless it is positively Gone and deletionPolicy is Delete or Merge: then the entry is
// Missing and adds nothing. The error is Errors, one for each entry that failed, in the order of the spec. Data is never
// nil: its Sources are filled beside an error, too.
func Resolve(es *v1.ExternalSecret, inputs map[StoreRef]provider.Inputs) (*Data, error) {
	list, failures := entries(&es.Spec)
	r := &resolver{
		removes: removes(es.Spec.Target),
		limits:  limits{budget: template.NewBudget(context.Background())},
	}
	results := make([]map[string]value.Value, len(list))
	data := &Data{}
	var sources sources
	for i, e := range list {
		result := inputs[e.store].Result(e.need)
		sources.add(e, result)
		if result.Late && (data.Observed.IsZero() || result.Observed.Before(data.Observed)) {
			data.Observed = result.Observed
		}
		if result.Err != nil && result.Gone && r.removes && provider.ReasonOf(result.Err) == provider.NotFound {
			data.Missing = append(data.Missing, Entry{Path: e.path, Store: e.store, Key: e.need.Key})
			continue
		}
		values, failure := r.entry(e, result)
		if failure != nil {
			failures = append(failures, failure)
			continue
		}
		results[i] = values
	}
	data.Sources = sources.list
	if len(failures) > 0 {
		return data, inOrder(failures)
	}
	data.Values = overlay(list, results)
	data.Origins = origins(list, inputs)
	return data, nil
}

// origins is what the values of data come from that change by time alone. Of two entries for one key the later one counts.
func origins(list []*entry, inputs map[StoreRef]provider.Inputs) map[string]value.Value {
	found := map[string]value.Value{}
	for _, e := range list {
		if e.data == nil {
			continue
		}
		delete(found, e.data.SecretKey)
		if origin := inputs[e.store].Result(e.need).Answer.Origin; origin.Len() > 0 {
			found[e.data.SecretKey] = origin
		}
	}
	return found
}

// IsTimed tells whether a later resolution of the same inputs could come to other values.
func (d *Data) IsTimed() bool { return len(d.Origins) > 0 }

// removes tells whether the deletionPolicy lets the absence of a remote key remove something.
func removes(target *v1.ExternalSecretTarget) bool {
	if target == nil || target.DeletionPolicy == nil {
		return false
	}
	return *target.DeletionPolicy == v1.DeletionDelete || *target.DeletionPolicy == v1.DeletionMerge
}

// overlay lays the maps of dataFrom over each other and the values of data over them.
func overlay(list []*entry, results []map[string]value.Value) map[string]value.Value {
	values := map[string]value.Value{}
	for i, e := range list {
		if e.from != nil {
			maps.Copy(values, results[i])
		}
	}
	for i, e := range list {
		if e.data != nil {
			maps.Copy(values, results[i])
		}
	}
	return values
}

// resolver is one call of Resolve.
type resolver struct {
	removes bool
	limits  limits
}

// entry makes one entry's keys and values of its result.
func (r *resolver) entry(e *entry, result provider.Result) (map[string]value.Value, *Error) {
	if result.Err != nil {
		return nil, e.failure(result.Err)
	}
	var values map[string]value.Value
	var err error
	if e.data != nil {
		values, err = r.data(e.data, result.Answer.Value)
	} else {
		values, err = r.dataFrom(e.from, result.Answer.Map)
	}
	if err == nil {
		err = r.limits.take(values)
	}
	if err != nil {
		return nil, e.invalid("%s", message(err))
	}
	return values, nil
}

// message is the text of an error made in this package or in template. No other may get here: its text could hold values.
func message(err error) string {
	var own problem
	var rendering *template.Error
	switch {
	case errors.As(err, &own):
		return own.Error()
	case errors.As(err, &rendering):
		return rendering.Error()
	default:
		return "it cannot be resolved"
	}
}

// data is the one key and value of an element of spec.data.
func (r *resolver) data(data *v1.ExternalSecretData, v value.Value) (map[string]value.Value, error) {
	if err := checkKey(data.SecretKey); err != nil {
		return nil, problemf("secretKey %q: %v", data.SecretKey, err)
	}
	ref := data.RemoteRef
	v, err := decode(ref.DecodingStrategy, ref.NullBytePolicy, v)
	if err != nil {
		return nil, err
	}
	return map[string]value.Value{data.SecretKey: v}, nil
}

// dataFrom is the keys and values of an element of spec.dataFrom. Rewriting sees the remote names and the values before
// they are decoded; conversion stands in for it where there is none.
func (r *resolver) dataFrom(from *v1.ExternalSecretDataFrom, found map[string]value.Value) (map[string]value.Value, error) {
	how := howOf(from)
	values, err := r.rename(from, how.conversion, found)
	if err != nil {
		return nil, err
	}
	checked := make(map[string]value.Value, len(values))
	// In order, so that of several failures it is always the same one that is told.
	for _, key := range slices.Sorted(maps.Keys(values)) {
		// A 1Password field without a label has no name, and rewriting may take one away: such a value is left out.
		if key == "" {
			continue
		}
		if err := checkKey(key); err != nil {
			return nil, problemf("a key that was found cannot be a key of a Secret: %v; rename it with rewrite or data", err)
		}
		if checked[key], err = decode(how.decoding, how.nullBytes, values[key]); err != nil {
			return nil, err
		}
	}
	return checked, nil
}

func (r *resolver) rename(from *v1.ExternalSecretDataFrom, strategy *v1.ConversionStrategy, found map[string]value.Value) (map[string]value.Value, error) {
	if len(from.Rewrite) == 0 {
		return convertKeys(strategy, found)
	}
	return r.rewrite(from.Rewrite, found)
}

// how the values of a dataFrom are read.
type how struct {
	conversion *v1.ConversionStrategy
	decoding   *v1.DecodingStrategy
	nullBytes  *v1.NullBytePolicy
}

func howOf(from *v1.ExternalSecretDataFrom) how {
	if f := from.Find; f != nil {
		return how{f.ConversionStrategy, f.DecodingStrategy, f.NullBytePolicy}
	}
	x := from.Extract
	return how{x.ConversionStrategy, x.DecodingStrategy, x.NullBytePolicy}
}

func decode(strategy *v1.DecodingStrategy, nullBytes *v1.NullBytePolicy, v value.Value) (value.Value, error) {
	decoded, err := decoding.Decode(strategy, v)
	if err != nil {
		return value.Value{}, problemf("decodingStrategy: %v", err)
	}
	if deref(nullBytes) == v1.NullByteFail && bytes.IndexByte(decoded.Bytes(), 0) >= 0 {
		return value.Value{}, problemf("a value holds a zero byte, which nullBytePolicy Fail does not allow")
	}
	return decoded, nil
}
