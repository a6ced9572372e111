package materializer

import (
	"strconv"
	"strings"
	"time"

	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// cause is why an ExternalSecret's values are to be fetched anew.
type cause string

const (
	// atRest: nothing asks for it.
	atRest cause = ""
	// asked: somebody asked for a refresh.
	asked cause = "asked"
	// neverSynced: it was never done.
	neverSynced cause = "neverSynced"
	// edited: spec, labels or annotations differ from those that were last materialized.
	edited cause = "edited"
	// due: the refreshInterval is over.
	due cause = "due"
)

// defaultInterval stands for a refreshInterval that is absent: the default of the API.
const defaultInterval = time.Hour

// causeOf follows ESO's rules: CreatedOnce is done once, OnChange again when the ExternalSecret changes, Periodic also when
// the interval is over. With an interval of 0 it is done once, whatever changes. What is asked for is always done.
func causeOf(es *v1.ExternalSecret, hash string, dueAt, now time.Time) cause {
	policy := refreshPolicy(es)
	switch {
	case es.Status.RefreshRequestTime != nil:
		return asked
	case ptr.Deref(es.Status.SyncedResourceVersion, "") == "" || es.Status.RefreshTime == nil:
		return neverSynced
	case policy == v1.RefreshPolicyCreatedOnce, policy == v1.RefreshPolicyPeriodic && interval(es) <= 0:
		return atRest
	case *es.Status.SyncedResourceVersion != hash:
		return edited
	case policy == v1.RefreshPolicyPeriodic && isPast(dueAt, now):
		return due
	}
	return atRest
}

// isRespecified tells whether the spec is another than the one that was last materialized. Where labels or annotations alone
// differ, somebody may ask for a refresh that way, as is the custom with ESO.
func isRespecified(es *v1.ExternalSecret) bool {
	generation, _, _ := strings.Cut(ptr.Deref(es.Status.SyncedResourceVersion, ""), "-")
	return generation != strconv.FormatInt(es.Generation, 10)
}

// follows tells whether an ExternalSecret that was materialized follows what its stores show.
func follows(es *v1.ExternalSecret) bool {
	return refreshPolicy(es) == v1.RefreshPolicyPeriodic && interval(es) > 0
}

func refreshPolicy(es *v1.ExternalSecret) v1.ExternalSecretRefreshPolicy {
	if policy := ptr.Deref(es.Spec.RefreshPolicy, ""); policy != "" {
		return policy
	}
	return v1.RefreshPolicyPeriodic
}

// minInterval is what a shorter refreshInterval comes to: the item would be due again before it was done.
const minInterval = time.Second

// interval is the refreshInterval. Admission lets none through that does not parse.
func interval(es *v1.ExternalSecret) time.Duration {
	if es.Spec.RefreshInterval == nil {
		return defaultInterval
	}
	d, err := time.ParseDuration(*es.Spec.RefreshInterval)
	if err != nil {
		return defaultInterval
	}
	if d > 0 {
		d = max(d, minInterval)
	}
	return d
}

func deletionPolicy(es *v1.ExternalSecret) v1.DeletionPolicy {
	if es.Spec.Target == nil {
		return v1.DeletionRetain
	}
	return ptr.Deref(es.Spec.Target.DeletionPolicy, v1.DeletionRetain)
}

func hashOf(es *v1.ExternalSecret) string { return secret.SyncedResourceVersion(&es.ObjectMeta) }
