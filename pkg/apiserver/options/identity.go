package options

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/util/uuid"
)

// identity names this replica in the election. With an embedded etcd it belongs to the data: nobody else can lead with
// them, and a process that was killed takes its Lease up again at once.
func (o *Options) identity() (string, error) {
	if o.EmbedsEtcd() {
		return storedIdentity(o.DataDir)
	}
	hostname, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("name this replica: %w", err)
	}
	return hostname + "_" + string(uuid.NewUUID()), nil
}

func storedIdentity(dir string) (string, error) {
	path := filepath.Join(dir, "identity")
	text, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the identity of the store: %w", err)
	}
	identity := string(uuid.NewUUID())
	if err := os.WriteFile(path, []byte(identity+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write the identity of the store: %w", err)
	}
	return identity, nil
}
