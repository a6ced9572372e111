package framework

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// Replicas are servers that share an etcd of three members, behind one address that leads to those which are ready.
type Replicas struct {
	Servers []*Server
	Etcd    *controlplane.EtcdCluster

	env      *Environment
	balancer *balancer

	mu sync.Mutex
	// known are the ports of servers that were started once. They stay the same.
	known []int
}

// startReplicas starts them and returns when the API is served through kube-apiserver.
func (e *Environment) startReplicas(ctx context.Context, count int, args []string) (*Replicas, error) {
	etcd, err := e.ControlPlane.StartEtcdCluster(ctx, "store")
	if err != nil {
		return nil, err
	}
	files := etcd.Client()
	args = append([]string{
		"--etcd-servers=" + strings.Join(etcd.URLs(), ","),
		"--etcd-cafile=" + files.CA, "--etcd-certfile=" + files.Cert, "--etcd-keyfile=" + files.Key,
		"--leader-elect",
	}, args...)
	r := &Replicas{Etcd: etcd, env: e}
	for i := range count {
		s := &Server{env: e, ready: readyPath}
		if err := s.describe(fmt.Sprintf("%s-%d", serverName, i), args); err != nil {
			return nil, err
		}
		r.Servers = append(r.Servers, s)
	}
	if r.balancer, err = startBalancer(e.ControlPlane.CA(), r.ports); err != nil {
		return nil, err
	}
	if err := r.start(ctx); err != nil {
		return nil, errors.Join(err, r.balancer.stop())
	}
	return r, nil
}

func (r *Replicas) start(ctx context.Context) error {
	for _, s := range r.Servers {
		if err := s.start(ctx); err != nil {
			return err
		}
		r.mu.Lock()
		r.known = append(r.known, s.program.Port())
		r.mu.Unlock()
	}
	registered := controlplane.APIService{
		Group: v1.GroupName, Version: v1.SchemeGroupVersion.Version,
		Namespace: serverNamespace, Service: serverName, Port: r.balancer.port(),
	}
	if !r.env.managedCertificate {
		registered.CABundle = r.env.ControlPlane.CA()
	}
	if err := r.env.ControlPlane.RegisterAPIService(ctx, registered); err != nil {
		return err
	}
	return r.Servers[0].awaitDiscovery(ctx)
}

func (r *Replicas) ports() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.known)
}

// Config is Server.Config for whichever replica answers.
func (r *Replicas) Config(t testing.TB, user string, groups ...string) *rest.Config {
	t.Helper()
	config, err := r.env.ControlPlane.UserConfig(user, groups...)
	require.NoError(t, err)
	config.Host = "https://" + r.balancer.address()
	return config
}

// Ready are the servers that get new connections now.
func (r *Replicas) Ready() []*Server {
	ready := r.balancer.ready()
	return slices.DeleteFunc(slices.Clone(r.Servers), func(s *Server) bool { return !slices.Contains(ready, s.program.Port()) })
}

// Leader is the replica that writes Secrets, nil while none says so.
func (r *Replicas) Leader(t testing.TB, asked ...*Server) *Server {
	t.Helper()
	if len(asked) == 0 {
		asked = r.Servers
	}
	for _, s := range asked {
		if s.PID() == 0 {
			continue
		}
		if _, body := s.Fetch(t, "/metrics"); strings.Contains(string(body), "\nexternal_secrets_leader 1") {
			return s
		}
	}
	return nil
}

// AwaitLeader waits until one of the servers asked writes Secrets, and returns it.
func (r *Replicas) AwaitLeader(t testing.TB, asked ...*Server) (leader *Server) {
	t.Helper()
	Eventually(t, "a replica leads", func(context.Context) error {
		if leader = r.Leader(t, asked...); leader == nil {
			return errors.New("none does")
		}
		return nil
	})
	return leader
}

// Store returns a client of the etcd that the replicas share. The caller closes it.
func (r *Replicas) Store() (Etcd, error) { return dialEtcd(r.Etcd.URLs(), r.Etcd.Client()) }

// stop ends what is not a process. It returns what went wrong in the servers unnoticed.
func (r *Replicas) stop() error {
	errs := []error{r.balancer.stop()}
	for _, s := range r.Servers {
		errs = append(errs, s.complaint())
	}
	return errors.Join(errs...)
}
