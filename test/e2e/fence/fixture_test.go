package fence

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const (
	serverNamespace = "external-secrets"
	record          = "external-secrets-apiserver-store"
	// The garbage collector lists and watches as its process does, and asks for single owners as itself.
	controllers = "system:kube-controller-manager"
	collector   = "system:serviceaccount:kube-system:generic-garbage-collector"
)

// tenant is a namespace with an ExternalSecret and the Secret that it owns.
type tenant struct {
	*framework.Tenant
}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	return &tenant{env.Tenant(t)}
}

// collectorFollows waits until the garbage collector has seen what was stored so far. It takes the finalizer off an object whose
// dependants are to be orphaned as soon as its informer shows it that object, and never before.
func (f *tenant) collectorFollows(t *testing.T) {
	t.Helper()
	objects := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace)
	mark := &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Name: "mark"}, Spec: v1.ExternalSecretSpec{
		SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("vault")},
		Target:         &v1.ExternalSecretTarget{CreationPolicy: ptr.To(v1.CreationNone)},
		Data:           []v1.ExternalSecretData{{SecretKey: "password", RemoteRef: v1.RemoteRef{Key: "my-app", Property: ptr.To("db_pass")}}},
	}}
	_, err := objects.Create(t.Context(), mark, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, objects.Delete(t.Context(), "mark", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationOrphan)}))
	framework.Eventually(t, "the garbage collector has let go of the mark", func(ctx context.Context) error {
		_, err := objects.Get(ctx, "mark", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there (%v)", err)
	})
}

// collected waits until a Secret is gone.
func (f *tenant) collected(t *testing.T, written *corev1.Secret) {
	t.Helper()
	framework.Eventually(t, "Secret "+written.Name+" is collected", func(ctx context.Context) error {
		_, err := env.Host(t).CoreV1().Secrets(written.Namespace).Get(ctx, written.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there (%v)", err)
	})
}

// answer is what kube-apiserver passes on of a request for the tenant's ExternalSecrets, at the first attempt.
func (f *tenant) answer(ctx context.Context, t *testing.T) error {
	t.Helper()
	return env.Clientset(t).ExternalSecretsV1().RESTClient().Get().MaxRetries(0).
		Namespace(f.Namespace).Resource("externalsecrets").Do(ctx).Error()
}

// closedFor waits until the fence is closed for a reason, and returns the message of its answer.
func (f *tenant) closedFor(t *testing.T, reason string) (message string) {
	t.Helper()
	framework.Eventually(t, "the fence has decided", func(ctx context.Context) error {
		err := f.answer(ctx, t)
		if !apierrors.IsServiceUnavailable(err) {
			return fmt.Errorf("the answer is %v", err)
		}
		if message = err.Error(); !regexp.MustCompile(reason).MatchString(message) {
			return errors.New(message)
		}
		return nil
	})
	return message
}

var acceptance = regexp.MustCompile(`--accept-store=\S+`)

// accept restarts the server with the flag that a message names.
func accept(t *testing.T, message string) {
	t.Helper()
	flag := acceptance.FindString(message)
	require.NotEmpty(t, flag, message)
	env.Server.Restart(t, flag)
}

// auditedSoFar is how long the server's audit log is.
func auditedSoFar(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(auditLog)
	require.NoError(t, err)
	return info.Size()
}

// refusedCollector waits until the garbage collector has asked for ExternalSecrets since, and requires that it was told nothing
// of them. A host that has just started refuses some requests itself (403, 500).
func refusedCollector(t *testing.T, since int64) {
	t.Helper()
	framework.Eventually(t, "the garbage collector has asked", func(context.Context) error {
		codes := askedByCollector(t, since)
		for code := range codes {
			require.True(t, code >= 400 && code != 404, "the collector was told something: %d", code)
		}
		if codes[503] == 0 {
			return fmt.Errorf("answers so far: %v", codes)
		}
		return nil
	})
}

// askedByCollector counts the garbage collector's requests of our objects by their answers' codes.
func askedByCollector(t *testing.T, since int64) map[int32]int {
	t.Helper()
	log, err := os.Open(auditLog)
	require.NoError(t, err)
	defer log.Close()
	_, err = log.Seek(since, 0)
	require.NoError(t, err)
	codes := map[int32]int{}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event auditv1.Event
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue // the last line may be half written
		}
		isCollector := event.User.Username == collector || event.User.Username == controllers
		if isCollector && event.ObjectRef != nil && event.ObjectRef.Resource == "externalsecrets" && event.ResponseStatus != nil {
			codes[event.ResponseStatus.Code]++
		}
	}
	return codes
}
