package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// clientStep is what one request of test/esoclient came to.
type clientStep struct {
	Step, Kind, Name       string
	Sent, Received, Object map[string]any
}

// runESOClient builds test/esoclient and has it take manifests through all that a Go client does.
func runESOClient(t *testing.T, namespace, manifests string) []clientStep {
	t.Helper()
	binary, err := controlplane.Build(t.Context(), "test/esoclient", "esoclient")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), binary, "--kubeconfig="+env.ControlPlane.AdminKubeconfig(), "--namespace="+namespace)
	cmd.Stdin = strings.NewReader(manifests)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var steps []clientStep
	for decoder := json.NewDecoder(bytes.NewReader(stdout)); decoder.More(); {
		var step clientStep
		require.NoError(t, decoder.Decode(&step))
		steps = append(steps, step)
	}
	return steps
}

// TestClientsOfESO: what a Go program sends that was written against ESO's types is stored as it was sent, odd as some of it
// is (its types encode structs that nobody set), and what it reads, it can decode and write back.
func TestClientsOfESO(t *testing.T) {
	t.Parallel()
	manifests, err := os.ReadFile("testdata/esoclient.yaml")
	require.NoError(t, err)
	namespace := env.Namespace(t)
	text := strings.ReplaceAll(string(manifests), "NAMESPACE", namespace)
	steps := runESOClient(t, namespace, text)
	require.Len(t, steps, 7*strings.Count(text, "\nkind: "))
	t.Cleanup(func() {
		client := env.Clientset(t).ExternalSecretsV1().ClusterSecretStores()
		require.NoError(t, client.Delete(context.WithoutCancel(t.Context()), "of-"+namespace, metav1.DeleteOptions{}))
	})

	created := map[string]any{}
	for _, step := range steps {
		at := step.Step + " " + step.Kind + " " + step.Name
		switch step.Step {
		case "create":
			created[step.Kind+step.Name] = step.Sent["spec"]
			require.Equal(t, step.Sent["spec"], step.Received["spec"], at)
			require.Equal(t, step.Sent["spec"], storedSpec(t, step, namespace), at)
		case "update", "patch":
			require.Equal(t, created[step.Kind+step.Name], step.Received["spec"], "%s: nothing is lost", at)
			require.Equal(t, created[step.Kind+step.Name], storedSpec(t, step, namespace), at)
		case "get":
			require.Equal(t, created[step.Kind+step.Name], step.Object["spec"], "%s: the types find all of it", at)
		case "status":
			// A live read has status.live besides.
			sent, read := step.Sent["status"].(map[string]any), step.Received["status"].(map[string]any)
			delete(read, "live")
			require.Equal(t, sent, read, at)
			require.Equal(t, sent, step.Object["status"], at)
		case "list":
			requireSame(t, step.Received["items"].([]any), step.Object["items"].([]any), at)
		case "watch":
			require.NotEmpty(t, step.Object["metadata"].(map[string]any)["uid"], at)
			require.NotEmpty(t, step.Object["spec"], at)
		}
	}
}

// requireSame compares the specs of two lists.
func requireSame(t *testing.T, want, got []any, at string) {
	t.Helper()
	require.NotEmpty(t, want, at)
	require.Len(t, got, len(want), at)
	for i := range want {
		require.Equal(t, want[i].(map[string]any)["spec"], got[i].(map[string]any)["spec"], at)
	}
}

// storedSpec is a spec as it is stored, read through no type.
func storedSpec(t *testing.T, step clientStep, namespace string) any {
	t.Helper()
	if step.Kind == v1.ClusterSecretStoreKind {
		namespace = ""
	}
	resource := schema.GroupVersionResource{Group: v1.GroupName, Version: "v1", Resource: strings.ToLower(step.Kind) + "s"}
	object, err := env.Dynamic(t).Resource(resource).Namespace(namespace).
		Get(t.Context(), step.Name, metav1.GetOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	return normal(t, object.Object["spec"])
}
