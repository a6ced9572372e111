package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// cluster is all that runs.
type cluster struct {
	dir          string
	controlPlane *controlplane.ControlPlane
	providers    *providers
	server       *controlplane.Program
	kubeconfig   string // of the administrator
}

// start starts the control plane, the providers, and the server.
func start(ctx context.Context, dir string, out io.Writer) (_ *cluster, err error) {
	c := &cluster{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.stop())
		}
	}()

	fmt.Fprint(out, "A Kubernetes control plane on loopback. The first time its binaries are built from Go modules, which takes about\n"+
		"eight minutes on two cores; they are kept in your cache folder.\n")
	if _, err := controlplane.Binaries(ctx, "", out); err != nil {
		return nil, err
	}
	err = timed(out, "etcd, kube-apiserver, kube-controller-manager", func() error {
		c.controlPlane, err = controlplane.Start(ctx, controlplane.Options{Dir: filepath.Join(dir, "controlplane"), Progress: out})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.copyKubeconfig(); err != nil {
		return nil, err
	}
	err = timed(out, "simulators of 1Password Connect and Infisical", func() error {
		c.providers, err = startProviders(dir)
		return err
	})
	if err != nil {
		return nil, err
	}
	var binary string
	err = timed(out, "build of external-secrets-apiserver (the first takes minutes)", func() error {
		binary, err = controlplane.Build(ctx, "cmd/external-secrets-apiserver", serverName)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, timed(out, "external-secrets-apiserver with the RBAC of artifacts/deploy", func() error {
		return c.startServer(ctx, binary)
	})
}

// timed does something and says how long it took.
func timed(out io.Writer, what string, do func() error) error {
	fmt.Fprintf(out, "  %s ... ", what)
	began := time.Now()
	if err := do(); err != nil {
		fmt.Fprintln(out, "failed")
		return err
	}
	fmt.Fprintf(out, "%.1f s\n", time.Since(began).Seconds())
	return nil
}

// copyKubeconfig puts the administrator's kubeconfig where it can be named.
func (c *cluster) copyKubeconfig() error {
	content, err := os.ReadFile(c.controlPlane.AdminKubeconfig())
	if err != nil {
		return err
	}
	c.kubeconfig = filepath.Join(c.dir, "kubeconfig")
	return os.WriteFile(c.kubeconfig, content, 0o600)
}

func (c *cluster) stop() error {
	var err error
	if c.controlPlane != nil {
		err = c.controlPlane.Stop()
	}
	if c.providers != nil {
		c.providers.close()
	}
	return err
}

// invite says how to go on by hand.
func (c *cluster) invite(out io.Writer) {
	fmt.Fprintf(out, `
Everything stays up until you press Ctrl-C. In another terminal:

  export KUBECONFIG=%s
  export PATH=%s:$PATH
  kubectl get externalsecrets -A -w

The providers are simulated; this changes a password in 1Password, and stops 1Password (start starts it again):

  curl -X PUT -d 'demo-another-not-real' %s/connect/vaults/pitower/items/my-app/fields/password
  curl -X POST %s/connect/stop

Logs are in %s.
`, c.kubeconfig, c.controlPlane.Paths().Dir, c.providers.controlURL, c.providers.controlURL, c.controlPlane.LogDir())
}
