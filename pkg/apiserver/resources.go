package apiserver

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/externalsecret"
)

// resourceFinder asks the host where it serves a kind.
type resourceFinder struct{ client *quiet.Client }

var _ externalsecret.Resources = resourceFinder{}

// Find implements externalsecret.Resources.
func (f resourceFinder) Find(ctx context.Context, kind schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	found, err := object.Find(ctx, f.client, kind)
	return found.GroupVersionResource, err
}
