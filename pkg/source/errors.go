package source

import "github.com/live-secrets/external-secrets-apiserver/pkg/provider"

func errUnread(id provider.Scope) error {
	return provider.Errorf(provider.Unavailable, "%q was not read yet", id.Name)
}

func errEndless() error {
	return provider.Errorf(provider.Unavailable, "the provider's answer does not come to an end")
}

func errNoTime(cause error) error {
	return &provider.Error{Reason: provider.Unavailable, Message: "the provider did not answer in time", Cause: cause}
}

func errNoBudget() error {
	return provider.Errorf(provider.RateLimited, "this server's budget of requests to the provider is used up")
}

func errCrowded() error {
	return provider.Errorf(provider.Unavailable, "too many reads wait for the provider")
}

func errStopping() error {
	return provider.Errorf(provider.Unavailable, "the server is stopping")
}
