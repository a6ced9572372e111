package externalsecret

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/substatus"
)

// refreshTimeout is how long a refresh waits for the materializer. It stays below the deadline of a write's handler.
const refreshTimeout = 10 * time.Second

// Leadership tells whether some replica writes Secrets.
type Leadership interface {
	HasLeader() bool
}

// RefreshREST is the refresh subresource: POST has the Secret written as the provider shows it now. The request is
// recorded in the object's status, so that it reaches the replica that writes.
type RefreshREST struct {
	store  *genericregistry.Store
	status *substatus.REST
	leader Leadership
	// takeovers is nil where authors need no right to the target.
	takeovers *Takeovers
}

// NewRefreshREST refreshes what store holds. takeovers is as for NewREST.
func NewRefreshREST(store *genericregistry.Store, status *substatus.REST, leader Leadership, takeovers *Takeovers) *RefreshREST {
	return &RefreshREST{store: store, status: status, leader: leader, takeovers: takeovers}
}

var _ interface {
	rest.Storage
	rest.NamedCreater
} = (*RefreshREST)(nil)

// New makes an empty request.
func (*RefreshREST) New() runtime.Object { return &v1.ExternalSecretRefresh{} }

// Destroy does nothing: the Store that it shares is destroyed with the main resource.
func (*RefreshREST) Destroy() {}

// Create asks for a refresh and waits for the attempt.
func (r *RefreshREST) Create(ctx context.Context, name string, obj runtime.Object, createValidation rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	if dryrun.IsDryRun(options.DryRun) {
		return nil, apierrors.NewBadRequest("a refresh writes a Secret and has no dry run; GET externalsecrets/" + name + " shows what the provider has")
	}
	if createValidation != nil {
		if err := createValidation(ctx, obj.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	if _, err := r.store.Get(ctx, name, &metav1.GetOptions{}); err != nil {
		return nil, err
	}
	if !r.leader.HasLeader() {
		return nil, apierrors.NewServiceUnavailable("no replica of external-secrets-apiserver is writing Secrets at the moment")
	}
	recorded, err := r.record(ctx, name)
	if err != nil {
		return nil, err
	}
	answer := &v1.ExternalSecretRefresh{ObjectMeta: metav1.ObjectMeta{Name: recorded.Name, Namespace: recorded.Namespace}}
	answer.Status = r.await(ctx, recorded)
	return answer, nil
}

// record writes the time of the request into the status, whatever else is there. Whoever asks that the Secret be written as
// it is specified, and may update it, answers for that as the author of the spec does.
func (r *RefreshREST) record(ctx context.Context, name string) (*v1.ExternalSecret, error) {
	asked := metav1.NowMicro()
	ask := func(_ context.Context, obj, _ runtime.Object) (runtime.Object, error) {
		es := obj.(*v1.ExternalSecret)
		es.Status.RefreshRequestTime = &asked
		return es, nil
	}
	updated, _, err := r.status.Update(r.takeovers.begin(ctx), name, rest.DefaultUpdatedObjectInfo(nil, copyOfOld, ask),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	return updated.(*v1.ExternalSecret), nil
}

func copyOfOld(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
	return old.DeepCopyObject(), nil
}

// await watches the object until the materializer has taken the request out of its status.
func (r *RefreshREST) await(ctx context.Context, recorded *v1.ExternalSecret) v1.ExternalSecretRefreshStatus {
	pending := v1.ExternalSecretRefreshStatus{State: v1.RefreshPending, Message: "the refresh is under way"}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	events, err := r.store.Watch(ctx, &metainternalversion.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector("metadata.name", recorded.Name),
		ResourceVersion: recorded.ResourceVersion,
	})
	if err != nil {
		return pending
	}
	defer events.Stop()
	for {
		select {
		case event, open := <-events.ResultChan():
			if !open {
				return pending
			}
			if status, done := answered(event, recorded); done {
				return status
			}
		case <-ctx.Done():
			return pending
		}
	}
}

func answered(event watch.Event, recorded *v1.ExternalSecret) (v1.ExternalSecretRefreshStatus, bool) {
	object := event.Object
	// The watch cache wraps an event's object where many watch.
	if shared, ok := object.(runtime.CacheableObject); ok {
		object = shared.GetObject()
	}
	es, ok := object.(*v1.ExternalSecret)
	if !ok {
		return v1.ExternalSecretRefreshStatus{}, false
	}
	if event.Type == watch.Deleted {
		return v1.ExternalSecretRefreshStatus{State: v1.RefreshFailed, Message: fmt.Sprintf("ExternalSecret %s was deleted", es.Name)}, true
	}
	waiting := es.Status.RefreshRequestTime
	if waiting != nil && !waiting.After(recorded.Status.RefreshRequestTime.Time) {
		return v1.ExternalSecretRefreshStatus{}, false
	}
	status := v1.ExternalSecretRefreshStatus{State: v1.RefreshFailed}
	for _, c := range es.Status.Conditions {
		if c.Type != v1.ExternalSecretReady {
			continue
		}
		status.Reason, status.Message = ptr.Deref(c.Reason, ""), ptr.Deref(c.Message, "")
		if c.Status == corev1.ConditionTrue {
			status.State = v1.RefreshDone
		}
	}
	return status, true
}
