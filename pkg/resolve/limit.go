package resolve

import (
	"fmt"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

const (
	// MaxKeys is how many keys all entries of an ExternalSecret may come to.
	MaxKeys = validation.MaxEntries
	// MaxBytes is how many bytes they may hold. A Secret holds 1 MiB at most, but a template may make little of much.
	MaxBytes = 8 << 20
	// maxRewrites is how many operations one entry may have.
	maxRewrites = validation.MaxRewrites
	// maxRenamed is how long a key may become between two operations, in bytes. At the end it must be a Secret's.
	maxRenamed = validation.MaxRename
	// maxSearch is how many steps of the budget one key may take to be searched by a regular expression.
	maxSearch = 100_000
)

// limits is what one call of Resolve may still use up.
type limits struct {
	keys, bytes int
	budget      *template.Budget
}

// take counts what an entry came to.
func (l *limits) take(values map[string]value.Value) error {
	l.keys += len(values)
	l.bytes += size(values)
	return check(l.keys, l.bytes)
}

// check refuses what is too much, for one entry or for all.
func check(keys, bytes int) error {
	if keys > MaxKeys {
		return problemf("the entries come to more than %d keys", MaxKeys)
	}
	if bytes > MaxBytes {
		return problemf("the entries come to more than %d bytes", MaxBytes)
	}
	return nil
}

func size(values map[string]value.Value) int {
	n := 0
	for key, v := range values {
		n += len(key) + v.Len()
	}
	return n
}

// problem is an error in this package's own words: its text may be shown.
type problem string

func (p problem) Error() string { return string(p) }

func problemf(format string, args ...any) error {
	return problem(fmt.Sprintf(format, args...))
}
