package materializer

import (
	"context"
	"fmt"
	"sync/atomic"

	"k8s.io/client-go/tools/cache"

	informers "github.com/live-secrets/external-secrets-apiserver/pkg/generated/informers/externalversions/externalsecrets/v1"
)

// Materializer writes Secrets while it leads. It is safe for concurrent use.
type Materializer struct {
	config Config

	externalSecrets informers.ExternalSecretInformer
	stores          informers.SecretStoreInformer
	clusterStores   informers.ClusterSecretStoreInformer
	// synced tells whether the handlers have been called for all that was there at the start.
	synced []cache.InformerSynced

	events  *events
	holder  *holder
	mandate *mandate
	// term is nil while another replica leads.
	term atomic.Pointer[term]
}

// New makes a Materializer. It registers with the informers, the host and the Sources, sends nothing and starts nothing.
func New(config Config) (*Materializer, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	m := &Materializer{config: config.withDefaults(), events: newEvents(config.Host.Covers), holder: &holder{}, mandate: &mandate{}}
	if m.config.Election != nil {
		m.mandate.life = m.config.Election.RenewDeadline
	}
	m.config.Secrets = mandatedSecrets{m.config.Secrets, m.mandate}
	if m.config.Objects != nil {
		m.config.Objects = mandatedObjects{m.config.Objects, m.mandate}
	}
	if err := m.watch(); err != nil {
		return nil, fmt.Errorf("watch what Secrets are made from: %w", err)
	}
	return m, nil
}

// HasLeader tells whether some replica writes Secrets, as far as this one knows.
func (m *Materializer) HasLeader() bool {
	return m.term.Load() != nil || m.holder.isAlive()
}

// Queued tells how many ExternalSecrets wait for a worker, by why they do: "first", "changed" or "due", in the order in which
// they have their turn. It is nil while another replica leads.
func (m *Materializer) Queued() map[string]int {
	t := m.term.Load()
	if t == nil {
		return nil
	}
	return t.queue.order.count()
}

// IsLeader tells whether it is this replica that writes Secrets.
func (m *Materializer) IsLeader() bool { return m.term.Load() != nil }

// Run leads whenever it can, until ctx ends, and returns when all that it started has ended: nothing is written after that.
// It is called once.
func (m *Materializer) Run(ctx context.Context) error {
	stop := m.events.start(ctx, m.config.HostClient.CoreV1())
	defer stop()
	if m.config.Election == nil {
		m.lead(ctx)
		return nil
	}
	return m.elect(ctx)
}

// lead writes Secrets until ctx ends.
func (m *Materializer) lead(ctx context.Context) {
	t := newTerm(m)
	m.term.Store(t)
	m.config.Metrics.Leading(true)
	m.config.Logger.Info("Leading: this replica writes Secrets and polls")
	m.config.Sources.Lead(true)
	t.run(ctx)
	m.config.Sources.Lead(false)
	m.term.Store(nil)
	// Another replica may write from now on.
	m.config.Ledger.Reset()
	m.config.Metrics.Leading(false)
	m.config.Logger.Info("Not leading any more: this replica writes nothing")
}
