package host_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/ref"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

const (
	namespace = "default"
	canary    = "canary-9d2e"
	patience  = 2 * time.Minute
	pause     = 10 * time.Millisecond
)

var owner = secret.Owner{Namespace: namespace, Name: "a-name-of-more-than-28-characters", UID: "b1b7c4f0-0000-4000-8000-000000000001"}

// realHost is a control plane, a plain client of it, and what this package makes of it.
type realHost struct {
	*controlplane.ControlPlane
	plain  kubernetes.Interface
	host   *host.Host
	client *secret.Client
}

// TestAgainstAControlPlane checks what rests on how a real API server keeps its records and words its refusals.
func TestAgainstAControlPlane(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a control plane")
	}
	cp, err := controlplane.Start(t.Context(), controlplane.Options{Dir: t.TempDir(), Progress: t.Output(), WithoutControllerManager: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cp.Stop()) })
	plain, err := kubernetes.NewForConfig(cp.RESTConfig())
	require.NoError(t, err)
	h, err := host.New(cp.RESTConfig(), host.Scope{})
	require.NoError(t, err)
	cluster := &realHost{ControlPlane: cp, plain: plain, host: h, client: secret.NewClient(h.Client())}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	require.Eventually(t, h.HasSynced, patience, pause)

	t.Run("merge", cluster.testMerge)
	t.Run("owner", cluster.testOwner)
	t.Run("adoption", cluster.testAdoption)
	t.Run("conflicts", cluster.testConflicts)
	t.Run("refusals hold no values", cluster.testRefusals)
	t.Run("tokens of service accounts", cluster.testTokens)
	t.Run("references", cluster.testReferences)
}

func desired(pairs ...string) secret.Desired {
	data := map[string]value.Value{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = value.FromString(pairs[i+1])
	}
	return secret.Desired{Data: data}
}

// write reads, decides and carries out, as the materializer does.
func (r *realHost) write(t *testing.T, policy v1.CreationPolicy, name string, d secret.Desired) (secret.Action, *corev1.Secret, error) {
	t.Helper()
	existing, err := r.client.Get(t.Context(), namespace, name)
	require.NoError(t, err)
	plan, err := secret.Decide(owner, policy, name, d, existing)
	require.NoError(t, err)
	written, err := r.client.CarryOut(t.Context(), owner, plan)
	return plan.Action, written, err
}

// writes expects one write and then none.
func (r *realHost) writes(t *testing.T, action secret.Action, policy v1.CreationPolicy, name string, d secret.Desired) *corev1.Secret {
	t.Helper()
	did, written, err := r.write(t, policy, name, d)
	require.NoError(t, err)
	require.Equal(t, action, did)
	did, again, err := r.write(t, policy, name, d)
	require.NoError(t, err)
	require.Equal(t, secret.Keep, did)
	require.Equal(t, written.ResourceVersion, again.ResourceVersion)
	return written
}

func (r *realHost) create(t *testing.T, manager string, s *corev1.Secret) *corev1.Secret {
	t.Helper()
	s.Namespace = namespace
	created, err := r.plain.CoreV1().Secrets(namespace).Create(t.Context(), s, metav1.CreateOptions{FieldManager: manager})
	require.NoError(t, err)
	return created
}

func keys(s *corev1.Secret) map[string]string {
	texts := map[string]string{}
	for key, data := range s.Data {
		texts[key] = string(data)
	}
	return texts
}

func (r *realHost) testMerge(t *testing.T) {
	action, _, err := r.write(t, v1.CreationMerge, "merged", desired("first", "1"))
	require.NoError(t, err)
	require.Equal(t, secret.Await, action)

	r.create(t, "somebody", &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "merged", Labels: map[string]string{"theirs": "l"}},
		Data:       map[string][]byte{"foreign": []byte("f")},
	})
	first := desired("first", "1", "shared", "s")
	first.Labels, first.Annotations = map[string]string{"first": "l"}, map[string]string{"first": "a"}
	written := r.writes(t, secret.Update, v1.CreationMerge, "merged", first)
	require.Equal(t, map[string]string{"foreign": "f", "first": "1", "shared": "s"}, keys(written))
	require.Equal(t, "l", written.Labels["first"])

	second := desired("second", "2", "shared", "s")
	second.Labels = map[string]string{"second": "l"}
	written = r.writes(t, secret.Update, v1.CreationMerge, "merged", second)
	require.Equal(t, map[string]string{"foreign": "f", "second": "2", "shared": "s"}, keys(written))
	require.Equal(t, map[string]string{"theirs": "l", "second": "l", secret.LabelManaged: "true"}, written.Labels)
	require.NotContains(t, written.Annotations, "first")
}

func (r *realHost) testOwner(t *testing.T) {
	written := r.writes(t, secret.Create, v1.CreationOwner, "owned", desired("k", "1"))
	require.True(t, owner.Controls(metav1.GetControllerOf(written)))
	require.Eventually(t, func() bool {
		m, found, _ := r.host.Object(host.Object{Kind: host.KindSecret, Namespace: namespace, Name: "owned"})
		return found && m.ResourceVersion == written.ResourceVersion && m.Managed && m.DataHash == secret.HashOf(desired("k", "1").Data)
	}, patience, pause)
	require.Empty(t, r.host.Orphans(owner, host.Object{Kind: host.KindSecret, Namespace: owner.Namespace, Name: "owned"}))
	require.Len(t, r.host.Orphans(owner, host.Object{Kind: host.KindSecret, Namespace: owner.Namespace, Name: "renamed"}), 1)

	released := r.writes(t, secret.Update, v1.CreationOrphan, "owned", desired("k", "1"))
	require.Empty(t, released.OwnerReferences)
	require.NotContains(t, released.Labels, secret.LabelCreatedBy)

	require.True(t, apierrors.IsConflict(r.client.Delete(t.Context(), namespace, "owned", released.UID, written.ResourceVersion)))
	require.True(t, apierrors.IsConflict(r.client.Delete(t.Context(), namespace, "owned", "another", released.ResourceVersion)))
	require.NoError(t, r.client.Delete(t.Context(), namespace, "owned", released.UID, released.ResourceVersion))
	require.NoError(t, r.client.Delete(t.Context(), namespace, "owned", released.UID, released.ResourceVersion), "gone is gone")
}

// testAdoption has a Secret written with ESO's marks, by a client that is not this package's.
func (r *realHost) testAdoption(t *testing.T) {
	data := map[string][]byte{"k": []byte("v")}
	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "adopted",
			Labels:      map[string]string{secret.LabelManaged: "true"},
			Annotations: map[string]string{secret.AnnotationDataHash: secret.DataHash(data)},
		},
		Data: data,
	}
	r.create(t, secret.FieldManager(owner.Name), s)
	action, _, err := r.write(t, v1.CreationOrphan, "adopted", desired("k", "v"))
	require.NoError(t, err)
	require.Equal(t, secret.Keep, action)
}

func (r *realHost) testConflicts(t *testing.T) {
	seen := r.create(t, "somebody", &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "contended"}})
	plan, err := secret.Decide(owner, v1.CreationOwner, "contended", desired("k", canary), seen)
	require.NoError(t, err)
	moved := seen.DeepCopy()
	moved.Labels = map[string]string{"moved": "on"}
	_, err = r.plain.CoreV1().Secrets(namespace).Update(t.Context(), moved, metav1.UpdateOptions{})
	require.NoError(t, err)
	_, err = r.client.CarryOut(t.Context(), owner, plan)
	require.True(t, apierrors.IsConflict(err))

	plan, err = secret.Decide(owner, v1.CreationOwner, "contended", desired("k", canary), nil)
	require.NoError(t, err)
	_, err = r.client.CarryOut(t.Context(), owner, plan)
	require.True(t, apierrors.IsAlreadyExists(err))
	require.EqualError(t, err, "creating Secret default/contended: it exists already")
}

func (r *realHost) testRefusals(t *testing.T) {
	badLabel := desired("k", "v")
	badLabel.Labels = map[string]string{"l": canary + "!"}
	badAnnotation := desired("k", "v")
	badAnnotation.Annotations = map[string]string{canary + "!": "a"}
	badFinalizer := desired("k", "v")
	badFinalizer.Finalizers = []string{canary + "!"}
	for name, test := range map[string]struct {
		desired secret.Desired
		field   string
	}{
		"a key that is none":       {desired(canary+" !", "v"), "data"},
		"too much":                 {desired("k", strings.Repeat(canary, 110_000)), "data"},
		"a label that is none":     {badLabel, "metadata.labels"},
		"an annotation without":    {badAnnotation, "metadata.annotations"},
		"a finalizer that is none": {badFinalizer, "metadata.finalizers"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := r.write(t, v1.CreationOwner, "refused", test.desired)
			require.True(t, apierrors.IsInvalid(err), "invalid, not %v", err)
			require.ErrorContains(t, err, "creating Secret default/refused: the host cluster finds it invalid: "+test.field)
			require.NotContains(t, err.Error(), canary)
		})
	}
}

// counted counts what is read of the host.
type counted struct {
	*quiet.Client
	reads atomic.Int64
}

func (c *counted) GetSecret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	c.reads.Add(1)
	return c.Client.GetSecret(ctx, namespace, name)
}

// testReferences rotates a credential, and reads it while the host is down. It comes last: it restarts the API server.
func (r *realHost) testReferences(t *testing.T) {
	objects := &counted{Client: r.host.Client()}
	reader := ref.New(ref.Config{Objects: objects, Index: r.host})
	refs := []provider.Reference{{Purpose: "token", Name: "token", Key: "token", Field: "provider.p.tokenRef"}}
	token := func() string {
		material, err := reader.Material(t.Context(), namespace, refs)
		if err != nil {
			return err.Error()
		}
		return string(material["token"].Bytes())
	}
	becomes := func(want string) {
		t.Helper()
		require.Eventually(t, func() bool { return token() == want }, patience, pause, "not %s", want)
	}
	rotate := func(s *corev1.Secret, to string) *corev1.Secret {
		t.Helper()
		s.Data = map[string][]byte{"token": []byte(to)}
		rotated, err := r.plain.CoreV1().Secrets(namespace).Update(t.Context(), s, metav1.UpdateOptions{})
		require.NoError(t, err)
		return rotated
	}

	require.Equal(t, "Secret default/token does not exist", token())
	s := r.create(t, "somebody", &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "token"}, Data: map[string][]byte{"token": []byte("t-1")},
	})
	becomes("t-1")
	s = rotate(s, "t-2")
	becomes("t-2")
	require.EqualValues(t, 3, objects.reads.Load(), "its absence and each version are read once")

	require.NoError(t, r.StopAPIServer())
	for range 10 {
		require.Equal(t, "t-2", token())
	}
	require.EqualValues(t, 3, objects.reads.Load(), "nobody is asked")
	require.NoError(t, r.StartAPIServer(t.Context()))
	rotate(s, "t-3")
	becomes("t-3")
	require.EqualValues(t, 4, objects.reads.Load())
}
