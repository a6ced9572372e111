// Package options has the flags of the server, and makes its Config of them.
//
// Complete and Config are where the process first touches its surroundings: Complete makes a self-signed certificate where one
// is wanted, Config reads from the host what delegated authentication needs and which kinds of admission it serves, and keeps
// the identity of an embedded store in a file beside it. What makes a server of the Config does none of that.
package options

import (
	"errors"
	"fmt"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
)

const (
	etcdPrefix        = "/registry/external-secrets.io"
	defaultSecurePort = 8443
)

// Options is everything that flags set.
type Options struct {
	Recommended *genericoptions.RecommendedOptions
	Logs        *logs.Options

	// Settings are the server's own.
	apiserver.Settings

	// DataDir holds the embedded etcd, and a self-signed serving certificate where there is one.
	DataDir string
	// AllowedProviderHosts are what stores of a namespace may reach; nil for every host.
	AllowedProviderHosts []string
	// ShutdownDelay is how long a server that is to end goes on as before, while it says that it is not ready.
	ShutdownDelay time.Duration
	// ServingCert says where the serving certificate comes from.
	ServingCert ServingCert
	// EtcdQuotaBytes bounds the database of the embedded etcd.
	EtcdQuotaBytes int64

	scheme   *runtime.Scheme
	embedded bool
}

// New makes options with their defaults.
func New() *Options {
	scheme := install.Scheme()
	codecs := serializer.NewCodecFactory(scheme)
	recommended := genericoptions.NewRecommendedOptions(etcdPrefix, codecs.LegacyCodec(v1.SchemeGroupVersion))
	recommended.Etcd.StorageConfig.EncodeVersioner = runtime.NewMultiGroupVersioner(v1.SchemeGroupVersion,
		schema.GroupKind{Group: v1.GroupName})
	recommended.SecureServing.BindPort = defaultSecurePort
	recommended.SecureServing.ServerCert.CertDirectory = ""
	recommended.SecureServing.ServerCert.PairName = "apiserver"
	// Profiles of a process that holds secret values hold them too.
	recommended.Features.EnableProfiling = false
	recommended.EgressSelector = nil

	return &Options{
		Recommended: recommended,
		Logs:        logs.NewOptions(),
		Settings: apiserver.Settings{
			LiveTimeout:     5 * time.Second,
			ListTimeout:     2 * time.Second,
			ListFreshness:   5 * time.Second,
			PollInterval:    10 * time.Second,
			ProviderRates:   map[string]int{},
			FollowChanges:   true,
			InfisicalEvents: true,
			ControllerClass: "default",
			Namespace:       "external-secrets",
			Workers:         16,
			Snapshots:       newSnapshots(),
		},
		DataDir:        "external-secrets-data",
		EtcdQuotaBytes: embeddedetcd.DefaultQuotaBytes,
		ServingCert:    newServingCert(),
		scheme:         scheme,
	}
}

// Flags are the options' flags, in sections for --help.
func (o *Options) Flags() cliflag.NamedFlagSets {
	var sections cliflag.NamedFlagSets
	own := sections.FlagSet("external secrets")
	own.StringVar(&o.DataDir, "data-dir", o.DataDir,
		"Directory of the embedded etcd, which runs unless --etcd-servers is given, and of the serving certificate of --serving-cert-source=self-signed.")
	own.DurationVar(&o.LiveTimeout, "live-timeout", o.LiveTimeout, "How long a live GET waits for a provider before it answers with what is held.")
	own.DurationVar(&o.ListTimeout, "list-timeout", o.ListTimeout, "How long a live LIST waits for providers before it answers with what is held.")
	own.DurationVar(&o.ListFreshness, "list-freshness", o.ListFreshness, "How old a picture of a provider may be that a live LIST is answered from.")
	own.DurationVar(&o.PollInterval, "poll-interval", o.PollInterval, "How often the leader asks a provider whether anything changed, per vault or folder in use.")
	own.Var(rates(o.ProviderRates), "provider-rate",
		"Requests a minute that this process may make to a provider's host, as host=number; 0 for any number. May be given several times. Polling takes half at most, and so do reads that wait, half of that for one user. By default 120 for us.infisical.com (which app.infisical.com is too) and eu.infisical.com, as for Infisical Cloud's free plan, and any number for other hosts. The provider counts all replicas behind one address together.")
	own.BoolVar(&o.FollowChanges, "follow-changes", o.FollowChanges, "Write a change that polling saw at once. With false, it waits for the refreshInterval, as with External Secrets Operator.")
	own.BoolVar(&o.InfisicalEvents, "infisical-events", o.InfisicalEvents, "Listen to the event streams of Infisical, beside polling, so that a change is seen at once. An instance whose plan has no event subscriptions, or an identity that may not subscribe, costs one request in ten minutes.")
	own.BoolVar(&o.AuthorizeTakeover, "authorize-takeover", o.AuthorizeTakeover, "Let an ExternalSecret take over a Secret that exists, and that no ExternalSecret manages, only if whoever wrote its spec may update that Secret. Without it, whoever may create ExternalSecrets may replace the data of any ordinary Secret of the namespace, as with External Secrets Operator.")
	own.BoolVar(&o.RequireStoreUse, "require-store-use", o.RequireStoreUse, "Let a spec of an ExternalSecret be written only by those who have the verb use on each SecretStore and ClusterSecretStore (external-secrets.io) that it names. The right is asked for in the namespace of the ExternalSecret, with the user's own identity.")
	own.StringSliceVar(&o.AllowedProviderHosts, "allowed-provider-hosts", o.AllowedProviderHosts, "Hosts that SecretStores may be at: NAME, NAME:PORT, *.NAME, * for all names, ADDRESS, ADDRESS:PORT or ADDRESS/BITS; comma-separated or given again. A NAME may lead to private addresses, *.NAME to public ones alone; to loopback, link-local and other addresses that are no provider's, and to the cluster's API server, only what allows the address itself. Checked when a store is written and at each connection. Without it, every host is allowed and link-local addresses are not. ClusterSecretStores are not limited.")
	own.BoolVar(&o.LeaderElect, "leader-elect", o.LeaderElect, "Have one of several replicas write Secrets, elected by a Lease. Without it, this replica does.")
	own.StringVar(&o.ControllerClass, "controller-class", o.ControllerClass, "Handle stores whose spec.controller is this or empty.")
	own.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace that the server runs in: its Lease, the Secret of its certificate and the record of its store are there.")
	own.DurationVar(&o.ShutdownDelay, "shutdown-delay-duration", o.ShutdownDelay, "How long a server that is told to end goes on answering, while /readyz says that it is not ready and connections are asked to go elsewhere. With several replicas, long enough for the cluster to stop sending it requests: about 10s.")
	o.addNamespacesFlag(own)
	own.StringVar(&o.MetricsBindAddress, "metrics-bind-address", o.MetricsBindAddress, "Address (host:port) of plain HTTP for /metrics; none when empty. The secure port serves /metrics in any case, behind authorization.")
	own.IntVar(&o.Workers, "concurrent", o.Workers, "How many Secrets are written at a time.")
	own.BoolVar(&o.GenericTargets, validation.FlagGenericTargets, o.GenericTargets,
		"Let spec.target.manifest name other kinds than Secret. Values are then written where many may read them, and the server needs rights to the kinds.")
	own.StringVar(&o.AcceptStore, "accept-store", o.AcceptStore, "Serve a store that is not the one that the cluster has on record: the value (ID@REVISION) is in the message of the server that refuses to. Secrets whose ExternalSecrets the store lacks are deleted by the cluster.")

	o.Recommended.CoreAPI.AddFlags(sections.FlagSet("host cluster"))
	o.Recommended.Authentication.AddFlags(sections.FlagSet("host cluster"))
	o.Recommended.Authorization.AddFlags(sections.FlagSet("host cluster"))
	o.Recommended.SecureServing.AddFlags(sections.FlagSet("secure serving"))
	o.ServingCert.addFlags(sections.FlagSet("secure serving"))
	o.Recommended.Etcd.AddFlags(sections.FlagSet("etcd"))
	o.addStorageFlags(sections.FlagSet("etcd"))
	o.Recommended.Audit.AddFlags(sections.FlagSet("audit"))
	o.Recommended.Admission.AddFlags(sections.FlagSet("admission"))
	o.Recommended.Features.AddFlags(sections.FlagSet("features"))
	o.Recommended.Traces.AddFlags(sections.FlagSet("traces"))
	logsapi.AddFlags(o.Logs, sections.FlagSet("logs"))
	return sections
}

// EmbedsEtcd tells whether this process runs etcd itself.
func (o *Options) EmbedsEtcd() bool {
	return o.embedded || len(o.Recommended.Etcd.StorageConfig.Transport.ServerList) == 0
}

// UseEmbeddedEtcd stores objects in the etcd that this process runs.
func (o *Options) UseEmbeddedEtcd(endpoint string) {
	o.embedded = true
	o.Recommended.Etcd.StorageConfig.Transport.ServerList = []string{endpoint}
}

// Complete fills in what other options say. The kubeconfig of the host serves delegated authentication and authorization
// too.
func (o *Options) Complete() error {
	if kubeconfig := o.Recommended.CoreAPI.CoreAPIKubeconfigPath; kubeconfig != "" {
		if o.Recommended.Authentication.RemoteKubeConfigFile == "" {
			o.Recommended.Authentication.RemoteKubeConfigFile = kubeconfig
		}
		if o.Recommended.Authorization.RemoteKubeConfigFile == "" {
			o.Recommended.Authorization.RemoteKubeConfigFile = kubeconfig
		}
	}
	return o.completeServingCert()
}

// Validate checks the options against each other and names the flag that is wrong.
func (o *Options) Validate() error {
	var errs []error
	if o.EmbedsEtcd() && o.DataDir == "" {
		errs = append(errs, errors.New("--data-dir must be given where --etcd-servers is not"))
	}
	for flag, d := range map[string]time.Duration{
		"live-timeout": o.LiveTimeout, "list-timeout": o.ListTimeout, "poll-interval": o.PollInterval,
	} {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("--%s must be positive, is %s", flag, d))
		}
	}
	// A write's handler has 34 s; a read that waits longer than this would keep its seat in the host for nothing.
	if o.LiveTimeout > 30*time.Second {
		errs = append(errs, fmt.Errorf("--live-timeout must be at most 30s, is %s", o.LiveTimeout))
	}
	if o.ShutdownDelay < 0 {
		errs = append(errs, fmt.Errorf("--shutdown-delay-duration must not be negative, is %s", o.ShutdownDelay))
	}
	if o.ListFreshness < 0 {
		errs = append(errs, fmt.Errorf("--list-freshness must not be negative, is %s", o.ListFreshness))
	}
	if _, err := egress.New(o.AllowedProviderHosts, ""); err != nil {
		errs = append(errs, err)
	}
	if o.Workers < 1 {
		errs = append(errs, fmt.Errorf("--concurrent must be at least 1, is %d", o.Workers))
	}
	if o.AcceptStore != "" && !fence.ValidAcceptance(o.AcceptStore) {
		errs = append(errs, fmt.Errorf("--accept-store must be ID@REVISION as the server's message has it, is %q", o.AcceptStore))
	}
	errs = append(errs, o.validateNamespaces()...)
	if o.MetricsBindAddress != "" {
		if _, _, err := net.SplitHostPort(o.MetricsBindAddress); err != nil {
			errs = append(errs, fmt.Errorf("--metrics-bind-address must be host:port: %w", err))
		}
	}
	if !o.EmbedsEtcd() {
		errs = append(errs, o.Recommended.Etcd.Validate()...)
	}
	errs = append(errs, o.Recommended.SecureServing.Validate()...)
	errs = append(errs, o.validateServingCert()...)
	errs = append(errs, o.validateStorage()...)
	errs = append(errs, o.Recommended.Authentication.Validate()...)
	errs = append(errs, o.Recommended.Authorization.Validate()...)
	errs = append(errs, o.Recommended.Audit.Validate()...)
	errs = append(errs, o.Recommended.Admission.Validate()...)
	errs = append(errs, o.Recommended.Traces.Validate()...)
	return utilerrors.NewAggregate(errs)
}
