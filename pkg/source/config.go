package source

import (
	"log/slog"
	"maps"
	"time"

	"go.opentelemetry.io/otel/trace"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
)

// Store is the identity of a SecretStore or ClusterSecretStore and how it connects. Namespace is empty for the latter.
type Store struct {
	UID                   types.UID
	Kind, Namespace, Name string
	// Provider is spec.provider. It is not changed after it was handed over.
	Provider *v1.SecretStoreProvider
	// Retry is spec.retrySettings, nil for none, and not changed either.
	Retry *v1.SecretStoreRetrySettings
}

// Config of Sources. The zero value of every field but Providers stands for its default.
type Config struct {
	Providers []provider.Provider
	// PollInterval is how often the leader revalidates a scope that somebody wants (10 s), and how long a failure is
	// remembered.
	PollInterval time.Duration
	// CallTimeout is the deadline of one call of a provider.Client with its retries (4.5 s). It should be below the deadlines of callers,
	// so that they learn why there is no answer.
	CallTimeout time.Duration
	Limits      Limits
	// Rates says how many requests a minute a host allows, whatever its port; 0 means any number. It is laid over
	// DefaultRates.
	Rates   map[string]int
	Streams Streams
	Metrics Metrics
	// Reach is where the stores of a namespace may connect; those of the cluster may anywhere.
	Reach *egress.Policy
	// Pulse is told what the loops have in hand; nil for nobody to be told.
	Pulse *pulse.Pulse
	// Logger gets names of stores and scopes, Reasons and messages of this project's own; nil discards them.
	Logger *slog.Logger
	// Tracing begins the traces of polls; nil for none.
	Tracing trace.TracerProvider
}

// Limits keep one store from costing the others, and in a store that namespaces share one of them from costing the others:
// see tenants.
type Limits struct {
	// SourceBytes (64 MiB) and TotalBytes (512 MiB) bound what pictures and parts hold in memory. What one namespace alone
	// uses may be half of TotalBytes.
	SourceBytes, TotalBytes int64
	// Scopes (1000) and Parts (20000) bound their number per Source.
	Scopes, Parts int
	// SourceWaiting (64) and TotalWaiting (256) bound the calls of Inputs that wait; the rest get what is held.
	SourceWaiting, TotalWaiting int
	// Revalidations (32), Polls (8, of these) and Loads (8) bound what a Source has in flight at once.
	Revalidations, Polls, Loads int
}

// Streams say how the leader listens to changes, where a provider tells of them.
type Streams struct {
	// Off leaves it to polls.
	Off bool
	// Spacing (1 min) lies at least between the beginnings of two attempts at one stream, and Pause (1 s) between the end of
	// one and the next. One that is not to be had is tried again after Refused (10 min).
	Spacing, Pause, Refused time.Duration
}

// DefaultRates are the requests a minute that well-known hosts allow: Infisical Cloud's documented limit for reading
// secrets on the free plan, counted per client address (https://infisical.com/docs/api-reference/overview/rate-limits). The
// site app.infisical.com is us.infisical.com. Logins and other requests have limits of their own there, which are not
// reached before this one. 1Password Connect documents none.
func DefaultRates() map[string]int {
	return map[string]int{"us.infisical.com": 120, "eu.infisical.com": 120}
}

// ratesBySite lays rates over the defaults. Of two names of one site the one that allows less counts.
func ratesBySite(given map[string]int) map[string]int {
	own := map[string]int{}
	for host, rate := range given {
		name := siteName(host)
		if before, ok := own[name]; ok && (before != 0 && before < rate || rate == 0) {
			continue
		}
		own[name] = rate
	}
	rates := DefaultRates()
	maps.Copy(rates, own)
	return rates
}

func (c Config) withDefaults() Config {
	orDefault(&c.PollInterval, 10*time.Second)
	orDefault(&c.CallTimeout, 4500*time.Millisecond)
	orDefault(&c.Limits.SourceBytes, 64<<20)
	orDefault(&c.Limits.TotalBytes, 512<<20)
	orDefault(&c.Limits.Scopes, 1000)
	orDefault(&c.Limits.Parts, 20000)
	orDefault(&c.Limits.SourceWaiting, 64)
	orDefault(&c.Limits.TotalWaiting, 256)
	orDefault(&c.Limits.Revalidations, 32)
	orDefault(&c.Limits.Polls, 8)
	orDefault(&c.Limits.Loads, 8)
	orDefault(&c.Streams.Spacing, time.Minute)
	orDefault(&c.Streams.Pause, time.Second)
	orDefault(&c.Streams.Refused, 10*time.Minute)
	c.Rates = ratesBySite(c.Rates)
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
