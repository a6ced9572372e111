package template

import (
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// SourceKind is the kind of an object that holds templates.
type SourceKind string

// The kinds of objects that hold templates.
const (
	ConfigMap SourceKind = "ConfigMap"
	Secret    SourceKind = "Secret"
)

// SourceKey is one key of a ConfigMap or Secret in the namespace of the ExternalSecret.
type SourceKey struct {
	Kind      SourceKind
	Name, Key string
}

// Sources is what templateFrom refers to. A key that is not there has no entry.
type Sources map[SourceKey]value.Value

// SourceKeys lists what spec.target.template.templateFrom refers to, in its order, each once.
func SourceKeys(es *v1.ExternalSecret) []SourceKey {
	if es.Spec.Target == nil || es.Spec.Target.Template == nil {
		return nil
	}
	var keys []SourceKey
	seen := map[SourceKey]bool{}
	for _, from := range es.Spec.Target.Template.TemplateFrom {
		for _, ref := range references(from) {
			for _, item := range ref.Items {
				key := SourceKey{Kind: ref.kind, Name: ref.Name, Key: item.Key}
				if !seen[key] {
					seen[key] = true
					keys = append(keys, key)
				}
			}
		}
	}
	return keys
}

// reference is a configMap or secret of a templateFrom.
type reference struct {
	*v1.TemplateRef
	kind SourceKind
	// field of the templateFrom.
	field string
}

func references(from v1.TemplateFrom) []reference {
	var refs []reference
	if from.ConfigMap != nil {
		refs = append(refs, reference{from.ConfigMap, ConfigMap, "configMap"})
	}
	if from.Secret != nil {
		refs = append(refs, reference{from.Secret, Secret, "secret"})
	}
	return refs
}
