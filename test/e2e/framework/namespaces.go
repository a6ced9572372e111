package framework

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// limit does what the component namespaces of artifacts/deploy does, for several namespaces, and returns the server's flag for
// them. Without namespaces it does nothing.
func (e *Environment) limit(ctx context.Context, namespaces []string) (args []string, err error) {
	if len(namespaces) == 0 {
		return nil, nil
	}
	manifests, err := ManifestDir()
	if err != nil {
		return nil, err
	}
	bindings, err := os.ReadFile(filepath.Join(manifests, "namespaces", "rolebindings.yaml"))
	if err != nil {
		return nil, err
	}
	cp, admin := e.ControlPlane, e.ControlPlane.AdminKubeconfig()
	for _, piece := range []string{":reader", ":materializer"} {
		if _, _, err := cp.Kubectl(ctx, admin, "delete", "clusterrolebinding", serverName+piece); err != nil {
			return nil, err
		}
	}
	for _, namespace := range namespaces {
		if _, _, err := cp.Kubectl(ctx, admin, "create", "namespace", namespace); err != nil {
			return nil, err
		}
		bound := strings.ReplaceAll(string(bindings), "namespace: default", "namespace: "+namespace)
		if _, _, err := cp.KubectlInput(ctx, admin, strings.NewReader(bound), "apply", "-f", "-"); err != nil {
			return nil, err
		}
	}
	return []string{"--watch-namespaces=" + strings.Join(namespaces, ",")}, nil
}
