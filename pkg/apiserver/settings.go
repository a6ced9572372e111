package apiserver

import "time"

// Settings are what flags set of this server, as they are given.
type Settings struct {
	// LiveTimeout is how long a live GET waits for a provider.
	LiveTimeout time.Duration
	// ListTimeout is how long a live LIST waits for providers.
	ListTimeout time.Duration
	// ListFreshness is how old a picture may be that a live LIST is answered from.
	ListFreshness time.Duration
	// PollInterval is how often the leader asks a provider whether a scope changed.
	PollInterval time.Duration
	// ProviderRates are the requests a minute that hosts of providers allow; 0 for any number.
	ProviderRates map[string]int
	// FollowChanges has a change that polling saw written at once, before the refresh interval is over.
	FollowChanges bool
	// InfisicalEvents has the leader listen to changes where Infisical tells of them, beside polling. Where it does not, that
	// costs one request in ten minutes for each identity and project.
	InfisicalEvents bool
	// AuthorizeTakeover has an ExternalSecret take over a Secret that nobody manages only where its author may update it.
	AuthorizeTakeover bool
	// RequireStoreUse has authors of ExternalSecrets be allowed to use the stores that they name.
	RequireStoreUse bool
	// LeaderElect has one of several replicas write Secrets; without it, this one does.
	LeaderElect bool
	// ControllerClass is the spec.controller of the stores that this server handles.
	ControllerClass string
	// Namespace is where the server runs: its Lease, the Secret of its certificate and the record of its store live there.
	Namespace string
	// WatchNamespaces are those whose objects are read and written on the host; nil for all.
	WatchNamespaces []string
	// MetricsBindAddress serves /metrics over plain HTTP; nothing when empty.
	MetricsBindAddress string
	// Workers is how many Secrets are written at a time.
	Workers int
	// GenericTargets lets ExternalSecrets write other kinds than Secret. What is written to them is not kept as Secrets are:
	// it may be readable by many, and not encrypted in etcd.
	GenericTargets bool
	// AcceptStore opens the fence to a store that is not the one that the cluster has on record, as the message of the fence
	// says: ID@REVISION. Empty for none.
	AcceptStore string
	// Snapshots says when snapshots of the store are taken.
	Snapshots Snapshots
}
