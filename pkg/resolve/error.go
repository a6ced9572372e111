package resolve

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Error is one entry of a spec that could not be resolved. Its text is made of the spec's own names and this project's
// words: it holds no value, no remote name that the spec does not hold, and nothing that a provider said.
type Error struct {
	// Entry is the field of the spec: "spec.data[2]", "spec.dataFrom[0].extract".
	Entry string
	// Store that the entry names; the zero StoreRef where it names none.
	Store StoreRef
	// Key is the remote key as the spec has it; empty for a find.
	Key string
	// Reason says what kind of failure it is.
	Reason provider.Reason
	// Message says what is wrong.
	Message string
	// RetryAfter is how long the provider asks to be left alone; zero where it says nothing.
	RetryAfter time.Duration

	cause error
	// order is the entry's place in the spec.
	order int
}

// Error names entry, store and key, and says what is wrong.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Entry)
	var names []string
	if e.Store != (StoreRef{}) {
		names = append(names, e.Store.String())
	}
	if e.Key != "" {
		names = append(names, fmt.Sprintf("key %q", e.Key))
	}
	if len(names) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(names, ", "))
	}
	b.WriteString(": ")
	b.WriteString(e.Message)
	return b.String()
}

// Unwrap gives the provider's error to errors.As, so that provider.ReasonOf and provider.RetryAfterOf work.
func (e *Error) Unwrap() error { return e.cause }

// Errors is the failures of several entries in the order of the spec. It is never empty.
type Errors []*Error

// mostErrors is how many failures the text of Errors tells: conditions and answers have to stay readable.
const mostErrors = 10

// Error is the texts of the first failures and the number of the others.
func (e Errors) Error() string {
	texts := make([]string, 0, mostErrors+1)
	for _, one := range e[:min(len(e), mostErrors)] {
		texts = append(texts, one.Error())
	}
	if more := len(e) - mostErrors; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives the failures, the worst first: what asks errors.As for one provider.Error gets the worst.
func (e Errors) Unwrap() []error {
	sorted := slices.Clone(e)
	slices.SortStableFunc(sorted, func(a, b *Error) int { return rank(a.Reason) - rank(b.Reason) })
	errs := make([]error, len(sorted))
	for i, one := range sorted {
		errs[i] = one
	}
	return errs
}

// Reason is the worst Reason.
func (e Errors) Reason() provider.Reason {
	return slices.MinFunc(e, func(a, b *Error) int { return rank(a.Reason) - rank(b.Reason) }).Reason
}

// rank orders Reasons: first those that stand for a whole store, which explain the most, last NotFound, which is the only
// one that readers may take for an absence and so must never stand for a failure of another kind.
func rank(r provider.Reason) int {
	order := []provider.Reason{
		provider.Unauthenticated, provider.Forbidden, provider.ScopeNotFound, provider.Unavailable,
		provider.RateLimited, provider.Invalid, provider.NotFound,
	}
	return slices.Index(order, r)
}

// or is the Errors as an error: nil where there are none.
func (e Errors) or() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// invalid is an Invalid failure of the entry.
func (e *entry) invalid(format string, args ...any) *Error {
	return e.failure(provider.Errorf(provider.Invalid, format, args...))
}

// failure is an error of the provider contract at the entry. Of an error that is not of the contract only the Reason is told.
func (e *entry) failure(err error) *Error {
	var known *provider.Error
	if !errors.As(err, &known) {
		known = &provider.Error{Reason: provider.Unavailable, Message: "the store was not asked to the end", Cause: err}
	}
	return &Error{
		Entry: e.path, Store: e.store, Key: e.need.Key,
		Reason: known.Reason, Message: known.Message, RetryAfter: known.RetryAfter, cause: known, order: e.order,
	}
}

// inOrder sorts failures of several passes by their entry's place in the spec.
func inOrder(failures Errors) Errors {
	slices.SortStableFunc(failures, func(a, b *Error) int { return a.order - b.order })
	return failures
}
