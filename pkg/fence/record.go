package fence

import (
	"context"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// RecordName is the ConfigMap of the record, in the server's namespace. The server makes it, and no manifest has it: it
// outlives an uninstallation.
const RecordName = "external-secrets-apiserver-store"

// The keys of the record, and what tells people about it.
const (
	keyID           = "id"
	keyRevision     = "revision"
	annotationAbout = "description"
	about           = "Written by external-secrets-apiserver, by which it tells its store from another. Keep it: docs/operations/fence.md."
)

// EventReason is that of the event (Warning) which tells the cluster that the store disagrees with the record.
const EventReason = "StoreNotAccepted"

const (
	// component is the source that the event names.
	component = "external-secrets-apiserver"
	// longestMessage is what the API takes.
	longestMessage = 1024
)

// Record is what the cluster has on record of a store.
type Record struct {
	Identity
	// version is the resourceVersion of the object that it was read from.
	version string
	object  *corev1.ConfigMap
}

// ConfigMap is Records in a ConfigMap.
type ConfigMap struct {
	client    typedcorev1.CoreV1Interface
	namespace string
}

var _ Records = ConfigMap{}

// NewConfigMap is the record in a namespace.
func NewConfigMap(client typedcorev1.CoreV1Interface, namespace string) ConfigMap {
	return ConfigMap{client: client, namespace: namespace}
}

// Read implements Records. A record that says nothing that can be understood is of no store.
func (c ConfigMap) Read(ctx context.Context) (*Record, error) {
	object, err := c.client.ConfigMaps(c.namespace).Get(ctx, RecordName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return recordOf(object), nil
}

func recordOf(object *corev1.ConfigMap) *Record {
	record := &Record{version: object.ResourceVersion, object: object}
	if revision, err := strconv.ParseInt(object.Data[keyRevision], 10, 64); err == nil {
		record.Identity = Identity{ID: object.Data[keyID], Revision: revision}
	}
	return record
}

// Write implements Records.
func (c ConfigMap) Write(ctx context.Context, identity Identity, over *Record) (*Record, error) {
	next := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: RecordName}}
	if over != nil {
		next = over.object.DeepCopy()
	}
	metav1.SetMetaDataAnnotation(&next.ObjectMeta, annotationAbout, about)
	next.Data = map[string]string{keyID: identity.ID, keyRevision: strconv.FormatInt(identity.Revision, 10)}
	var err error
	if over == nil {
		next, err = c.client.ConfigMaps(c.namespace).Create(ctx, next, metav1.CreateOptions{})
	} else {
		next, err = c.client.ConfigMaps(c.namespace).Update(ctx, next, metav1.UpdateOptions{})
	}
	if err != nil {
		return nil, err
	}
	return recordOf(next), nil
}

// Report implements Records: it writes an Event about the record, be it there or not.
func (c ConfigMap) Report(ctx context.Context, message string) error {
	now := metav1.Now()
	_, err := c.client.Events(c.namespace).Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.namespace,
			Name:      fmt.Sprintf("%s.%x", RecordName, time.Now().UnixNano()),
		},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: c.namespace, Name: RecordName},
		Type:           corev1.EventTypeWarning,
		Reason:         EventReason,
		Message:        message[:min(len(message), longestMessage)],
		Source:         corev1.EventSource{Component: component},
		FirstTimestamp: now,
		LastTimestamp:  now,
		Count:          1,
	}, metav1.CreateOptions{})
	return err
}
