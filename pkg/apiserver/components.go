package apiserver

import (
	"crypto/rand"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/informers/externalversions"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/ref"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/metrics"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/externalsecret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// components is what live reads and the materializer share.
type components struct {
	providers []provider.Provider
	host      *host.Host
	refs      *ref.Reader
	sources   *source.Sources
	// client writes to this server itself, by way of self. informers show stored objects, never live ones: stores over the
	// loopback connection, ExternalSecrets from feed.
	client    versioned.Interface
	self      *self
	feed      *externalsecret.Feed
	informers externalversions.SharedInformerFactory
	stores    stores
	catalog   *outcome.Catalog
	evaluator *outcome.Evaluator
	ledger    *outcome.Ledger
	secrets   *secret.Client
	metrics   *metrics.Metrics
	pulse     *pulse.Pulse
}

func newComponents(extra Extra, loopback *rest.Config) (*components, error) {
	hostCluster, err := host.New(extra.Host, extra.scope())
	if err != nil {
		return nil, fmt.Errorf("set up the clients of the host: %w", err)
	}
	watching, err := versioned.NewForConfig(loopback)
	if err != nil {
		return nil, fmt.Errorf("set up the loopback client: %w", err)
	}
	inProcess := &self{}
	client, err := versioned.NewForConfig(inProcess.config(loopback))
	if err != nil {
		return nil, fmt.Errorf("set up the client of this process: %w", err)
	}
	recorded := metrics.New()
	refs := ref.New(ref.Config{Objects: hostCluster.Client(), Index: hostCluster, Metrics: recorded})
	c := &components{
		providers: builtin.All(refs),
		host:      hostCluster,
		refs:      refs,
		client:    client,
		self:      inProcess,
		feed:      &externalsecret.Feed{},
		informers: externalversions.NewSharedInformerFactory(watching, 0),
		ledger:    outcome.NewLedger(),
		secrets:   secret.NewClient(hostCluster.Client()),
		metrics:   recorded,
		pulse:     pulse.New(),
	}
	c.sources = source.New(source.Config{
		Providers:    c.providers,
		PollInterval: extra.PollInterval,
		Rates:        extra.ProviderRates,
		Streams:      source.Streams{Off: !extra.InfisicalEvents},
		Reach:        extra.Reach,
		Metrics:      c.metrics,
		Pulse:        c.pulse,
		Logger:       Logger(),
		Tracing:      extra.Tracing,
	})
	recorded.Watch(c.sources.State)
	// The informer that a factory has been given for a kind is the one that it gives to all.
	c.informers.InformerFor(&v1.ExternalSecret{}, c.newExternalSecretInformer)
	group := c.informers.ExternalSecrets().V1()
	c.stores = stores{namespaced: group.SecretStores(), cluster: group.ClusterSecretStores()}
	// A factory starts only the informers that were asked for before.
	c.stores.namespaced.Informer()
	c.stores.cluster.Informer()
	c.catalog = &outcome.Catalog{
		Stores: c.stores, Namespaces: hostCluster, Materials: c.refs, Sources: c.sources,
		Providers: c.providers, Class: extra.ControllerClass,
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("draw the key of fingerprints: %w", err)
	}
	c.evaluator = &outcome.Evaluator{Catalog: c.catalog, Templates: c.refs, Key: key}
	return c, nil
}

func (c *components) newExternalSecretInformer(_ versioned.Interface, resync time.Duration) cache.SharedIndexInformer {
	return cache.NewSharedIndexInformerWithOptions(c.feed, &v1.ExternalSecret{}, cache.SharedIndexInformerOptions{
		ResyncPeriod: resync,
		Indexers:     cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
	})
}

// live is what live reads take their answers from.
func (c *components) live(extra Extra, values *externalsecret.ValueReaders) *externalsecret.Live {
	return &externalsecret.Live{
		Evaluator:     c.evaluator,
		Comparer:      &outcome.Comparer{Targets: c.host, Ledger: c.ledger},
		Values:        values,
		GetTimeout:    extra.LiveTimeout,
		ListTimeout:   extra.ListTimeout,
		ListFreshness: extra.ListFreshness,
		Metrics:       c.metrics,
		Covers:        c.host.Covers,
	}
}
