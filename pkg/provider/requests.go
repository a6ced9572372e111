package provider

import "context"

type requestsKey struct{}

// WithRequests has begin called before each request that a Client sends under ctx, so that who made one call of a Client
// knows how many requests it comes to. begin may be called from several goroutines at once.
func WithRequests(ctx context.Context, begin func()) context.Context {
	return context.WithValue(ctx, requestsKey{}, begin)
}

// RequestBegins is for Clients: they call it with the context of the call before each request that they send, those of
// logins and of tries after a failure included.
func RequestBegins(ctx context.Context) {
	if begin, ok := ctx.Value(requestsKey{}).(func()); ok {
		begin()
	}
}
