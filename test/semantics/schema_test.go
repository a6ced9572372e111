package semantics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/openapi"
)

// schemaField is one field of a kind. Its path is that of a JSON document: spec.data[].secretKey.
type schemaField struct {
	path string
	// values are those of an enumeration, and what the field is defaulted to where that is one word.
	values []string
	// leaf has nothing below it.
	leaf bool
}

// fieldsOf lists the fields below spec and status of the kind that object is.
func fieldsOf(t *testing.T, object interface{ OpenAPIModelName() string }) []schemaField {
	t.Helper()
	w := walker{t: t, definitions: openapi.GetOpenAPIDefinitions(spec.MustCreateRef)}
	root := w.definition(object.OpenAPIModelName())
	for _, part := range []string{"spec", "status"} {
		property := root.Properties[part]
		w.walk(part, &property)
	}
	return w.fields
}

type walker struct {
	t           *testing.T
	definitions map[string]common.OpenAPIDefinition
	fields      []schemaField
}

func (w *walker) definition(name string) *spec.Schema {
	found, ok := w.definitions[name]
	require.True(w.t, ok, "there is no definition of %s", name)
	return &found.Schema
}

// resolve follows a reference; own is what the field itself says beside it.
func (w *walker) resolve(own *spec.Schema) *spec.Schema {
	switch {
	case own.Ref.String() != "":
		return w.definition(own.Ref.String())
	case len(own.AllOf) == 1:
		return w.definition(own.AllOf[0].Ref.String())
	}
	return own
}

func (w *walker) walk(path string, own *spec.Schema) {
	at := w.resolve(own)
	// What Kubernetes itself defines has no meaning of its own here.
	foreign := at != own && !strings.Contains(reference(own), "externalsecrets")
	if at.Items != nil && at.Items.Schema != nil {
		w.add(path, own, at, w.isLeaf(at.Items.Schema))
		w.children(path+"[]", w.resolve(at.Items.Schema))
		return
	}
	w.add(path, own, at, foreign || len(at.Properties) == 0)
	if !foreign {
		w.children(path, at)
	}
}

func reference(s *spec.Schema) string {
	if len(s.AllOf) == 1 {
		return s.AllOf[0].Ref.String()
	}
	return s.Ref.String()
}

func (w *walker) isLeaf(item *spec.Schema) bool { return len(w.resolve(item).Properties) == 0 }

func (w *walker) children(path string, at *spec.Schema) {
	for name, property := range at.Properties {
		w.walk(path+"."+name, &property)
	}
}

func (w *walker) add(path string, own, at *spec.Schema, leaf bool) {
	if !strings.Contains(path, ".") {
		return
	}
	f := schemaField{path: path, leaf: leaf}
	for _, value := range at.Enum {
		f.values = append(f.values, fmt.Sprint(value))
	}
	if word := fmt.Sprint(own.Default); own.Default != nil && word != "" && !strings.ContainsAny(word, "{[") {
		f.values = append(f.values, word)
	}
	w.fields = append(w.fields, f)
}

// kinds are the sections of the table, and the kinds that they describe.
func kinds(t *testing.T) map[string][]schemaField {
	t.Helper()
	stores := fieldsOf(t, v1.SecretStore{})
	require.ElementsMatch(t, stores, fieldsOf(t, v1.ClusterSecretStore{}), "one section describes both kinds of store")
	return map[string][]schemaField{
		"ExternalSecret":                     fieldsOf(t, v1.ExternalSecret{}),
		"SecretStore and ClusterSecretStore": stores,
	}
}
