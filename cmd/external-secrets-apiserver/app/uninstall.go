package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
	"github.com/live-secrets/external-secrets-apiserver/pkg/uninstall"
)

// workloads are what may run the server.
var workloads = map[string]schema.GroupVersionResource{
	"statefulset": {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"deployment":  {Group: "apps", Version: "v1", Resource: "deployments"},
}

// removal is the flags of the subcommand uninstall.
type removal struct {
	kubeconfig, namespace, workload, service string
	owned, namespaces                        []string
}

func newUninstallCommand(ctx context.Context) *cobra.Command {
	server := options.New()
	r := &removal{
		namespace: server.Namespace, service: server.ServingCert.Service,
		workload: "statefulset/" + server.ServingCert.Service, owned: []string{"secrets"},
	}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Take the server out of a cluster, and leave the Secrets",
		Long: `Take the server out of a cluster, and leave the Secrets: its workload is deleted, then the owners of Secrets are taken off, by
which the cluster would delete them, then the APIService (docs/operations/install.md). The store stays.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			config, err := r.config()
			if err != nil {
				return fmt.Errorf("uninstall: %w", err)
			}
			if err := uninstall.Run(ctx, config); err != nil {
				return fmt.Errorf("uninstall: %w", err)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.kubeconfig, "kubeconfig", r.kubeconfig, "File of the configuration by which the cluster is reached; left empty, that of the pod.")
	flags.StringVar(&r.namespace, "namespace", r.namespace, "Namespace that the server runs in.")
	flags.StringVar(&r.workload, "workload", r.workload, "What runs the server: statefulset/NAME or deployment/NAME. It need not exist.")
	flags.StringVar(&r.service, "service", r.service, "Name of the Service that the APIService leads to. An APIService that leads elsewhere is left alone.")
	flags.StringSliceVar(&r.owned, "owned", r.owned, "Resources that ExternalSecrets may own, as RESOURCE or RESOURCE.GROUP, comma-separated.")
	flags.StringSliceVar(&r.namespaces, "owned-namespaces", r.namespaces, "Namespaces that these are looked for in, comma-separated; left empty, all.")
	// The server's own help shows sections of flags, and no commands.
	plain := &cobra.Command{}
	cmd.SetUsageFunc(plain.UsageFunc())
	cmd.SetHelpFunc(plain.HelpFunc())
	return cmd
}

func (r *removal) config() (uninstall.Config, error) {
	kind, name, _ := strings.Cut(r.workload, "/")
	resource, known := workloads[strings.ToLower(kind)]
	if !known || name == "" {
		return uninstall.Config{}, fmt.Errorf("--workload must be statefulset/NAME or deployment/NAME, is %q", r.workload)
	}
	// Without a file this is the configuration of the pod.
	host, err := clientcmd.BuildConfigFromFlags("", r.kubeconfig)
	if err != nil {
		return uninstall.Config{}, fmt.Errorf("find the cluster: %w", err)
	}
	host.QPS = -1
	config := uninstall.Config{
		Resource:    resource,
		Workload:    types.NamespacedName{Namespace: r.namespace, Name: name},
		Service:     types.NamespacedName{Namespace: r.namespace, Name: r.service},
		APIServices: []string{"v1." + v1.GroupName, "v1alpha1." + v1.GroupName},
		Namespaces:  r.namespaces,
		Logger:      apiserver.Logger(),
	}
	if config.Metadata, err = metadata.NewForConfig(host); err != nil {
		return uninstall.Config{}, fmt.Errorf("set up the client of objects: %w", err)
	}
	if config.Dynamic, err = dynamic.NewForConfig(host); err != nil {
		return uninstall.Config{}, fmt.Errorf("set up the client of APIServices: %w", err)
	}
	config.Owned, err = r.resources(host)
	return config, err
}

// resources asks the cluster in which version it serves what may be owned.
func (r *removal) resources(host *rest.Config) ([]schema.GroupVersionResource, error) {
	client, err := discovery.NewDiscoveryClientForConfig(host)
	if err != nil {
		return nil, fmt.Errorf("set up the client of discovery: %w", err)
	}
	// A group that cannot be discovered, as this server's own, keeps no other from being found.
	served, err := restmapper.GetAPIGroupResources(client)
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("discover the cluster's resources: %w", err)
	}
	mapper := restmapper.NewDiscoveryRESTMapper(served)
	var found []schema.GroupVersionResource
	for _, name := range r.owned {
		resource, err := mapper.ResourceFor(schema.ParseGroupResource(name).WithVersion(""))
		if meta.IsNoMatchError(err) {
			return nil, fmt.Errorf("--owned: the cluster does not serve %s", name)
		}
		if err != nil {
			return nil, fmt.Errorf("--owned: %w", err)
		}
		found = append(found, resource)
	}
	return found, nil
}
