package host

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// Owners are the UIDs of the ExternalSecrets that Secrets and ConfigMaps name as their owners, each with the first of those
// that do. known is false until all Secrets and ConfigMaps have been seen once.
func (h *Host) Owners() (owners map[types.UID]Object, known bool) {
	owners = map[types.UID]Object{}
	for kind, informer := range map[Kind]cache.SharedIndexInformer{KindSecret: h.secrets, KindConfigMap: h.configMaps} {
		if !informer.HasSynced() {
			return nil, false
		}
		for _, object := range informer.GetStore().List() {
			p := object.(*metav1.PartialObjectMetadata)
			for i := range p.OwnerReferences {
				if owner := &p.OwnerReferences[i]; secret.IsExternalSecret(owner) {
					noteOwner(owners, owner.UID, Object{kind, p.Namespace, p.Name})
				}
			}
		}
	}
	return owners, true
}

func noteOwner(owners map[types.UID]Object, uid types.UID, owned Object) {
	if before, ok := owners[uid]; !ok || owned.String() < before.String() {
		owners[uid] = owned
	}
}
