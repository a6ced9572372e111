package template

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tree"
)

// part is one template of a spec.
type part struct {
	path *field.Path
	// text of the template where the spec has it; else source says where it is.
	text   string
	source *SourceKey

	target target
	// to is the path of a targetField.
	to tree.Path
	// key that the result is the value of; empty where the result is a YAML map of keys and values.
	key string
	// decoding of the rendered values.
	decoding *v1.DecodingStrategy
}

// templatePath is where every template of a spec is below.
func templatePath() *field.Path { return field.NewPath("spec", "target", "template") }

// partsOf lists the templates of a spec in the order in which they are rendered: what comes later wins. Errors are those of
// templateFrom, whose targets and scopes are free text.
func partsOf(t *v1.ExternalSecretTemplate, kind targetKind, path *field.Path) ([]part, field.ErrorList) {
	var parts []part
	var errs field.ErrorList
	for i, from := range t.TemplateFrom {
		more, err := templateFromParts(from, kind, path.Child("templateFrom").Index(i))
		parts = append(parts, more...)
		errs = append(errs, err...)
	}
	parts = append(parts, mapParts(t.Data, path.Child("data"), targetData)...)
	if m := t.Metadata; m != nil {
		parts = append(parts, mapParts(m.Labels, path.Child("metadata", "labels"), targetLabels)...)
		parts = append(parts, mapParts(m.Annotations, path.Child("metadata", "annotations"), targetAnnotations)...)
	}
	return parts, errs
}

func mapParts(m map[string]string, path *field.Path, to target) []part {
	var parts []part
	for _, key := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, part{path: path.Key(key), text: m[key], target: to, key: key})
	}
	return parts
}

func templateFromParts(from v1.TemplateFrom, kind targetKind, path *field.Path) ([]part, field.ErrorList) {
	to, at, refused := targetOf(from.Target, kind)
	if refused != nil {
		return nil, field.ErrorList{refused(path.Child("target"))}
	}
	var parts []part
	var errs field.ErrorList
	for _, ref := range references(from) {
		for i, item := range ref.Items {
			itemPath := path.Child(ref.field, "items").Index(i)
			p := part{
				path: itemPath, source: &SourceKey{Kind: ref.kind, Name: ref.Name, Key: item.Key},
				target: to, to: at, decoding: from.ValuesDecodingStrategy,
			}
			switch {
			case item.TemplateAs == nil, *item.TemplateAs == "", *item.TemplateAs == v1.TemplateScopeValues:
				p.key = item.Key
			case *item.TemplateAs != v1.TemplateScopeKeysAndValues:
				errs = append(errs, field.NotSupported(itemPath.Child("templateAs"), *item.TemplateAs,
					[]v1.TemplateScope{v1.TemplateScopeValues, v1.TemplateScopeKeysAndValues}))
			}
			parts = append(parts, p)
		}
	}
	if from.Literal != nil {
		parts = append(parts, part{
			path: path.Child("literal"), text: *from.Literal, target: to, to: at, decoding: from.ValuesDecodingStrategy,
		})
	}
	return parts, errs
}
