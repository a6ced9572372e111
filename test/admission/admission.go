// Package admission takes objects through what the body of a create goes through, but for etcd: strict decoding, defaults,
// and the strategy of the kind. Fuzz targets of the registries stand on it.
package admission

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/yaml"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// Kind is a kind whose objects are let in or not.
type Kind struct {
	Name     string
	Strategy rest.RESTCreateStrategy
	// Serializer is the API group's.
	Serializer runtime.NegotiatedSerializer
}

const (
	// longestAnswer is more than an error about a spec takes, in bytes.
	longestAnswer = 64 << 10
	namespace     = "team"
)

// Seed adds specs, and those of artifacts/examples that are of the kind.
func (k Kind) Seed(f *testing.F, specs ...string) {
	f.Helper()
	for _, spec := range append(specs, k.examples(f)...) {
		text, err := yaml.YAMLToJSON([]byte(spec))
		require.NoError(f, err, spec)
		f.Add(text)
	}
}

func (k Kind) examples(f *testing.F) []string {
	f.Helper()
	root, err := controlplane.RepositoryRoot()
	require.NoError(f, err)
	files, err := filepath.Glob(filepath.Join(root, "artifacts", "examples", "*.yaml"))
	require.NoError(f, err)
	var specs []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			var object struct {
				Kind string          `json:"kind"`
				Spec json.RawMessage `json:"spec"`
			}
			require.NoError(f, yaml.Unmarshal([]byte(document), &object))
			if object.Kind == k.Name {
				specs = append(specs, string(object.Spec))
			}
		}
	}
	require.NotEmpty(f, specs, "examples of %s", k.Name)
	return specs
}

// Check has a spec let in or refused. A refusal names fields and is short; what is let in is stored and read to the byte.
func (k Kind) Check(t *testing.T, spec []byte) {
	t.Helper()
	if !json.Valid(spec) {
		return
	}
	body := bytes.Join([][]byte{[]byte(`{"apiVersion":"` + v1.SchemeGroupVersion.String() + `","kind":"` + k.Name + `","metadata":{"name":"a"},"spec":`), spec, []byte("}")}, nil)
	object, err := runtime.Decode(k.decoder(), body)
	if err != nil {
		return
	}
	accessor, err := meta.Accessor(object)
	require.NoError(t, err)
	rest.FillObjectMetaSystemFields(accessor)
	ctx := genericapirequest.NewContext()
	if k.Strategy.NamespaceScoped() {
		ctx = genericapirequest.WithNamespace(ctx, namespace)
		accessor.SetNamespace(namespace)
	} else {
		ctx = genericapirequest.WithNamespace(ctx, "")
	}
	if err := rest.BeforeCreate(k.Strategy, ctx, object); err != nil {
		requireNamesFields(t, err)
		return
	}
	requireRoundTrip(t, object)
}

// decoder is that of a request with fieldValidation=Strict.
func (k Kind) decoder() runtime.Decoder {
	for _, info := range k.Serializer.SupportedMediaTypes() {
		if info.MediaType == runtime.ContentTypeJSON {
			return k.Serializer.DecoderToVersion(info.StrictSerializer, schema.GroupVersion{Group: v1.GroupName, Version: runtime.APIVersionInternal})
		}
	}
	panic("the API group speaks no JSON")
}

func requireNamesFields(t *testing.T, err error) {
	t.Helper()
	var known *apierrors.StatusError
	require.True(t, errors.As(err, &known), "%v", err)
	require.Equal(t, int32(422), known.ErrStatus.Code, err)
	require.NotEmpty(t, known.ErrStatus.Details.Causes)
	for _, cause := range known.ErrStatus.Details.Causes {
		require.True(t, strings.HasPrefix(cause.Field, "spec"), "%q", cause.Field)
		require.NotEmpty(t, cause.Message)
	}
	require.Less(t, len(err.Error()), longestAnswer)
}

func requireRoundTrip(t *testing.T, object runtime.Object) {
	t.Helper()
	codec := serializer.NewCodecFactory(install.Scheme()).LegacyCodec(v1.SchemeGroupVersion)
	stored, err := runtime.Encode(codec, object)
	require.NoError(t, err)
	read, err := runtime.Decode(codec, stored)
	require.NoError(t, err)
	again, err := runtime.Encode(codec, read)
	require.NoError(t, err)
	require.Equal(t, string(stored), string(again))
}
