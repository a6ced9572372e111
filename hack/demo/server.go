package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// What an installation from artifacts/deploy is called.
const (
	serverName      = "external-secrets-apiserver"
	serverNamespace = "external-secrets"
)

// installed are the manifests of artifacts/deploy that need no node to run on.
var installed = []string{"namespace.yaml", "serviceaccount.yaml", "rbac-server.yaml", "rbac-materializer.yaml", "rbac-users.yaml"}

// startServer installs the server's rights, starts it as its service account
// beside the control plane, and registers it.
func (c *cluster) startServer(ctx context.Context, binary string) error {
	for _, file := range installed {
		_, _, err := c.controlPlane.Kubectl(ctx, c.kubeconfig, "apply", "-f", filepath.Join("artifacts", "deploy", file))
		if err != nil {
			return err
		}
	}
	kubeconfig, err := c.controlPlane.ServiceAccountKubeconfig(ctx, serverNamespace, serverName)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.dir, "server")
	args, err := c.serverArgs(dir, kubeconfig)
	if err != nil {
		return err
	}
	c.server, err = c.controlPlane.NewProgram(controlplane.ProgramOptions{
		Name:      serverName,
		Path:      binary,
		Args:      func(port int) []string { return append(args, "--secure-port="+strconv.Itoa(port)) },
		Env:       c.providers.environment,
		ReadyPath: "/readyz",
	})
	if err != nil {
		return err
	}
	if err := c.server.Start(ctx); err != nil {
		return err
	}
	return c.controlPlane.RegisterAPIService(ctx, controlplane.APIService{
		Group: v1.GroupName, Version: v1.SchemeGroupVersion.Version,
		Namespace: serverNamespace, Service: serverName,
		Port: c.server.Port(), CABundle: c.controlPlane.CA(),
	})
}

// serverArgs writes the serving certificate and returns the command line but for
// the port.
func (c *cluster) serverArgs(dir, kubeconfig string) ([]string, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	cert, key, _, err := c.controlPlane.ServingCert(serverName+"."+serverNamespace+".svc", "127.0.0.1")
	if err != nil {
		return nil, err
	}
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if err := errors.Join(os.WriteFile(certFile, cert, 0o644), os.WriteFile(keyFile, key, 0o600)); err != nil {
		return nil, err
	}
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--tls-cert-file=" + certFile,
		"--tls-private-key-file=" + keyFile,
		"--data-dir=" + filepath.Join(dir, "data"),
	}, nil
}
