package options

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	genericfeatures "k8s.io/apiserver/pkg/features"
	genericapiserver "k8s.io/apiserver/pkg/server"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
)

// admissionKinds maps admission plugins that watch the host to the resource of admissionregistration.k8s.io/v1 that they
// cannot do without. Hosts before 1.36 do not serve all of them.
var admissionKinds = map[string]string{
	"MutatingAdmissionPolicy":   "mutatingadmissionpolicies",
	"ValidatingAdmissionPolicy": "validatingadmissionpolicies",
}

// Config makes the server's Config. It reads from the host what its delegated authentication needs, and which kinds of
// admission it has.
func (o *Options) Config(ctx context.Context) (*apiserver.Config, error) {
	host, err := o.hostConfig()
	if err != nil {
		return nil, fmt.Errorf("find the host cluster: %w", err)
	}
	if err := o.leaveOutAdmission(host); err != nil {
		return nil, err
	}
	// The answer to an unauthenticated request closes its HTTP/2 connection under this gate, and all of the aggregator's
	// requests share one.
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{
		string(genericfeatures.UnauthenticatedHTTP2DOSMitigation): false,
	}); err != nil {
		return nil, fmt.Errorf("set feature gates: %w", err)
	}

	reach, err := egress.New(o.AllowedProviderHosts, host.Host)
	if err != nil {
		return nil, err
	}
	identity, err := o.identity()
	if err != nil {
		return nil, err
	}

	settings := o.Settings
	settings.WatchNamespaces = o.watchNamespaces()
	generic := genericapiserver.NewRecommendedConfig(serializer.NewCodecFactory(o.scheme))
	config := &apiserver.Config{
		Generic: generic,
		Scheme:  o.scheme,
		Extra: apiserver.Extra{
			Settings:    settings,
			Host:        host,
			Reach:       reach,
			Identity:    identity,
			ServingCert: o.ServingCertConfig(),
			Etcd:        o.Recommended.Etcd.StorageConfig.Transport,
			EtcdPrefix:  o.Recommended.Etcd.StorageConfig.Prefix,
			EmbedsEtcd:  o.EmbedsEtcd(),
		},
	}
	generic.ShutdownDelayDuration = o.ShutdownDelay
	config.ApplyDefaults()
	if err := o.loadClientCA(ctx); err != nil {
		return nil, fmt.Errorf("look up the authorities of the host's clients: %w", err)
	}
	if err := o.startTracing(ctx, config, identity); err != nil {
		return nil, err
	}
	if err := o.applyRecommended(generic); err != nil {
		return nil, fmt.Errorf("configure the API server: %w", err)
	}
	return config, nil
}

// hostConfig is for the clients of the host. They are not limited here: the host's priority and fairness knows better what
// it can take, and a thousand new Secrets should not trickle.
func (o *Options) hostConfig() (*rest.Config, error) {
	config, err := clusterConfig(o.Recommended.CoreAPI.CoreAPIKubeconfigPath)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return config, nil
}

// leaveOutAdmission disables plugins whose kinds the host does not serve: they would wait for them, and every write with
// them.
func (o *Options) leaveOutAdmission(host *rest.Config) error {
	client, err := discovery.NewDiscoveryClientForConfig(host)
	if err != nil {
		return fmt.Errorf("discover the host's admission: %w", err)
	}
	served, err := client.ServerResourcesForGroupVersion("admissionregistration.k8s.io/v1")
	if err != nil && !errors.IsNotFound(err) {
		return fmt.Errorf("discover the host's admission: %w", err)
	}
	var names []string
	if served != nil {
		for i := range served.APIResources {
			names = append(names, served.APIResources[i].Name)
		}
	}
	admission := o.Recommended.Admission
	for plugin, resource := range admissionKinds {
		if !slices.Contains(names, resource) && !slices.Contains(admission.DisablePlugins, plugin) {
			admission.DisablePlugins = append(admission.DisablePlugins, plugin)
		}
	}
	return nil
}
