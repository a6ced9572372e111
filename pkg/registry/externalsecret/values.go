package externalsecret

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
)

// ValueReaders tells who may see values: whoever may get both the secret subresource and the core Secret that the
// ExternalSecret is written to. A live read never shows more than reading the Secret would.
type ValueReaders struct {
	Authorizer authorizer.Authorizer
}

// Allowed tells whether the request's user may see the values of es. Where the host cannot be asked, nobody may.
func (v *ValueReaders) Allowed(ctx context.Context, es *v1.ExternalSecret) bool {
	return v.may(ctx, subresource(es)) == nil && v.may(ctx, target(es)) == nil
}

// CheckTarget is a Forbidden error that says what is missing, for a user who may not get the core Secret of es.
func (v *ValueReaders) CheckTarget(ctx context.Context, es *v1.ExternalSecret) error {
	return v.may(ctx, target(es))
}

func subresource(es *v1.ExternalSecret) authorizer.AttributesRecord {
	return authorizer.AttributesRecord{
		Verb: "get", Namespace: es.Namespace, APIGroup: v1.GroupName, APIVersion: v1.SchemeGroupVersion.Version,
		Resource: "externalsecrets", Subresource: "secret", Name: es.Name, ResourceRequest: true,
	}
}

func target(es *v1.ExternalSecret) authorizer.AttributesRecord {
	return authorizer.AttributesRecord{
		Verb: "get", Namespace: es.Namespace, APIVersion: corev1.SchemeGroupVersion.Version,
		Resource: "secrets", Name: outcome.TargetName(es), ResourceRequest: true,
	}
}

func (v *ValueReaders) may(ctx context.Context, asked authorizer.AttributesRecord) error {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		u = &user.DefaultInfo{Name: user.Anonymous}
	}
	asked.User = u
	decision, _, err := v.Authorizer.Authorize(ctx, asked)
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("ask the host whether user %q may get %s %q: %w", u.GetName(), asked.Resource, asked.Name, err))
	}
	if decision != authorizer.DecisionAllow {
		return apierrors.NewForbidden(corev1.Resource(asked.Resource), asked.Name, fmt.Errorf(
			"user %q cannot get resource %q in API group %q in the namespace %q, which reading its values live needs too",
			u.GetName(), asked.Resource, asked.APIGroup, asked.Namespace))
	}
	return nil
}
