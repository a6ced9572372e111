package materializer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/informers/externalversions"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// Host shows what stands on the host: *host.Host.
type Host interface {
	HasSynced() bool
	// Covers returns an error for a namespace that nothing is to be read or written in.
	Covers(namespace string) error
	Object(o host.Object) (meta host.Metadata, exists, known bool)
	Orphans(owner secret.Owner, target host.Object) []host.Orphan
	Follow(user types.UID, kind schema.GroupVersionKind)
	Unfollow(user types.UID, kept ...host.Kind)
	Await(ctx context.Context, kind schema.GroupVersionKind) (object.Resource, error)
	OnObject(changed func(host.Object)) error
	OnKind(seen func(host.Kind))
	OnNamespace(changed func(name string)) error
}

// Secrets reads and writes target Secrets: *secret.Client.
type Secrets interface {
	Get(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	CarryOut(ctx context.Context, owner secret.Owner, p secret.Plan) (*corev1.Secret, error)
	Delete(ctx context.Context, namespace, name string, uid types.UID, resourceVersion string) error
}

// Objects reads and writes targets of other kinds: *object.Client.
type Objects interface {
	Get(ctx context.Context, r object.Resource, namespace, name string) (*unstructured.Unstructured, error)
	CarryOut(ctx context.Context, r object.Resource, owner secret.Owner, p object.Plan) (*unstructured.Unstructured, error)
	Delete(ctx context.Context, r object.Resource, namespace, name string, uid types.UID, resourceVersion string) error
}

// Evaluator finds out what ExternalSecrets come to: *outcome.Evaluator.
type Evaluator interface {
	Follow(ctx context.Context, es *v1.ExternalSecret, notBefore time.Time, urgency source.Urgency, ready func())
	Unfollow(owner types.UID)
	Evaluate(ctx context.Context, es *v1.ExternalSecret, ask outcome.Ask) *outcome.Outcome
}

// Sources tells of changes at providers, and is told who leads: *source.Sources.
type Sources interface {
	Subscribe(changed func(source.Change))
	Forget(store types.UID)
	Lead(lead bool)
}

// Metrics hears what the materializer does: *metrics.Metrics. Its methods must not block and are safe for concurrent use.
type Metrics interface {
	// ExternalSecretSynced tells of one look at an ExternalSecret.
	ExternalSecretSynced(namespace, name string, failed bool, took time.Duration)
	// ExternalSecretCondition tells what its Ready condition is now.
	ExternalSecretCondition(namespace, name string, ready corev1.ConditionStatus)
	// ForgetExternalSecret drops what was told of one that is gone.
	ForgetExternalSecret(namespace, name string)
	// StoreChecked, StoreCondition and ForgetStore tell the same of a store: kind is SecretStore or ClusterSecretStore.
	StoreChecked(kind, namespace, name string, took time.Duration)
	StoreCondition(kind, namespace, name string, ready corev1.ConditionStatus)
	ForgetStore(kind, namespace, name string)
	// Leading tells whether this process writes Secrets.
	Leading(lead bool)
	// Workers tells how many workers there are for objects of a kind, Working that one of them took one up. done is called
	// when it is done with it.
	Workers(kind string, workers int)
	Working(kind string) (done func(Result))
}

// Result is what came of one look at an object, in the words of controller-runtime.
type Result = string

// The results of a look.
const (
	// Success: nothing is to be done until something changes.
	Success Result = "success"
	// RequeueAfter: it is looked at again at a time that is set.
	RequeueAfter Result = "requeue_after"
	// Requeue: it waits for what it needs from a provider.
	Requeue Result = "requeue"
	// Failed: something about it is not as it should be.
	Failed Result = "error"
	// Panicked: the look ended in a panic.
	Panicked Result = "panic"
)

// Election says how the replica that writes is found.
type Election struct {
	// Namespace and Name of the Lease on the host; Name is external-secrets-apiserver when empty.
	Namespace, Name string
	// Identity tells this replica from the others. One that outlives the process takes the Lease up again at once.
	Identity string
	// LeaseDuration (15 s), RenewDeadline (10 s) and RetryPeriod (2 s) are those of client-go's leader election.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
}

// Config is what a Materializer is made of. What has no default in its comment is required.
type Config struct {
	// Client writes status and finalizers, Informers watches: both see this server itself. The factory is started by whoever
	// made it, after New.
	Client    versioned.Interface
	Informers externalversions.SharedInformerFactory
	// HostClient is for events and Leases. Secrets never go through it: its client logs.
	HostClient kubernetes.Interface
	Host       Host
	Secrets    Secrets
	// Objects is nil where nothing but Secrets is written.
	Objects   Objects
	Catalog   *outcome.Catalog
	Evaluator Evaluator
	Ledger    *outcome.Ledger
	// Decider says which Secrets may be written; the zero one asks for nobody's rights.
	Decider outcome.Decider
	Sources Sources
	// Metrics hears nothing when nil.
	Metrics Metrics
	// Election is nil for the only replica there is: it leads.
	Election *Election
	// FollowChanges has what a Source sees materialized at once; else it waits for the refreshInterval.
	FollowChanges bool
	// PollInterval is that of the Sources.
	PollInterval time.Duration
	// Workers (16) is how many ExternalSecrets are written side by side.
	Workers int
	// Pulse is told what workers have in hand; nil for nobody to be told.
	Pulse *pulse.Pulse
	// Logger gets names and messages of this project's own; nil discards them.
	Logger *slog.Logger
	// Tracing begins a trace for each sync; nil for none.
	Tracing trace.TracerProvider
}

func (c Config) validate() error {
	for name, missing := range map[string]bool{
		"Client": c.Client == nil, "Informers": c.Informers == nil, "HostClient": c.HostClient == nil, "Host": c.Host == nil,
		"Secrets": c.Secrets == nil, "Catalog": c.Catalog == nil, "Evaluator": c.Evaluator == nil, "Ledger": c.Ledger == nil,
		"Sources": c.Sources == nil, "PollInterval": c.PollInterval <= 0,
	} {
		if missing {
			return fmt.Errorf("the materializer is configured without %s", name)
		}
	}
	if e := c.Election; e != nil && (e.Namespace == "" || e.Identity == "") {
		return fmt.Errorf("an election needs a namespace and an identity")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	if c.Workers <= 0 {
		c.Workers = 16
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Election != nil {
		election := c.Election.withDefaults()
		c.Election = &election
	}
	return c
}

func (e Election) withDefaults() Election {
	if e.Name == "" {
		e.Name = "external-secrets-apiserver"
	}
	if e.LeaseDuration == 0 {
		e.LeaseDuration = 15 * time.Second
	}
	if e.RenewDeadline == 0 {
		e.RenewDeadline = 10 * time.Second
	}
	if e.RetryPeriod == 0 {
		e.RetryPeriod = 2 * time.Second
	}
	return e
}

type noMetrics struct{}

func (noMetrics) ExternalSecretSynced(string, string, bool, time.Duration)       {}
func (noMetrics) ExternalSecretCondition(string, string, corev1.ConditionStatus) {}
func (noMetrics) ForgetExternalSecret(string, string)                            {}
func (noMetrics) StoreChecked(string, string, string, time.Duration)             {}
func (noMetrics) StoreCondition(string, string, string, corev1.ConditionStatus)  {}
func (noMetrics) ForgetStore(string, string, string)                             {}
func (noMetrics) Leading(bool)                                                   {}
func (noMetrics) Workers(string, int)                                            {}
func (noMetrics) Working(string) func(Result)                                    { return func(Result) {} }
