// Package author asks the host what the user of a request may do there, beside what the request itself was authorized for.
// This server reads and writes the host with rights of its own; where an object makes it do so, its author must not gain by
// that what the author may not do.
package author

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// Action is something that a user may do or not. It is comparable.
type Action struct {
	Verb     string
	Resource schema.GroupVersionResource
	// Subresource is empty for the resource itself.
	Subresource     string
	Namespace, Name string
	// For is what needs the right, as it ends a refusal: "which reading its values live needs too".
	For string
}

// Rights asks the host. It is safe for concurrent use.
type Rights struct {
	Authorizer authorizer.Authorizer
}

// Check is nil where the user of the request may do the action, a Forbidden that says what is missing where not, and
// another error where the host cannot be asked: then nobody may.
func (r *Rights) Check(ctx context.Context, action Action) error {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		u = &user.DefaultInfo{Name: user.Anonymous}
	}
	decision, _, err := r.Authorizer.Authorize(ctx, authorizer.AttributesRecord{
		User: u, Verb: action.Verb, Namespace: action.Namespace, Name: action.Name,
		APIGroup: action.Resource.Group, APIVersion: action.Resource.Version,
		Resource: action.Resource.Resource, Subresource: action.Subresource, ResourceRequest: true,
	})
	resource := action.Resource.Resource
	if action.Subresource != "" {
		resource += "/" + action.Subresource
	}
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("ask the host whether user %q may %s %s %q: %w",
			u.GetName(), action.Verb, resource, action.Name, err))
	}
	if decision != authorizer.DecisionAllow {
		return apierrors.NewForbidden(action.Resource.GroupResource(), action.Name, fmt.Errorf(
			"user %q cannot %s resource %q in API group %q in the namespace %q, %s",
			u.GetName(), action.Verb, resource, action.Resource.Group, action.Namespace, action.For))
	}
	return nil
}
