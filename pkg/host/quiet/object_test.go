package quiet

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var appConfigs = Resource{schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "appconfigs"}, "AppConfig"}

func appConfig() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "AppConfig",
		"metadata": map[string]any{"namespace": "team", "name": "db", "uid": "u", "resourceVersion": "7"},
		"spec":     map[string]any{"password": canary},
	}}
}

// Of a field that the host finds invalid the root alone is told: what is below may have been rendered.
func TestInvalidFieldsOfObjects(t *testing.T) {
	invalid := status(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid)
	invalid.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeTypeInvalid, Field: "spec.database." + canary, Message: canary}}
	c, err := New(serve(t, answerJSON(http.StatusUnprocessableEntity, invalid)))
	require.NoError(t, err)
	_, err = c.CreateObject(t.Context(), appConfigs, appConfig(), "manager")
	require.EqualError(t, err, "creating AppConfig team/db: the host cluster finds it invalid: spec (FieldValueTypeInvalid)")
}
