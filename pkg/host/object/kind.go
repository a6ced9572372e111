package object

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// Resource is where the host serves the objects of a kind.
type Resource = quiet.Resource

// verbs are what keeping objects of a kind takes.
var verbs = []string{"create", "delete", "get", "list", "update", "watch"}

// Find asks the host where it serves a kind. One that it does not serve, that is not of namespaces, or that cannot be kept is
// a *secret.Refusal; any other error is the host's.
func Find(ctx context.Context, client *quiet.Client, kind schema.GroupVersionKind) (Resource, error) {
	if kind.Group == v1.GroupName {
		return Resource{}, unfit("objects of %s are not written for ExternalSecrets", v1.GroupName)
	}
	list, err := client.Resources(ctx, kind.GroupVersion())
	if err != nil && !apierrors.IsNotFound(err) {
		return Resource{}, err
	}
	var served []metav1.APIResource
	if list != nil {
		served = list.APIResources
	}
	name := kindName(kind)
	i := slices.IndexFunc(served, func(r metav1.APIResource) bool {
		return r.Kind == kind.Kind && !strings.Contains(r.Name, "/") && (r.Group == "" || r.Group == kind.Group)
	})
	if i < 0 {
		return Resource{}, unfit("the host cluster does not serve %s", name)
	}
	found := served[i]
	if !found.Namespaced {
		return Resource{}, unfit("%s is not of a namespace, and an ExternalSecret writes to its own namespace alone", name)
	}
	for _, verb := range verbs {
		if !slices.Contains(found.Verbs, verb) {
			return Resource{}, unfit("the host cluster does not let anybody %s objects of %s", verb, name)
		}
	}
	return Resource{GroupVersionResource: kind.GroupVersion().WithResource(found.Name), Kind: kind.Kind}, nil
}

// kindName is "AppConfig of config.example.com/v1".
func kindName(kind schema.GroupVersionKind) string {
	return kind.Kind + " of " + kind.GroupVersion().String()
}

func unfit(format string, args ...any) error {
	return &secret.Refusal{Cause: secret.UnfitKind, Message: fmt.Sprintf(format, args...)}
}
