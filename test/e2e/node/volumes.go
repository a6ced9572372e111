package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mount makes the volumes, and returns what leads from the paths in the container to them.
func (p *pod) mount(ctx context.Context) (*strings.Replacer, error) {
	folders := map[string]string{}
	for _, volume := range p.object.Spec.Volumes {
		// What is claimed outlives the pod.
		folder := filepath.Join(p.node.config.Dir, "pods", string(p.object.UID), volume.Name)
		if claim := volume.PersistentVolumeClaim; claim != nil {
			folder = filepath.Join(p.node.config.Dir, "claims", p.object.Namespace, claim.ClaimName)
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
		if volume.Secret != nil {
			if err := p.write(ctx, volume.Secret.SecretName, folder); err != nil {
				return nil, fmt.Errorf("mount the volume %s: %w", volume.Name, err)
			}
		}
		folders[volume.Name] = folder
	}
	var pairs []string
	for _, mount := range p.container().VolumeMounts {
		pairs = append(pairs, mount.MountPath+"/", folders[mount.Name]+"/")
	}
	return strings.NewReplacer(pairs...), nil
}

func (p *pod) write(ctx context.Context, secret, folder string) error {
	found, err := p.node.client.CoreV1().Secrets(p.object.Namespace).Get(ctx, secret, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for key, content := range found.Data {
		if err := os.WriteFile(filepath.Join(folder, key), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
