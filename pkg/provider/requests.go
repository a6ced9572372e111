package provider

import "context"

type requestsKey struct{}

// RequestBegin is called before a request. route is its method and its path, with names in braces for what differs from
// one request to the next ("GET /v1/vaults/{vault}"). end, which may be nil, is called once the answer has been read, with
// its HTTP status; 0 where there was none.
type RequestBegin func(route string) (end func(status int))

// WithRequests has begin called before each request that a Client sends under ctx, so that who made one call of a Client
// knows how many requests it comes to. begin may be called from several goroutines at once.
func WithRequests(ctx context.Context, begin RequestBegin) context.Context {
	return context.WithValue(ctx, requestsKey{}, begin)
}

// RequestBegins is for Clients: they call it with the context of the call before each request that they send, those of
// logins and of tries after a failure included, and then end, which is never nil.
func RequestBegins(ctx context.Context, route string) (end func(status int)) {
	if begin, ok := ctx.Value(requestsKey{}).(RequestBegin); ok {
		if end := begin(route); end != nil {
			return end
		}
	}
	return func(int) {}
}
