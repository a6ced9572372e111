package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// cluster is what a row runs in: a control plane, the server, a provider, and etcds that can be asked what was written.
type cluster struct {
	row Row
	set settings

	env      *framework.Environment
	server   process
	fleet    *fleet.Fleet
	secrets  *fleet.Secrets
	host     kubernetes.Interface
	client   versioned.Interface
	hostEtcd framework.Etcd
	ownEtcd  framework.Etcd

	closers []func() error
}

// newCluster starts everything. The caller closes it, also where it is returned with an error.
func newCluster(ctx context.Context, r Row, set settings) (*cluster, error) {
	c := &cluster{row: r, set: set}
	dir, err := c.directory()
	if err != nil {
		return c, err
	}
	options := framework.Options{
		// The framework looks for objects that are changed in place, which costs what it finds them with.
		ServerEnv:  append([]string{"KUBE_CACHE_MUTATION_DETECTOR=false"}, set.env...),
		ServerArgs: set.args,
	}
	if r.Apart {
		options.ServerArgs = append(options.ServerArgs, "--leader-elect")
	}
	if set.profile != "" {
		options.ServerArgs = append(options.ServerArgs, "--profiling=true")
	}
	if c.env, err = framework.Start(ctx, dir, options); err != nil {
		return c, err
	}
	c.closers = append(c.closers, c.env.Stop)
	c.server = process(c.env.Server.PID())
	return c, c.connect(ctx)
}

func (c *cluster) directory() (string, error) {
	if c.set.logs != "" {
		if err := os.MkdirAll(c.set.logs, 0o755); err != nil {
			return "", err
		}
		return os.MkdirTemp(c.set.logs, c.row.Name+"-")
	}
	dir, err := os.MkdirTemp("", "bench-")
	c.closers = append(c.closers, func() error { return os.RemoveAll(dir) })
	return dir, err
}

// connect makes the clients and the provider.
func (c *cluster) connect(ctx context.Context) error {
	config := c.env.ControlPlane.RESTConfig()
	// That a key does not exist, say, is told by an error where it matters.
	config.WarningHandler = rest.NoWarnings{}
	var err error
	if c.client, err = versioned.NewForConfig(config); err != nil {
		return err
	}
	protobuf := rest.CopyConfig(config)
	protobuf.ContentType = "application/vnd.kubernetes.protobuf"
	if c.host, err = kubernetes.NewForConfig(protobuf); err != nil {
		return err
	}
	if c.hostEtcd, err = c.env.HostEtcd(); err != nil {
		return err
	}
	c.closers = append(c.closers, c.hostEtcd.Close)
	if c.ownEtcd, err = c.env.Server.Etcd(); err != nil {
		return err
	}
	c.closers = append(c.closers, c.ownEtcd.Close)

	c.fleet = &fleet.Fleet{Size: c.row.Size, Name: "fleet", Provider: c.provider(c.row.Size), Host: c.host, Client: c.client}
	watching, stop := context.WithCancel(ctx)
	c.closers = append(c.closers, func() error { stop(); return nil })
	c.secrets, err = c.fleet.Watch(watching)
	return err
}

// provider starts a provider of the row's kind, which ends with the cluster.
func (c *cluster) provider(size fleet.Size) fleet.Provider {
	var p fleet.Provider
	if c.row.Provider == infisical {
		p = fleet.NewInfisical(size)
	} else {
		p = fleet.NewConnect(size)
	}
	c.closers = append(c.closers, func() error { p.Harness().Close(); return nil })
	return p
}

// close ends everything, what was started last first.
func (c *cluster) close() error {
	var errs []error
	for i := len(c.closers) - 1; i >= 0; i-- {
		errs = append(errs, c.closers[i]())
	}
	return errors.Join(errs...)
}

// cost is what something took of the server.
type cost struct {
	CPUSeconds float64 `json:"cpuSeconds"`
	// Requests are those that arrived at the provider, by route.
	Requests map[string]int `json:"requests"`
}

// measured tells what do costs the server and the provider, and profiles it where that is wanted.
func (c *cluster) measured(ctx context.Context, phase string, do func() error) (spent cost, err error) {
	profiled := c.profile(ctx, phase)
	defer func() { err = errors.Join(err, profiled()) }()
	requests := c.fleet.Provider.Harness().Requests
	before, err := c.server.cpu()
	if err != nil {
		return cost{}, err
	}
	requests.Reset()
	if err := do(); err != nil {
		return cost{}, err
	}
	counts := requests.Counts()
	after, err := c.server.cpu()
	return cost{CPUSeconds: after - before, Requests: counts}, err
}

// measure runs a row.
func measure(ctx context.Context, r Row, set settings) (result *Result, err error) {
	c, err := newCluster(ctx, r, set)
	defer func() { err = errors.Join(err, c.close()) }()
	if err != nil {
		return nil, err
	}
	if err := c.fleet.Prepare(ctx); err != nil {
		return nil, err
	}
	result = &Result{Row: r}
	for _, phase := range c.phases() {
		if !set.phases.MatchString(phase.name) {
			continue
		}
		if err := phase.run(ctx, result); err != nil {
			return nil, fmt.Errorf("%s: %w", phase.name, err)
		}
	}
	return result, nil
}

// phase is a part of a row.
type phase struct {
	name string
	run  func(context.Context, *Result) error
}

func (c *cluster) phases() []phase {
	if c.row.Apart {
		return []phase{{"from nothing, apart", c.measureApart}}
	}
	return []phase{
		{"bare Secrets", c.measureBare},
		{"from nothing", c.measureFill},
		{"nothing changing", c.measureSteady},
		{"changes", c.measureChanges},
		{"changes all the time", c.measureSoak},
		{"reads", c.measureReads},
		{"a store that hangs", c.measureHang},
	}
}
