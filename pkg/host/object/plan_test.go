package object

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tree"
)

var (
	owner     = secret.Owner{Namespace: "team", Name: "orders", UID: "uid-of-orders"}
	configMap = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	appConfig = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "AppConfig"}
)

type fields = map[string]any

// desired is what a template renders at paths: "path", value, "path", value.
func desired(t *testing.T, parts ...any) Desired {
	t.Helper()
	var content tree.Tree
	for i := 0; i < len(parts); i += 2 {
		path, err := tree.Parse(parts[i].(string))
		require.NoError(t, err)
		require.NoError(t, content.Put(path, parts[i+1]))
	}
	return Desired{Labels: map[string]string{"app": "orders"}, Content: content}
}

// written is an object as it stands once it was written, and after changes.
func written(t *testing.T, kind schema.GroupVersionKind, policy v1.CreationPolicy, d Desired, changes ...func(*unstructured.Unstructured)) *unstructured.Unstructured {
	t.Helper()
	p, err := Decide(owner, policy, kind, "db", d, nil)
	require.NoError(t, err)
	o := p.Object().DeepCopy()
	o.SetUID("uid-of-db")
	o.SetResourceVersion("7")
	for _, change := range changes {
		change(o)
	}
	return o
}

func set(value any, path ...string) func(*unstructured.Unstructured) {
	return func(o *unstructured.Unstructured) { _ = unstructured.SetNestedField(o.Object, value, path...) }
}

// recorded has the API server know what the ExternalSecret wrote.
func recorded(text string) func(*unstructured.Unstructured) {
	return func(o *unstructured.Unstructured) {
		o.SetManagedFields([]metav1.ManagedFieldsEntry{{
			Manager: secret.FieldManager("orders"), Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: metav1.NewFieldsV1(text),
		}})
	}
}

func TestDecideWithoutATarget(t *testing.T) {
	for policy, want := range map[v1.CreationPolicy]secret.Action{
		v1.CreationOwner: secret.Create, v1.CreationOrphan: secret.Create, v1.CreationCreateOrMerge: secret.Create,
		v1.CreationMerge: secret.Await, v1.CreationNone: secret.Skip,
	} {
		p, err := Decide(owner, policy, configMap, "db", desired(t, "data.password", "hunter2"), nil)
		require.NoError(t, err)
		require.Equal(t, want, p.Action, policy)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", p, p, p), "hunter2")
		if want != secret.Create {
			require.Nil(t, p.Object())
			continue
		}
		o := p.Object()
		require.Equal(t, configMap, o.GroupVersionKind())
		require.Equal(t, fields{"password": "hunter2"}, o.Object["data"])
		require.Equal(t, "orders", o.GetLabels()["app"])
		require.Equal(t, policy == v1.CreationOwner, owner.Controls(metav1.GetControllerOf(o)))
		require.Equal(t, policy == v1.CreationOwner, o.GetLabels()[secret.LabelCreatedBy] != "")
		require.True(t, Intact(o))
	}
}

func TestDecideKeeps(t *testing.T) {
	config := desired(t, "spec.database", fields{"host": "db"}, "spec.users[0].name", "x")
	for name, c := range map[string]struct {
		kind     schema.GroupVersionKind
		policy   v1.CreationPolicy
		desired  Desired
		existing *unstructured.Unstructured
	}{
		"what was written":        {appConfig, v1.CreationOwner, config, written(t, appConfig, v1.CreationOwner, config)},
		"what was defaulted":      {appConfig, v1.CreationOwner, config, written(t, appConfig, v1.CreationOwner, config, set("30s", "spec", "database", "timeout"))},
		"what controllers report": {appConfig, v1.CreationOwner, config, written(t, appConfig, v1.CreationOwner, config, set("Running", "status", "phase"))},
		"what defaults are recorded as ours": {appConfig, v1.CreationOwner, config, written(t, appConfig, v1.CreationOwner, config,
			set("30s", "spec", "database", "timeout"), recorded(`{"f:spec":{"f:database":{"f:host":{},"f:timeout":{}}}}`))},
		"others' keys of a merge": {configMap, v1.CreationMerge, desired(t, "data.a", "x"),
			written(t, configMap, v1.CreationOrphan, desired(t, "data.a", "x"), set("kept", "data", "theirs"))},
	} {
		p, err := Decide(owner, c.policy, c.kind, "db", c.desired, c.existing)
		require.NoError(t, err, name)
		require.Equal(t, secret.Keep, p.Action, name)
	}
}

func TestDecideUpdates(t *testing.T) {
	config := desired(t, "spec.database", fields{"host": "db", "port": int64(1)})
	for name, c := range map[string]struct {
		kind     schema.GroupVersionKind
		policy   v1.CreationPolicy
		desired  Desired
		existing *unstructured.Unstructured
		root     string
		want     any
	}{
		"drift": {appConfig, v1.CreationOwner, config, written(t, appConfig, v1.CreationOwner, config, set("tampered", "spec", "database", "host")),
			"spec", fields{"database": fields{"host": "db", "port": int64(1)}}},
		"what others wrote stays": {appConfig, v1.CreationOwner, config,
			written(t, appConfig, v1.CreationOwner, config, set("x", "spec", "database", "host"), set(int64(3), "spec", "replicas")),
			"spec", fields{"database": fields{"host": "db", "port": int64(1)}, "replicas": int64(3)}},
		"what is no longer rendered goes": {appConfig, v1.CreationOwner, desired(t, "spec.database.host", "db"),
			written(t, appConfig, v1.CreationOwner, config, set("30s", "spec", "theirs"), recorded(`{"f:spec":{"f:database":{"f:host":{},"f:port":{}}}}`)),
			"spec", fields{"database": fields{"host": "db"}, "theirs": "30s"}},
		"a ConfigMap's other keys go": {configMap, v1.CreationOwner, desired(t, "data.a", "x"),
			written(t, configMap, v1.CreationOwner, desired(t, "data.a", "x"), set("x", "data", "theirs"), set("eA==", "binaryData", "b")),
			"data", fields{"a": "x"}},
		"a merge's keys of before go": {configMap, v1.CreationMerge, desired(t, "data.b", "y"),
			written(t, configMap, v1.CreationOrphan, desired(t, "data.a", "x"), set("kept", "data", "theirs"), recorded(`{"f:data":{"f:a":{}}}`)),
			"data", fields{"b": "y", "theirs": "kept"}},
		"an element of another's list": {appConfig, v1.CreationMerge, desired(t, "spec.users[1].name", "new"),
			written(t, appConfig, v1.CreationOrphan, desired(t, "spec.users", []any{"first", fields{"name": "old", "role": "r"}})),
			"spec", fields{"users": []any{"first", fields{"name": "new", "role": "r"}}}},
		"the marks": {appConfig, v1.CreationOwner, config, written(t, appConfig, v1.CreationOwner, config, func(o *unstructured.Unstructured) { o.SetLabels(nil) }),
			"spec", fields{"database": fields{"host": "db", "port": int64(1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.existing.DeepCopy()
			p, err := Decide(owner, c.policy, c.kind, "db", c.desired, c.existing)
			require.NoError(t, err)
			require.Equal(t, secret.Update, p.Action)
			require.Equal(t, c.want, p.Object().Object[c.root])
			require.NotContains(t, p.Object().Object, "binaryData")
			require.Equal(t, "7", p.Object().GetResourceVersion())
			require.Equal(t, Hash(c.desired.Content), p.Object().GetAnnotations()[secret.AnnotationDataHash])
			require.Equal(t, before, c.existing, "what was seen is not changed")
			// Once that is done, nothing is to be done.
			again, err := Decide(owner, c.policy, c.kind, "db", c.desired, p.Object())
			require.NoError(t, err)
			require.Equal(t, secret.Keep, again.Action)
		})
	}
}

func TestDecideRefuses(t *testing.T) {
	d := desired(t, "data.a", "canary-5e1f")
	controlled := func(apiVersion, kind string) func(*unstructured.Unstructured) {
		return func(o *unstructured.Unstructured) {
			o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: "other", UID: "u", Controller: ptr.To(true)}})
		}
	}
	for name, c := range map[string]struct {
		existing *unstructured.Unstructured
		desired  Desired
		want     secret.Cause
	}{
		"another ExternalSecret's": {written(t, configMap, v1.CreationOrphan, d, controlled("external-secrets.io/v1", "ExternalSecret")), d, secret.OwnedByAnother},
		"another controller's":     {written(t, configMap, v1.CreationOrphan, d, controlled("apps/v1", "ReplicaSet")), d, secret.ControlledElsewhere},
		"what is being deleted": {written(t, configMap, v1.CreationOwner, d, func(o *unstructured.Unstructured) {
			o.SetDeletionTimestamp(ptr.To(metav1.Now()))
		}), d, secret.Terminating},
		"too short a list": {nil, desired(t, "spec.list[1]", "canary-5e1f"), secret.OtherShape},
	} {
		p, err := Decide(owner, v1.CreationOwner, configMap, "db", c.desired, c.existing)
		var refusal *secret.Refusal
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, c.want, refusal.Cause, name)
		require.NotContains(t, err.Error(), "canary", name)
		require.Empty(t, p.Action, name)
	}
}

// The formula is ESO's for an object with .spec or .data alone.
func TestHash(t *testing.T) {
	require.Equal(t, secret.ContentHash(fields{"a": "x"}), Hash(desired(t, "data.a", "x").Content))
	require.Equal(t, secret.ContentHash(map[string]string{"a": "x"}), Hash(desired(t, "data.a", "x").Content), "fmt prints both alike")
	require.Equal(t, secret.ContentHash(fields{"a": fields{"b": int64(1)}}), Hash(desired(t, "spec.a.b", int64(1)).Content))
	require.NotEqual(t, Hash(desired(t, "spec.a", "x").Content), Hash(desired(t, "spec.a", "x", "other", "y").Content))
}
