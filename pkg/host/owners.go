package host

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// Owners are the UIDs of the ExternalSecrets that Secrets and ConfigMaps name as their owners, each with the first of those
// that do. known is false until all Secrets and ConfigMaps have been seen once, but for those out of scope: of a namespace in
// scope that the server may not look into, nothing is known, unless there is no such namespace.
func (h *Host) Owners() (owners map[types.UID]Object, known bool) {
	owners = map[types.UID]Object{}
	for _, kind := range []Kind{KindSecret, KindConfigMap} {
		v := h.views[kind]
		for _, p := range v.parts {
			if !p.HasSynced() && !h.isAbsent(p.where.Namespace) {
				return nil, false
			}
		}
		v.each(func(p *metav1.PartialObjectMetadata) {
			for i := range p.OwnerReferences {
				if owner := &p.OwnerReferences[i]; secret.IsExternalSecret(owner) {
					noteOwner(owners, owner.UID, Object{kind, p.Namespace, p.Name})
				}
			}
		})
	}
	return owners, true
}

// isAbsent tells whether there is no namespace of the name.
func (h *Host) isAbsent(namespace string) bool {
	if namespace == metav1.NamespaceAll || !h.namespaces.HasSynced() {
		return false
	}
	_, found := h.NamespaceLabels(namespace)
	return !found
}

func noteOwner(owners map[types.UID]Object, uid types.UID, owned Object) {
	if before, ok := owners[uid]; !ok || owned.String() < before.String() {
		owners[uid] = owned
	}
}
