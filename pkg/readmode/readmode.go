// Package readmode decides whether a request is answered live. Kubernetes' own consistency rule carries it: a read without
// a resourceVersion asks for the most recent state, and most recent means at the provider.
package readmode

import (
	"context"
	"strings"

	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// Asked is what a request's headers say beyond its options.
type Asked struct {
	// Metadata tells that only PartialObjectMetadata was asked for: garbage collection, metadata informers.
	Metadata bool
	// Command is kubectl's subcommand, empty where another client asks.
	Command string
}

type contextKey struct{}

// WithAsked attaches what the headers said.
func WithAsked(ctx context.Context, asked Asked) context.Context {
	return context.WithValue(ctx, contextKey{}, asked)
}

// AskedFrom is what WithAsked attached, and the zero Asked where nothing was.
func AskedFrom(ctx context.Context) Asked {
	asked, _ := ctx.Value(contextKey{}).(Asked)
	return asked
}

// Live tells whether a GET or LIST with this resourceVersion is answered from the provider. Stored objects are for whoever
// names a resourceVersion (informers), asks for metadata alone, is this server itself, or is kubectl on its way to
// something else than showing: apply, diff, edit and wait compare and change what is stored.
func Live(ctx context.Context, resourceVersion string) bool {
	if resourceVersion != "" {
		return false
	}
	asked := AskedFrom(ctx)
	if asked.Metadata || Own(ctx) {
		return false
	}
	return asked.Command == "" || asked.Command == "get" || asked.Command == "describe"
}

// Own tells whether this process asks itself, over its loopback connection.
func Own(ctx context.Context) bool {
	u, ok := genericapirequest.UserFrom(ctx)
	return ok && u.GetName() == user.APIServerUser
}

// User is the name of who asks, service accounts included; empty for this server itself.
func User(ctx context.Context) string {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok || u.GetName() == user.APIServerUser {
		return ""
	}
	return u.GetName()
}

// Command is the subcommand in kubectl's header Kubectl-Command, such as "kubectl apply".
func Command(header string) string {
	words := strings.Fields(header)
	if len(words) < 2 {
		return ""
	}
	return words[1]
}
