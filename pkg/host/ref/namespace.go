package ref

import (
	"fmt"

	pathsegment "k8s.io/apimachinery/pkg/api/validate/content"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Dependencies lists the objects that Material reads for a store, each once: when one of them changes, the store is to be
// looked at again. References that Material refuses are left out.
func Dependencies(storeNamespace string, refs []provider.Reference) []host.Object {
	var objects []host.Object
	seen := map[host.Object]bool{}
	for _, reference := range refs {
		object, err := objectOf(storeNamespace, reference)
		if err == nil && !seen[object] {
			seen[object] = true
			objects = append(objects, object)
		}
	}
	return objects
}

// objectOf is the object that a store's reference leads to. The rule of namespaces is here and nowhere else: a SecretStore
// reaches its own namespace, a ClusterSecretStore exactly the one that the reference names.
func objectOf(storeNamespace string, reference provider.Reference) (host.Object, error) {
	object := host.Object{Kind: host.KindSecret, Namespace: reference.Namespace, Name: reference.Name}
	switch {
	case reference.ServiceAccount:
		object.Kind = host.KindServiceAccount
	case reference.ConfigMap:
		object.Kind = host.KindConfigMap
	}
	switch {
	case storeNamespace == "" && reference.Namespace == "":
		return host.Object{}, invalid(reference, "a ClusterSecretStore must name the namespace of the %s", object.Kind)
	case storeNamespace != "" && reference.Namespace == "":
		object.Namespace = storeNamespace
	case storeNamespace != "" && reference.Namespace != storeNamespace:
		return host.Object{}, invalid(reference, "a SecretStore reads its own namespace %s alone, not %s", storeNamespace, reference.Namespace)
	}
	switch {
	case reference.ServiceAccount && len(reference.Audiences) == 0:
		return host.Object{}, invalid(reference, "names no audience of the tokens")
	case !reference.ServiceAccount && reference.Key == "":
		return host.Object{}, invalid(reference, "names no key of the %s", object.Kind)
	}
	return object, checkNames(object, reference)
}

// checkNames keeps what is no name out of the path of a request.
func checkNames(object host.Object, reference provider.Reference) error {
	if object.Name == "" {
		return invalid(reference, "names no %s", object.Kind)
	}
	for _, name := range []string{object.Namespace, object.Name} {
		if !isName(name) {
			return invalid(reference, "%q is not a name", name)
		}
	}
	return nil
}

// isName tells a name, which is one segment of a path, from a way elsewhere.
func isName(name string) bool {
	return name != "" && len(pathsegment.IsPathSegmentName(name)) == 0
}

func invalid(reference provider.Reference, format string, args ...any) error {
	return provider.Errorf(provider.Invalid, "spec.%s: %s", reference.Field, fmt.Sprintf(format, args...))
}
