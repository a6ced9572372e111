package source

import (
	"errors"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func errUnread(id provider.Scope) error {
	return provider.Errorf(provider.Unavailable, "%q was not read yet", id.Name)
}

func errEndless() error {
	return provider.Errorf(provider.Unavailable, "the provider's answer does not come to an end")
}

func errNoTime(cause error) error {
	return &provider.Error{Reason: provider.Unavailable, Message: "the provider did not answer in time", Cause: cause}
}

// errNoBudget, errNoShare and errPaused say when there is a turn again.
func errNoBudget(wait time.Duration) error {
	return after(wait, NoBudget, "this server's budget of requests to the provider is used up")
}

func errNoShare(wait time.Duration) error {
	return after(wait, NoShare, "the part of this server's budget of requests to the provider that one user may have is used up")
}

func errPaused(wait time.Duration) error {
	return after(wait, Paused, "the provider asks for fewer requests")
}

func after(wait time.Duration, why Away, message string) error {
	return &provider.Error{Reason: provider.RateLimited, Message: message, RetryAfter: wait, Cause: why}
}

// Error makes an Away the cause of an error that it is in the chain of.
func (a Away) Error() string { return string(a) }

// awayOf is what keeps a call from beginning, as its error has it: else the Sources stop.
func awayOf(err error) Away {
	var why Away
	errors.As(err, &why)
	return why
}

func errCrowded() error {
	return provider.Errorf(provider.Unavailable, "too many reads wait for the provider")
}

func errStopping() error {
	return provider.Errorf(provider.Unavailable, "the server is stopping")
}
