package apiserver

import (
	"fmt"

	"k8s.io/client-go/kubernetes"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/materializer"
)

// newMaterializer makes what writes Secrets. Its own client of the host is for events and Leases.
func newMaterializer(parts *components, extra Extra) (*materializer.Materializer, error) {
	client, err := kubernetes.NewForConfig(extra.Host)
	if err != nil {
		return nil, fmt.Errorf("set up the client for events and Leases: %w", err)
	}
	config := materializer.Config{
		Client:        parts.client,
		Informers:     parts.informers,
		HostClient:    client,
		Host:          parts.host,
		Secrets:       parts.secrets,
		Catalog:       parts.catalog,
		Evaluator:     parts.evaluator,
		Ledger:        parts.ledger,
		Decider:       extra.decider(),
		Sources:       parts.sources,
		Metrics:       parts.metrics,
		FollowChanges: extra.FollowChanges,
		PollInterval:  extra.PollInterval,
		Workers:       extra.Workers,
		Pulse:         parts.pulse,
		Logger:        Logger(),
		Tracing:       extra.Tracing,
	}
	if extra.GenericTargets {
		config.Objects = object.NewClient(parts.host.Client())
	}
	if extra.LeaderElect {
		config.Election = &materializer.Election{Namespace: extra.Namespace, Identity: extra.Identity}
	}
	return materializer.New(config)
}
