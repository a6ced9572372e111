package source

import (
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func errEndless() error {
	return provider.Errorf(provider.Unavailable, "the provider's answer does not come to an end")
}

func errNoTime(cause error) error {
	return &provider.Error{Reason: provider.Unavailable, Message: "the provider did not answer in time", Cause: cause}
}

// errNoBudget, errNoShare and errPaused say when there is a turn again.
func errNoBudget(wait time.Duration) error {
	return after(wait, "this server's budget of requests to the provider is used up")
}

func errNoShare(wait time.Duration) error {
	return after(wait, "the part of this server's budget of requests to the provider that one user may have is used up")
}

func errPaused(wait time.Duration) error {
	return after(wait, "the provider asks for fewer requests")
}

func after(wait time.Duration, message string) error {
	return &provider.Error{Reason: provider.RateLimited, Message: message, RetryAfter: wait}
}

func errCrowded() error {
	return provider.Errorf(provider.Unavailable, "too many reads wait for the provider")
}

func errStopping() error {
	return provider.Errorf(provider.Unavailable, "the server is stopping")
}
