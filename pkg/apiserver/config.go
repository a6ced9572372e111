package apiserver

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"
	"k8s.io/apimachinery/pkg/runtime"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/version"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/audit"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/readmode"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/pushsecret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/servingcert"
)

// groupPath is where the group is served.
const groupPath = "/apis/" + v1.GroupName + "/"

// watchGrace is how long a shutdown takes to end the watches, so that their clients do not come back all at once.
const watchGrace = 2 * time.Second

// Extra is what this server is configured with beyond a generic API server.
type Extra struct {
	Settings

	// Host is the cluster that the server extends.
	Host *rest.Config
	// Reach is where the stores of a namespace may connect.
	Reach *egress.Policy
	// Identity tells this replica from the others in the election.
	Identity string
	// ServingCert says which Secret the serving certificate is in; nil where it is in files.
	ServingCert *servingcert.Config
	// Etcd is where objects are stored, below EtcdPrefix.
	Etcd       storagebackend.TransportConfig
	EtcdPrefix string
	// EmbedsEtcd is set where this process runs that etcd itself.
	EmbedsEtcd bool
	// Tracing begins traces; nil for none. Trace sets it.
	Tracing trace.TracerProvider
}

// decider is what the materializer and previews decide by.
func (e Extra) decider() outcome.Decider {
	return outcome.Decider{AuthorizeTakeover: e.AuthorizeTakeover}
}

// scope is what of the host is seen. The record of the store is, wherever the server runs.
func (e Extra) scope() host.Scope {
	record := host.Object{Kind: host.KindConfigMap, Namespace: e.Namespace, Name: fence.RecordName}
	return host.Scope{Namespaces: e.WatchNamespaces, Besides: []host.Object{record}}
}

// Config is what a server is made of.
type Config struct {
	Generic *genericapiserver.RecommendedConfig
	Scheme  *runtime.Scheme
	Extra   Extra
}

// ApplyDefaults sets what options build upon: the OpenAPI definitions and the handler chain.
func (c *Config) ApplyDefaults() {
	c.Generic.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	// Watches never end by themselves: without a grace period they would hold a shutdown for a minute. Requests that come
	// while it drains are asked to try again.
	c.Generic.ShutdownWatchTerminationGracePeriod = watchGrace
	c.Generic.ShutdownSendRetryAfter = true
	applyOpenAPI(&c.Generic.Config, c.Scheme, version.Get().GitVersion)
	c.Generic.BuildHandlerChainFunc = func(api http.Handler, config *genericapiserver.Config) http.Handler {
		return handlerChain(pushsecret.Handler(c.Scheme, readmode.Handler(groupPath, api)), config)
	}
}

// Complete fills in what follows from other fields. Only a completed config makes a server.
func (c *Config) Complete() CompletedConfig {
	c.Generic.AuditPolicyRuleEvaluator = audit.Clamp(c.Generic.AuditPolicyRuleEvaluator, v1.GroupName, "secret")
	return CompletedConfig{&completedConfig{
		generic:    c.Generic.Complete(),
		scheme:     c.Scheme,
		authorizer: c.Generic.Authorization.Authorizer,
		extra:      c.Extra,
	}}
}

// CompletedConfig cannot be made but by Complete.
type CompletedConfig struct {
	*completedConfig
}
