package externalsecret

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
)

// observedAnnotation is on an answer that is older than its request asked for. No written Secret carries it.
const observedAnnotation = v1.GroupName + "/observed-time"

// Writer knows what a Secret would be written as.
type Writer interface {
	// Preview is the Secret of es as it would stand if it were written now.
	Preview(ctx context.Context, es *v1.ExternalSecret, o *outcome.Outcome) (*corev1.Secret, error)
}

// SecretREST is the secret subresource: the core/v1 Secret that an ExternalSecret comes to now, values included. It is
// never stored. Its answer is one of the three places where values may be.
type SecretREST struct {
	store  *genericregistry.Store
	live   *Live
	writer Writer
}

// NewSecretREST serves the Secrets of what store holds.
func NewSecretREST(store *genericregistry.Store, live *Live, writer Writer) *SecretREST {
	return &SecretREST{store: store, live: live, writer: writer}
}

var _ interface {
	rest.Storage
	rest.Getter
	rest.GroupVersionKindProvider
	rest.TableConvertor
} = (*SecretREST)(nil)

// New makes an empty Secret.
func (*SecretREST) New() runtime.Object { return &corev1.Secret{} }

// Destroy does nothing: the Store that it shares is destroyed with the main resource.
func (*SecretREST) Destroy() {}

// GroupVersionKind is that of the core Secret.
func (*SecretREST) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return corev1.SchemeGroupVersion.WithKind("Secret")
}

// Get reads the values from the provider. The user has been authorized for the subresource; the core Secret that they
// would be written to is asked about here.
func (r *SecretREST) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	obj, err := r.store.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	es := obj.(*v1.ExternalSecret)
	if err := r.live.Values.CheckTarget(ctx, es); err != nil {
		return nil, err
	}
	if _, isGeneric := es.Spec.Target.GenericKind(); isGeneric {
		return nil, unprocessable(es, outcome.ErrNoSecret.Error())
	}
	o := r.evaluate(ctx, es)
	if o.Err != nil {
		return nil, statusOf(es, o.Reason(), o.Err)
	}
	secret, err := r.writer.Preview(ctx, es, o)
	if err != nil {
		return nil, previewError(es, err)
	}
	if !o.Data.Observed.IsZero() {
		metav1.SetMetaDataAnnotation(&secret.ObjectMeta, observedAnnotation, o.Data.Observed.UTC().Format(time.RFC3339))
	}
	return secret, nil
}

// evaluate finds out what the provider shows now.
func (r *SecretREST) evaluate(ctx context.Context, es *v1.ExternalSecret) *outcome.Outcome {
	read, state := r.live.begin(readSecret), stateShown
	waiting, cancel := context.WithTimeout(ctx, r.live.GetTimeout)
	defer cancel()
	o := r.live.Evaluator.Evaluate(waiting, es, askNow(ctx))
	if o.Err != nil {
		state = string(o.Reason())
	}
	read.end(map[string]int{state: 1})
	return o
}

// previewError passes on answers of the host, whose texts are clean, and takes everything else for a Secret that cannot be
// made.
func previewError(es *v1.ExternalSecret, err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	return unprocessable(es, err.Error())
}

// ConvertToTable shows names and sizes, and no values.
func (*SecretREST) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	secret, ok := object.(*corev1.Secret)
	if !ok {
		return nil, fmt.Errorf("render a table: %T is not a Secret", object)
	}
	table := &metav1.Table{Rows: []metav1.TableRow{{
		Cells:  []any{secret.Name, string(secret.Type), int64(len(secret.Data)), age(&secret.CreationTimestamp)},
		Object: runtime.RawExtension{Object: secret},
	}}}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		table.ColumnDefinitions = []metav1.TableColumnDefinition{
			{Name: "Name", Type: "string", Format: "name", Description: "Name of the Secret."},
			{Name: "Type", Type: "string", Description: "Type of the Secret."},
			{Name: "Data", Type: "integer", Description: "Number of its keys."},
			{Name: "Age", Type: "date", Description: "Time since it was created; empty where it is not written yet."},
		}
	}
	return table, nil
}
