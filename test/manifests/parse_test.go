package manifests

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

const artifacts = "../../artifacts"

// manifests are objects in their Go types.
type manifests []runtime.Object

// apiService is what is read of an APIService, whose Go type is in a module that
// this one does not need.
type apiService struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Group                string `json:"group"`
		Version              string `json:"version"`
		GroupPriorityMinimum int32  `json:"groupPriorityMinimum"`
		VersionPriority      int32  `json:"versionPriority"`
		CABundle             string `json:"caBundle"`
		Service              struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
			Port      int32  `json:"port"`
		} `json:"service"`
	} `json:"spec"`
}

// DeepCopyObject implements runtime.Object.
func (a *apiService) DeepCopyObject() runtime.Object {
	out := *a
	a.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

var aggregated = schema.GroupVersion{Group: "apiregistration.k8s.io", Version: "v1"}

// parse decodes YAML documents and fails on fields that a type does not have.
func parse(t *testing.T, text string) manifests {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, clientgoscheme.AddToScheme(scheme))
	require.NoError(t, v1.AddToScheme(scheme))
	scheme.AddKnownTypeWithName(aggregated.WithKind("APIService"), &apiService{})
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()

	var found manifests
	for document := range strings.SplitSeq(text, "\n---\n") {
		object, _, err := decoder.Decode([]byte(document), nil, nil)
		require.NoError(t, err, document)
		scheme.Default(object)
		found = append(found, object)
	}
	return found
}

func all[T runtime.Object](m manifests) []T {
	var found []T
	for _, object := range m {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

func one[T runtime.Object](t *testing.T, m manifests) T {
	t.Helper()
	found := all[T](m)
	require.Len(t, found, 1)
	return found[0]
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	require.NoError(t, err, "%s %s", program, strings.Join(args, " "))
	return string(out)
}
