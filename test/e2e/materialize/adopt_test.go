package materialize

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	hostsecret "github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// taken is an ExternalSecret that ESO has written the Secret of.
type taken struct {
	name, spec string
	// labels and annotations are the ExternalSecret's; copied tells that ESO copied them: there is no template.
	labels, annotations map[string]string
	copied              bool
	owned               bool
	// foreign is data of others in the Secret.
	foreign map[string][]byte
	// own is the rendered Secret.
	data                      map[string][]byte
	templated, templatedNotes map[string]string
}

var password = map[string][]byte{"password": []byte(framework.FirstPassword)}

var takenOver = []taken{
	{name: "owner", copied: true, owned: true, data: password, labels: map[string]string{"team": "core"}},
	{name: "orphan", spec: "creationPolicy: Orphan", copied: true, data: password},
	{name: "merge", spec: "creationPolicy: Merge", copied: true, data: password, foreign: map[string][]byte{"other": []byte("kept")}},
	{name: "create-or-merge", spec: "creationPolicy: CreateOrMerge", copied: true, data: password, foreign: map[string][]byte{"other": []byte("kept")}},
	{
		name: "template", owned: true, labels: map[string]string{"not": "copied"},
		spec: `template: {metadata: {labels: {app: shop}, annotations: {note: 'for {{ .password | len }}'}}, data: {url: 'db://{{ .password }}'}}`,
		data: map[string][]byte{"url": []byte("db://" + framework.FirstPassword)}, templated: map[string]string{"app": "shop"},
		templatedNotes: map[string]string{"note": fmt.Sprintf("for %d", len(framework.FirstPassword))},
	},
	{
		name: "merged-template", spec: `creationPolicy: Merge, template: {mergePolicy: Merge, data: {b: 'B'}}`,
		data:    map[string][]byte{"password": []byte(framework.FirstPassword), "b": []byte("B")},
		foreign: map[string][]byte{"other": []byte("kept")},
	},
	{name: "a-name-that-is-too-long-for-a-field-manager", copied: true, owned: true, data: password},
	{
		name: "tools", copied: true, owned: true, data: password,
		labels: map[string]string{"argocd.argoproj.io/instance": "shop", "team": "core"},
		annotations: map[string]string{
			"argocd.argoproj.io/tracking-id": "shop:external-secrets.io/ExternalSecret:x/tools", "force-sync": "17",
			"kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "n",
		},
	},
}

// manifest is the ExternalSecret, of a store that is made later.
func (e taken) manifest() string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s, labels: %s, annotations: %s}
spec:
  secretStoreRef: {name: later}
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
  target: {%s}
`, e.name, asFlow(e.labels), asFlow(e.annotations), e.spec)
}

func asFlow(m map[string]string) string {
	var all []string
	for key, value := range m {
		all = append(all, fmt.Sprintf("%q: %q", key, value))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// leave writes the Secret as ESO 2.9 does for an ExternalSecret of a UID: its marks, what it copies, its field manager.
func (f *fixture) leave(t *testing.T, e taken, uid types.UID) *corev1.Secret {
	t.Helper()
	client := f.hostSecrets(t)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: e.name}, Type: corev1.SecretTypeOpaque}
	if e.foreign != nil {
		secret.Data = e.foreign
		var err error
		secret, err = client.Create(t.Context(), secret, metav1.CreateOptions{FieldManager: "somebody"})
		require.NoError(t, err)
	}
	secret.Data, secret.Labels, secret.Annotations = maps.Clone(secret.Data), map[string]string{}, map[string]string{}
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	maps.Copy(secret.Data, e.data)
	if e.copied {
		maps.Copy(secret.Labels, e.labels)
		maps.Copy(secret.Annotations, e.annotations)
	}
	maps.Copy(secret.Labels, e.templated)
	maps.Copy(secret.Annotations, e.templatedNotes)
	secret.Labels["reconcile.external-secrets.io/managed"] = "true"
	secret.Annotations["reconcile.external-secrets.io/data-hash"] = hostsecret.DataHash(secret.Data)
	if e.owned {
		secret.Labels["reconcile.external-secrets.io/created-by"] = hostsecret.CreatedBy(f.Namespace, e.name)
		secret.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: e.name, UID: uid,
			Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
		}}
	}
	manager := hostsecret.FieldManager(e.name)
	var err error
	if secret.UID == "" {
		secret, err = client.Create(t.Context(), secret, metav1.CreateOptions{FieldManager: manager})
	} else {
		secret, err = client.Update(t.Context(), secret, metav1.UpdateOptions{FieldManager: manager})
	}
	require.NoError(t, err)
	return secret
}

// later makes the store that the ExternalSecrets wait for.
func (f *fixture) later() {
	f.Kubectl.Apply(strings.ReplaceAll(f.Stores(), "{name: vault}", "{name: later}"))
}

// A Secret that ESO has written is taken over without a write where nothing differs.
func TestSecretsOfESOAreTakenOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var manifests []string
	for _, e := range takenOver {
		manifests = append(manifests, e.manifest())
	}
	f.Kubectl.Input(strings.Join(manifests, "---"), "create", "-f", "-")
	left := map[string]*corev1.Secret{}
	for _, e := range takenOver {
		f.ready(t, e.name, corev1.ConditionFalse, "SecretSyncedError")
		left[e.name] = f.leave(t, e, f.Stored(t, e.name).UID)
	}
	f.later()
	for _, e := range takenOver {
		f.synced(t, e.name)
		secret, err := f.secret(t, e.name)
		require.NoError(t, err)
		require.Equal(t, left[e.name], secret, e.name)
	}

	f.SetPassword("changed")
	for _, e := range takenOver {
		if e.name == "template" {
			continue
		}
		secret := f.holds(t, e.name, "password", "changed")
		for key := range e.foreign {
			require.Equal(t, e.foreign[key], secret.Data[key], e.name)
		}
		// What tools keep about the ExternalSecret itself goes when there is something to write anyway.
		require.NotContains(t, secret.Labels, "argocd.argoproj.io/instance")
		require.NotContains(t, secret.Annotations, "argocd.argoproj.io/tracking-id")
		require.NotContains(t, secret.Annotations, "kubectl.kubernetes.io/last-applied-configuration")
		require.Equal(t, e.labels["team"], secret.Labels["team"])
		require.Equal(t, e.annotations["note"], secret.Annotations["note"])
	}
}

// The garbage collector deletes what belongs to a UID that nothing has. An ExternalSecret that was moved here from ESO's CRD
// has a new one: the reference is put right before the provider has said anything, and nothing else is written.
func TestAnOwnerOfBeforeIsPutRight(t *testing.T) {
	f := newFixture(t)
	require.NoError(t, env.ControlPlane.StopControllerManager())
	started := false
	start := func() {
		if !started {
			started = true
			require.NoError(t, env.ControlPlane.StartControllerManager(context.WithoutCancel(t.Context())))
		}
	}
	t.Cleanup(start)
	f.Connect.Faults.Add(harness.HTML(502))
	before := f.leave(t, takenOver[0], "5b0f4d0e-0000-4000-8000-000000000000")
	f.Kubectl.Apply(takenOver[0].manifest())
	uid := f.Stored(t, "owner").UID
	var reclaimed *corev1.Secret
	framework.Eventually(t, "the owner is the ExternalSecret that there is", func(context.Context) (err error) {
		if reclaimed, err = f.secret(t, "owner"); err == nil && reclaimed.OwnerReferences[0].UID != uid {
			err = fmt.Errorf("it is %s", reclaimed.OwnerReferences[0].UID)
		}
		return err
	})
	require.Equal(t, before.Data, reclaimed.Data)
	require.Equal(t, before.Labels, reclaimed.Labels)
	require.Equal(t, before.Annotations, reclaimed.Annotations)

	start()
	f.later()
	f.Connect.Faults.Clear()
	f.synced(t, "owner")
	f.Kubectl.Apply(app("doomed", ""))
	f.holds(t, "doomed", "password", framework.FirstPassword)
	f.Kubectl.Run("delete", "externalsecret", "doomed")
	f.gone(t, "doomed") // The collector is at work.
	secret, err := f.secret(t, "owner")
	require.NoError(t, err)
	require.Equal(t, reclaimed.ResourceVersion, secret.ResourceVersion)
}
