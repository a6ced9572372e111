package provider

import (
	"errors"
	"fmt"
	"time"
)

// Reason classifies why something could not be read. Users see it; a provider's own message they never see.
type Reason string

const (
	// NotFound means that this key is positively absent where it was looked for. Nothing else may feed a deletion.
	NotFound Reason = "NotFound"
	// ScopeNotFound means that what should hold the key (vault, project, environment, folder) is absent.
	ScopeNotFound Reason = "ScopeNotFound"
	// Forbidden means that the credential was accepted and may not read this.
	Forbidden Reason = "Forbidden"
	// Unauthenticated means that the credential was refused.
	Unauthenticated Reason = "Unauthenticated"
	// RateLimited means that the provider, or this server's own budget for it, asks for fewer requests.
	RateLimited Reason = "RateLimited"
	// Unavailable means that there was no answer, or none that makes sense.
	Unavailable Reason = "Unavailable"
	// Invalid means that what was asked for cannot be answered as it is asked: a property that is not there, a value of
	// the wrong form, an ambiguous name.
	Invalid Reason = "Invalid"
)

// Error is a failure with its Reason. Message is in this project's own words and holds no value and no text of the
// provider's: it may name keys, properties, vaults and paths of a spec, HTTP status codes and counts.
type Error struct {
	Reason  Reason
	Message string
	// RetryAfter is how long the provider asks to be left alone; zero where it says nothing.
	RetryAfter time.Duration
	// Cause is for errors.Is on context errors. It never appears in the text.
	Cause error
}

// Error is the message alone.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error of a Reason and a message.
func Errorf(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// ReasonOf is the Reason of the first Error in err's chain, and Unavailable where there is none.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return Unavailable
}

// RetryAfterOf is the RetryAfter of the first Error in err's chain.
func RetryAfterOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
