// Package options has the flags of the server, and makes its Config of them.
package options

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"k8s.io/apimachinery/pkg/runtime"
)

const (
	etcdPrefix        = "/registry/external-secrets.io"
	defaultSecurePort = 8443
	// serviceDNS is the name that the aggregator of an installation from artifacts/deploy verifies the certificate for.
	serviceDNS = "external-secrets-apiserver.external-secrets.svc"
)

// Options is everything that flags set.
type Options struct {
	Recommended *genericoptions.RecommendedOptions
	Logs        *logs.Options

	// DataDir holds the embedded etcd, and the certificate that the server makes itself where none is given.
	DataDir string
	// LiveTimeout is how long a live GET waits for a provider.
	LiveTimeout time.Duration
	// ListTimeout is how long a live LIST waits for providers.
	ListTimeout time.Duration
	// ListFreshness is how old a picture may be that a live LIST is answered from.
	ListFreshness time.Duration
	// PollInterval is how often the leader asks a provider whether a scope changed.
	PollInterval time.Duration
	// FollowChanges has a change that polling saw written at once, before the refresh interval is over.
	FollowChanges bool
	// AuthorizeTakeover has an ExternalSecret take over a Secret that nobody manages only where its author may update it.
	AuthorizeTakeover bool
	// LeaderElect has one of several replicas write Secrets; without it, this one does.
	LeaderElect bool
	// ControllerClass is the spec.controller of the stores that this server handles.
	ControllerClass string
	// Namespace is where the server runs: its Lease lives there.
	Namespace string
	// MetricsBindAddress serves /metrics over plain HTTP; nothing when empty.
	MetricsBindAddress string
	// Workers is how many Secrets are written at a time.
	Workers int
	// GenericTargets lets ExternalSecrets write other kinds than Secret. What is written to them is not kept as Secrets are:
	// it may be readable by many, and not encrypted in etcd.
	GenericTargets bool
	// AcceptStore opens the fence to a store that is not the one that the cluster has on record, as the message of the fence
	// says: ID@REVISION.
	AcceptStore string

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
		Recommended:     recommended,
		Logs:            logs.NewOptions(),
		DataDir:         "external-secrets-data",
		LiveTimeout:     5 * time.Second,
		ListTimeout:     2 * time.Second,
		ListFreshness:   5 * time.Second,
		PollInterval:    10 * time.Second,
		FollowChanges:   true,
		ControllerClass: "default",
		Namespace:       "external-secrets",
		Workers:         16,
		scheme:          scheme,
	}
}

// Flags are the options' flags, in sections for --help.
func (o *Options) Flags() cliflag.NamedFlagSets {
	var sections cliflag.NamedFlagSets
	own := sections.FlagSet("external secrets")
	own.StringVar(&o.DataDir, "data-dir", o.DataDir,
		"Directory of the embedded etcd, which runs unless --etcd-servers is given, and of the serving certificate that is made unless one is given.")
	own.DurationVar(&o.LiveTimeout, "live-timeout", o.LiveTimeout, "How long a live GET waits for a provider before it answers with what is held.")
	own.DurationVar(&o.ListTimeout, "list-timeout", o.ListTimeout, "How long a live LIST waits for providers before it answers with what is held.")
	own.DurationVar(&o.ListFreshness, "list-freshness", o.ListFreshness, "How old a picture of a provider may be that a live LIST is answered from.")
	own.DurationVar(&o.PollInterval, "poll-interval", o.PollInterval, "How often the leader asks a provider whether anything changed, per vault or folder in use.")
	own.BoolVar(&o.FollowChanges, "follow-changes", o.FollowChanges, "Write a change that polling saw at once. With false, it waits for the refreshInterval, as with External Secrets Operator.")
	own.BoolVar(&o.AuthorizeTakeover, "authorize-takeover", o.AuthorizeTakeover, "Let an ExternalSecret take over a Secret that exists, and that no ExternalSecret manages, only if whoever wrote its spec may update that Secret. Without it, whoever may create ExternalSecrets may replace the data of any ordinary Secret of the namespace, as with External Secrets Operator.")
	own.BoolVar(&o.LeaderElect, "leader-elect", o.LeaderElect, "Have one of several replicas write Secrets, elected by a Lease. Without it, this replica does.")
	own.StringVar(&o.ControllerClass, "controller-class", o.ControllerClass, "Handle stores whose spec.controller is this or empty.")
	own.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace that the server runs in: its Lease is there, and the record of its store.")
	own.StringVar(&o.MetricsBindAddress, "metrics-bind-address", o.MetricsBindAddress, "Address (host:port) of plain HTTP for /metrics; none when empty. The secure port serves /metrics in any case, behind authorization.")
	own.IntVar(&o.Workers, "concurrent", o.Workers, "How many Secrets are written at a time.")
	own.BoolVar(&o.GenericTargets, validation.FlagGenericTargets, o.GenericTargets,
		"Let spec.target.manifest name other kinds than Secret. Values are then written where many may read them, and the server needs rights to the kinds.")
	own.StringVar(&o.AcceptStore, "accept-store", o.AcceptStore, "Serve a store that is not the one that the cluster has on record: the value (ID@REVISION) is in the message of the server that refuses to. Secrets whose ExternalSecrets the store lacks are deleted by the cluster.")

	o.Recommended.CoreAPI.AddFlags(sections.FlagSet("host cluster"))
	o.Recommended.Authentication.AddFlags(sections.FlagSet("host cluster"))
	o.Recommended.Authorization.AddFlags(sections.FlagSet("host cluster"))
	o.Recommended.SecureServing.AddFlags(sections.FlagSet("secure serving"))
	o.Recommended.Etcd.AddFlags(sections.FlagSet("etcd"))
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
// too, and the certificate that nobody gave is made in the data directory.
func (o *Options) Complete() error {
	if kubeconfig := o.Recommended.CoreAPI.CoreAPIKubeconfigPath; kubeconfig != "" {
		if o.Recommended.Authentication.RemoteKubeConfigFile == "" {
			o.Recommended.Authentication.RemoteKubeConfigFile = kubeconfig
		}
		if o.Recommended.Authorization.RemoteKubeConfigFile == "" {
			o.Recommended.Authorization.RemoteKubeConfigFile = kubeconfig
		}
	}
	serving := o.Recommended.SecureServing
	if serving.ServerCert.CertDirectory == "" && o.EmbedsEtcd() {
		serving.ServerCert.CertDirectory = filepath.Join(o.DataDir, "certificates")
	}
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", []string{serviceDNS}, []net.IP{net.IPv4(127, 0, 0, 1)}); err != nil {
		return fmt.Errorf("make a serving certificate: %w", err)
	}
	return nil
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
	if o.ListFreshness < 0 {
		errs = append(errs, fmt.Errorf("--list-freshness must not be negative, is %s", o.ListFreshness))
	}
	if o.Workers < 1 {
		errs = append(errs, fmt.Errorf("--concurrent must be at least 1, is %d", o.Workers))
	}
	if o.AcceptStore != "" && !fence.ValidAcceptance(o.AcceptStore) {
		errs = append(errs, fmt.Errorf("--accept-store must be ID@REVISION as the server's message has it, is %q", o.AcceptStore))
	}
	if o.MetricsBindAddress != "" {
		if _, _, err := net.SplitHostPort(o.MetricsBindAddress); err != nil {
			errs = append(errs, fmt.Errorf("--metrics-bind-address must be host:port: %w", err))
		}
	}
	if !o.EmbedsEtcd() {
		errs = append(errs, o.Recommended.Etcd.Validate()...)
	}
	errs = append(errs, o.Recommended.SecureServing.Validate()...)
	errs = append(errs, o.Recommended.Authentication.Validate()...)
	errs = append(errs, o.Recommended.Authorization.Validate()...)
	errs = append(errs, o.Recommended.Audit.Validate()...)
	errs = append(errs, o.Recommended.Admission.Validate()...)
	errs = append(errs, o.Recommended.Traces.Validate()...)
	return utilerrors.NewAggregate(errs)
}
