// Package pushsecret answers for the kinds of External Secrets Operator that push secrets to a provider, which this server
// does not have: whoever applies one is told so, in place of "no matches for kind". Nothing is stored, and nothing can be
// listed, watched or deleted in bulk, so garbage collection and the deletion of namespaces pass the kinds over.
//
// Only where artifacts/deploy/pushsecrets registers their version do requests come here by way of kube-apiserver.
package pushsecret

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/endpoints/discovery"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// groupVersion is the kinds' in External Secrets Operator.
var groupVersion = schema.GroupVersion{Group: v1.GroupName, Version: "v1alpha1"}

// verbs are those that clients need before they show the answer to an apply.
var verbs = metav1.Verbs{"create", "get", "patch"}

func resources() []metav1.APIResource {
	resource := func(kind, short string, namespaced bool) metav1.APIResource {
		singular := strings.ToLower(kind)
		return metav1.APIResource{
			Name: singular + "s", SingularName: singular, Kind: kind, Namespaced: namespaced, Verbs: verbs,
			Group: groupVersion.Group, Version: groupVersion.Version, ShortNames: []string{short},
		}
	}
	return []metav1.APIResource{resource("PushSecret", "ps", true), resource("ClusterPushSecret", "cps", false)}
}

// Discovery is the version's part of an aggregated discovery document.
func Discovery() (apidiscoveryv2.APIVersionDiscovery, error) {
	converted, err := endpoints.ConvertGroupVersionIntoToDiscovery(resources())
	if err != nil {
		return apidiscoveryv2.APIVersionDiscovery{}, fmt.Errorf("describe the kinds of %s: %w", groupVersion, err)
	}
	return apidiscoveryv2.APIVersionDiscovery{
		Version: groupVersion.Version, Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Resources: converted,
	}, nil
}

// Handler answers requests for the version, and leaves all others to next. It stands behind authorization.
func Handler(scheme *runtime.Scheme, next http.Handler) http.Handler {
	codecs := serializer.NewCodecFactory(scheme)
	document := discovery.NewAPIVersionHandler(codecs, groupVersion, discovery.APIResourceListerFunc(resources))
	root := "/apis/" + groupVersion.String()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(r.Context())
		switch {
		case strings.TrimSuffix(r.URL.Path, "/") == root && r.Method == http.MethodGet:
			document.ServeHTTP(w, r)
		case ok && info.IsResourceRequest && info.APIGroup == groupVersion.Group && info.APIVersion == groupVersion.Version:
			responsewriters.ErrorNegotiated(refusal(info), codecs, groupVersion, w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refusal is the answer to a request. That an object is not there is true of each: an apply goes on to create it, and a
// delete has nothing to do.
func refusal(info *genericapirequest.RequestInfo) error {
	resource := schema.GroupResource{Group: info.APIGroup, Resource: info.Resource}
	isKnown := slices.ContainsFunc(resources(), func(r metav1.APIResource) bool { return r.Name == info.Resource })
	if !isKnown || info.Subresource != "" || info.Verb == "get" || info.Verb == "delete" {
		return apierrors.NewNotFound(resource, info.Name)
	}
	err := apierrors.NewMethodNotSupported(resource, info.Verb)
	err.ErrStatus.Message = fmt.Sprintf("external-secrets-apiserver reads secrets from providers and does not push them: "+
		"there are no %s here (%s is refused, and nothing was stored)", resource, info.Verb)
	return err
}
