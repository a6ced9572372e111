package ref

import (
	"context"
	"encoding/json"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// maxTokenRequests is how many tokens are requested of the host at a time.
const maxTokenRequests = 4

// account is whose tokens a store may have, as the rule of namespaces has found it, and for whom.
type account struct {
	Namespace, Name string
	UID             types.UID
	Audiences       []string
}

// material is what stands for the account: equal for equal ones.
func (a account) material() value.Value {
	b, _ := json.Marshal(a) // Texts always encode.
	return value.New(b)
}

var _ provider.Tokens = (*Reader)(nil)

// Token implements provider.Tokens. A store chooses both audiences and address: a token that the host itself accepts would
// let whoever is there act as the service account in the cluster. What the host accepts, it alone knows, so it is asked.
func (r *Reader) Token(ctx context.Context, material value.Value) (value.Value, error) {
	var a account
	if err := json.Unmarshal(material.Bytes(), &a); err != nil || a.Name == "" {
		return value.Value{}, provider.Errorf(provider.Invalid, "this stands for no service account")
	}
	object := host.Object{Kind: host.KindServiceAccount, Namespace: a.Namespace, Name: a.Name}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	select {
	case r.requests <- struct{}{}:
		defer func() { <-r.requests }()
	case <-ctx.Done():
		return value.Value{}, gaveUp(ctx, object)
	}
	token, err := r.requestToken(ctx, a)
	if err != nil && ctx.Err() != nil {
		err = gaveUp(ctx, object)
	}
	if r.metrics != nil {
		var reason provider.Reason
		if err != nil {
			reason = provider.ReasonOf(err)
		}
		r.metrics.TokenRequested(reason)
	}
	return token, err
}

func (r *Reader) requestToken(ctx context.Context, a account) (value.Value, error) {
	token, err := r.objects.RequestToken(ctx, a.Namespace, a.Name, a.UID, a.Audiences)
	if err != nil {
		return value.Value{}, tokenError(err)
	}
	if token.Len() == 0 {
		return value.Value{}, provider.Errorf(provider.Unavailable, "the host cluster answered without a token")
	}
	accepted, err := r.objects.Accepts(ctx, a.Namespace, a.Name, token)
	if err != nil {
		return value.Value{}, tokenError(err)
	}
	if accepted {
		return value.Value{}, provider.Errorf(provider.Invalid, "the cluster itself accepts tokens of ServiceAccount %s/%s for %q: "+
			"none is sent; audiences must not be the cluster's own", a.Namespace, a.Name, a.Audiences)
	}
	return token, nil
}

// tokenError tells what stays as it is until somebody mends it from what may pass.
func tokenError(err error) error {
	reason := provider.Unavailable
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		reason = provider.Invalid
	}
	return provider.Errorf(reason, "%s", err)
}
