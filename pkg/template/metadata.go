package template

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// CopiedMetadata is the labels and annotations of es that the target gets where the spec has no template; nothing where it
// has one. ESO copies all; left out here is what other tools keep about the very object that it stands on. On a second
// object it makes them take that for one of theirs: Argo CD prunes what bears its tracking id, and kubectl compares with
// the last applied configuration.
func CopiedMetadata(es *v1.ExternalSecret) (labels, annotations map[string]string) {
	if es.Spec.Target != nil && es.Spec.Target.Template != nil {
		return nil, nil
	}
	return copied(es.Labels), copied(es.Annotations)
}

// marksPrefix begins the names of the marks on written Secrets.
const marksPrefix = "reconcile.external-secrets.io/"

// ownersPrefixes begin the names of what belongs to one object alone.
var ownersPrefixes = []string{
	"kubectl.kubernetes.io/",
	"argocd.argoproj.io/",
	"kustomize.toolkit.fluxcd.io/",
	"helm.toolkit.fluxcd.io/",
	"meta.helm.sh/",
	// Marks on written Secrets, and the request for a refresh: they would make every refresh a change of the Secret.
	marksPrefix,
	"external-secrets.io/force-sync",
	"force-sync",
}

func copied(in map[string]string) map[string]string {
	out := map[string]string{}
	for key, v := range in {
		if !belongsToOne(key) {
			out[key] = v
		}
	}
	return out
}

// uncopied is the keys that copied leaves out, in order, but for those of marks: the target has marks of its own.
func uncopied(all ...map[string]string) []string {
	var keys []string
	for _, in := range all {
		for key := range in {
			if belongsToOne(key) && !strings.HasPrefix(key, marksPrefix) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func belongsToOne(key string) bool {
	for _, prefix := range ownersPrefixes {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// maxAnnotations is how many bytes the annotations of an object may have, keys and values.
const maxAnnotations = 256 << 10

// checkMetadata tells what is wrong with labels and annotations by the rules of the host.
func checkMetadata(labels, annotations map[string]string) Class {
	for key, v := range labels {
		if len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(v)) > 0 {
			return InvalidMetadata
		}
	}
	size := 0
	for key, v := range annotations {
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			return InvalidMetadata
		}
		size += len(key) + len(v)
	}
	if size > maxAnnotations {
		return InvalidMetadata
	}
	return ""
}

// validKey tells whether a Secret may have the key.
func validKey(key string) bool { return len(validation.IsConfigMapKey(key)) == 0 }
