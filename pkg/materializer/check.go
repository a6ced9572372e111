package materializer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Messages of a store's Ready condition, which are those of its events too, as in ESO. That of a failure goes on with its
// cause.
const (
	messageValid = "store validated"
	failedStore  = "unable to validate store"
)

// capabilities of every store of this server: it reads. ESO says ReadWrite, for what its PushSecrets do.
const capabilities = "ReadOnly"

const (
	// checkTimeout bounds one check of a store.
	checkTimeout = 10 * time.Second
	// checkInterval is the refreshInterval of a store that has none.
	checkInterval = 5 * time.Minute
)

// storeState is what a term knows of one store. One worker at a time has the store.
type storeState struct {
	uid types.UID
	// written is the store as this term last wrote its status, until the informer shows it.
	written store
	// since is when checks began to fail; zero where the last one did not.
	since time.Time
	// unwritten is set where it was told that the status could not be written.
	unwritten bool
}

// storeStates holds the states of a term.
type storeStates struct {
	mu  sync.Mutex
	all map[storeKey]*storeState
}

func (s *storeStates) of(key storeKey, uid types.UID) *storeState {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.all[key]
	if st == nil || st.uid != uid {
		st = &storeState{uid: uid}
		s.all[key] = st
	}
	return st
}

func (s *storeStates) drop(key storeKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, key)
}

func (t *term) workOnStores(ctx context.Context) {
	for {
		key, shutdown := t.checks.Get()
		if shutdown || ctx.Err() != nil {
			return
		}
		result, done := Panicked, t.config.Metrics.Working(key.Kind)
		t.guarded(key.Kind, key.Namespace+"/"+key.Name, func() { result = t.check(ctx, key) }, func() { t.checks.AddRateLimited(key) })
		done(result)
		t.checks.Done(key)
	}
}

// check finds out whether a store can be used, and says so.
func (t *term) check(ctx context.Context, key storeKey) Result {
	s, found := t.findStore(key)
	if !found || s.meta.DeletionTimestamp != nil || t.config.Catalog.Foreign(s.spec) {
		t.storeStates.drop(key)
		t.checks.Forget(key)
		t.config.Metrics.ForgetStore(key.Kind, key.Namespace, key.Name)
		return Success
	}
	st := t.storeStates.of(key, s.meta.UID)
	s = st.newest(s)
	began := time.Now()
	failure := t.probe(ctx, s)
	if ctx.Err() != nil {
		return Requeue
	}
	t.config.Metrics.StoreChecked(key.Kind, key.Namespace, key.Name, time.Since(began))
	if failure == nil {
		st.since = time.Time{}
	} else if st.since.IsZero() {
		st.since = began
	}
	if err := t.reportStore(ctx, s, st, failure); err != nil {
		t.checks.AddRateLimited(key)
		return Failed
	}
	if failure != nil {
		t.tryStoreAgain(key, provider.RetryAfterOf(failure))
		return Failed
	}
	t.checks.Forget(key)
	t.checks.AddAfter(key, jittered(storeInterval(s.spec.RefreshInterval)))
	return RequeueAfter
}

// tryStoreAgain checks a store later: not before least, which is what its provider asked for.
func (t *term) tryStoreAgain(key storeKey, least time.Duration) {
	if least > 0 {
		t.checks.AddAfter(key, min(delayed(least), longestBackoff))
		return
	}
	t.checks.AddRateLimited(key)
}

// probe opens a store and asks whether its provider answers.
func (t *term) probe(ctx context.Context, s store) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	opened, err := t.config.Catalog.OpenStore(ctx, s.opened())
	if err != nil {
		return err
	}
	return opened.Check(ctx)
}

// reportStore writes the status of a store where something in it changes.
func (t *term) reportStore(ctx context.Context, s store, st *storeState, failure error) error {
	defer t.config.Pulse.Begin("the status of " + s.kind + " " + s.meta.Name)()
	if isPassing(failure) && isStoreReady(s.status) && time.Since(st.since) < grace {
		return nil
	}
	next := nextStoreStatus(s.status, failure, time.Now())
	ready := next.Conditions[slices.IndexFunc(next.Conditions, isStoreReadyType)]
	if !apiequality.Semantic.DeepEqual(next, *s.status) {
		var written store
		err := t.mandate.write(ctx, func(ctx context.Context) (err error) {
			written, err = s.writeStatus(ctx, t.config.Client, next)
			return err
		})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			t.logUnwritten(&st.unwritten, s.kind, s.meta, err)
			return err
		}
		st.written, st.unwritten = written, false
		t.logStore(s, ready)
		if failure == nil {
			t.events.normal(s.object, v1.ReasonStoreValid, messageValid)
		} else {
			t.events.warning(s.object, v1.ReasonInvalidProviderConfig, *ready.Message)
		}
	}
	t.config.Metrics.StoreCondition(s.kind, s.meta.Namespace, s.meta.Name, ready.Status)
	return nil
}

// isPassing tells failures that may well pass by themselves.
func isPassing(failure error) bool {
	if failure == nil {
		return false
	}
	reason := provider.ReasonOf(failure)
	return reason == provider.Unavailable || reason == provider.RateLimited
}

func nextStoreStatus(status *v1.SecretStoreStatus, failure error, now time.Time) v1.SecretStoreStatus {
	next := *status.DeepCopy()
	next.Capabilities = ptr.To(capabilities)
	ready := v1.SecretStoreStatusCondition{
		Type: v1.SecretStoreReady, Status: corev1.ConditionTrue, Reason: ptr.To(v1.ReasonStoreValid), Message: ptr.To(messageValid),
		LastTransitionTime: ptr.To(metav1.NewTime(now.UTC().Truncate(time.Second))),
	}
	if failure != nil {
		ready.Status, ready.Reason = corev1.ConditionFalse, ptr.To(v1.ReasonInvalidProviderConfig)
		ready.Message = ptr.To(shortened(fmt.Sprintf("%s: %v", failedStore, failure)))
	}
	i := slices.IndexFunc(next.Conditions, isStoreReadyType)
	if i < 0 {
		next.Conditions = append(next.Conditions, ready)
		return next
	}
	if before := next.Conditions[i]; before.Status == ready.Status && before.LastTransitionTime != nil {
		ready.LastTransitionTime = before.LastTransitionTime
	}
	next.Conditions[i] = ready
	return next
}

func isStoreReadyType(c v1.SecretStoreStatusCondition) bool { return c.Type == v1.SecretStoreReady }

func isStoreReady(status *v1.SecretStoreStatus) bool {
	i := slices.IndexFunc(status.Conditions, isStoreReadyType)
	return i >= 0 && status.Conditions[i].Status == corev1.ConditionTrue
}

// newest is the newer of the store as the informer shows it and as it was last written.
func (st *storeState) newest(s store) store {
	if st.written.meta == nil {
		return s
	}
	if order, err := resourceversion.CompareResourceVersion(s.meta.ResourceVersion, st.written.meta.ResourceVersion); err == nil && order < 0 {
		return st.written
	}
	st.written = store{}
	return s
}

// storeInterval is how often a store is checked. Admission lets nothing through that is not read here; 0 stands for the
// default.
func storeInterval(interval *intstr.IntOrString) time.Duration {
	if interval == nil {
		return checkInterval
	}
	d := time.Duration(interval.IntVal) * time.Second
	if interval.Type == intstr.String {
		d, _ = time.ParseDuration(interval.StrVal)
	}
	if d <= 0 {
		return checkInterval
	}
	return d
}
