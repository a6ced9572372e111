package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// etcdMembers is the least number of which one may be lost.
const etcdMembers = 3

// EtcdCluster is an etcd of three members beside that of kube-apiserver, for aggregated servers with several replicas. Clients
// and members authenticate each other by TLS. It ends with the control plane.
type EtcdCluster struct {
	cp      *ControlPlane
	members []*component
	client  TLSFiles
}

// StartEtcdCluster starts a cluster below the control plane's folder and returns when all of it answers.
func (cp *ControlPlane) StartEtcdCluster(ctx context.Context, name string) (*EtcdCluster, error) {
	cluster := &EtcdCluster{cp: cp, client: cp.certificates.etcdClient}
	if err := cluster.describe(name); err != nil {
		return nil, fmt.Errorf("preparing the etcd cluster %s: %w", name, err)
	}
	// The first member serves when the second has joined it.
	starts := make([]error, etcdMembers)
	for i, member := range cluster.members {
		starts[i] = cp.startComponent(ctx, member)
	}
	if err := errors.Join(starts...); err != nil {
		return nil, fmt.Errorf("starting the etcd cluster %s: %w", name, err)
	}
	return cluster, cluster.awaitAll(ctx)
}

// describe gives each member its ports, which all have to know before any of them starts.
func (c *EtcdCluster) describe(name string) error {
	dir := filepath.Join(c.cp.options.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	pair, err := c.cp.certificates.etcd.peer(loopback, "localhost")
	if err != nil {
		return err
	}
	files, err := pair.write(dir, "member")
	if err != nil {
		return err
	}
	files.CA = c.client.CA
	ports, err := freePorts(2 * etcdMembers)
	if err != nil {
		return err
	}
	var initial []string
	for i := range etcdMembers {
		initial = append(initial, fmt.Sprintf("%s-%d=https://%s", name, i, hostPort(ports[2*i+1])))
	}
	for i := range etcdMembers {
		member := &component{
			name: fmt.Sprintf("%s-%d", name, i), path: c.cp.paths.Etcd, ports: ports[2*i : 2*i+2], portCount: 2,
		}
		member.args = func(ports []int) []string { return memberArgs(member.name, dir, files, initial, ports) }
		member.ready = func(ctx context.Context) error { return isListening(ctx, member.ports[1]) }
		c.members = append(c.members, member)
	}
	c.cp.lifecycle.Lock()
	defer c.cp.lifecycle.Unlock()
	c.cp.programs = append(c.cp.programs, c.members...)
	return nil
}

func memberArgs(name, dir string, files TLSFiles, initial []string, ports []int) []string {
	client, peer := "https://"+hostPort(ports[0]), "https://"+hostPort(ports[1])
	return []string{
		"--name=" + name,
		"--data-dir=" + filepath.Join(dir, name),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=" + strings.Join(initial, ","),
		"--cert-file=" + files.Cert,
		"--key-file=" + files.Key,
		"--client-cert-auth",
		"--trusted-ca-file=" + files.CA,
		"--peer-cert-file=" + files.Cert,
		"--peer-key-file=" + files.Key,
		"--peer-client-cert-auth",
		"--peer-trusted-ca-file=" + files.CA,
		// The data need not survive a crash of the machine, only of a process.
		"--unsafe-no-fsync",
	}
}

func isListening(ctx context.Context, port int) error {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", hostPort(port))
	if err != nil {
		return err
	}
	return connection.Close()
}

// URLs are where the members listen for clients.
func (c *EtcdCluster) URLs() []string {
	var urls []string
	for _, member := range c.members {
		urls = append(urls, "https://"+hostPort(member.ports[0]))
	}
	return urls
}

// Client are the files with which a client authenticates.
func (c *EtcdCluster) Client() TLSFiles { return c.client }

// Kill ends a member without giving it a chance to tidy up.
func (c *EtcdCluster) Kill(member int) error {
	return (&Program{cp: c.cp, component: c.members[member]}).Kill()
}

// Start starts a member that was killed, with its data, and returns when it answers.
func (c *EtcdCluster) Start(ctx context.Context, member int) error {
	if err := c.cp.startComponent(ctx, c.members[member]); err != nil {
		return err
	}
	return c.await(ctx, member)
}

func (c *EtcdCluster) awaitAll(ctx context.Context) error {
	errs := make([]error, len(c.members))
	var waiting sync.WaitGroup
	for i := range c.members {
		waiting.Go(func() { errs[i] = c.await(ctx, i) })
	}
	waiting.Wait()
	return errors.Join(errs...)
}

// await waits until a member answers, which it does with most of the others alone.
func (c *EtcdCluster) await(ctx context.Context, member int) error {
	ready, err := answersOK(c.client, func() string { return c.URLs()[member] + "/health" })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready within %s", startTimeout))
	defer cancel()
	if err := poll(ctx, ready); err != nil {
		return fmt.Errorf("waiting for %s: %w", c.members[member].name, err)
	}
	return nil
}
