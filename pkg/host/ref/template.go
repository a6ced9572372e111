package ref

import (
	"context"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// TemplateSources reads what an ExternalSecret's templateFrom refers to, in its own namespace: a templateFrom names none.
func (r *Reader) TemplateSources(ctx context.Context, es *v1.ExternalSecret) (template.Sources, error) {
	keys := template.SourceKeys(es)
	sources := make(template.Sources, len(keys))
	for _, key := range keys {
		object := sourceObject(es, key)
		if !isName(object.Namespace) || !isName(object.Name) {
			return nil, provider.Errorf(provider.Invalid, "spec.target.template.templateFrom: %q is not the name of a %s", key.Name, key.Kind)
		}
		content, err := r.key(ctx, object, key.Key)
		if err != nil {
			return nil, err
		}
		sources[key] = content
	}
	return sources, nil
}

// TemplateDependencies lists the objects that TemplateSources reads for an ExternalSecret, each once.
func TemplateDependencies(es *v1.ExternalSecret) []host.Object {
	var objects []host.Object
	seen := map[host.Object]bool{}
	for _, key := range template.SourceKeys(es) {
		if object := sourceObject(es, key); !seen[object] {
			seen[object] = true
			objects = append(objects, object)
		}
	}
	return objects
}

func sourceObject(es *v1.ExternalSecret, key template.SourceKey) host.Object {
	kind := host.KindSecret
	if key.Kind == template.ConfigMap {
		kind = host.KindConfigMap
	}
	return host.Object{Kind: kind, Namespace: es.Namespace, Name: key.Name}
}
