package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
	"github.com/live-secrets/external-secrets-apiserver/pkg/etcdclient"
)

// DefaultBump is what etcd's documentation recommends: no store is changed a thousand million times while nobody makes a
// backup.
const DefaultBump = 1_000_000_000

// lostAndFound is in the root of a new volume.
const lostAndFound = "lost+found"

// ErrInUse is of a data directory that a server runs on.
var ErrInUse = errors.New("a server runs on it: stop it first")

// Restored is a store that was made of a snapshot.
type Restored struct {
	// From is what was in the snapshot.
	From Info
	// Revision is where the store goes on.
	Revision int64
}

// Restore makes the data of the embedded etcd in dir of a snapshot. The directory must not hold anything, and holds the whole
// store or nothing afterwards. Revisions go on higher by bump, what was before counts as compacted, and the store has no id: the
// server draws a new one, by which the cluster knows that objects may be missing from it.
func Restore(ctx context.Context, file, dir string, layout Layout, bump uint64) (Restored, error) {
	// What etcd cannot read makes it panic.
	from, err := Inspect(file, layout)
	if err != nil {
		return Restored{}, err
	}
	if err := isVacant(ctx, dir); err != nil {
		return Restored{}, fmt.Errorf("restore into %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Restored{}, fmt.Errorf("make the data directory: %w", err)
	}
	scratch, err := os.MkdirTemp(dir, partial+"*")
	if err != nil {
		return Restored{}, fmt.Errorf("make a directory in %s: %w", dir, err)
	}
	revision, err := restoreBy(ctx, scratch, file, dir, layout.IDKey, bump)
	return Restored{From: from, Revision: revision}, errors.Join(err, os.RemoveAll(scratch))
}

// restoreBy makes the store in a directory beside, and starts it there once: what cannot be served is not put in its place.
func restoreBy(ctx context.Context, scratch, file, dir, idKey string, bump uint64) (revision int64, err error) {
	if err := embeddedetcd.Unpack(file, scratch, bump); err != nil {
		return 0, err
	}
	if revision, err = disown(ctx, scratch, idKey); err != nil {
		return 0, fmt.Errorf("start what was restored: %w", err)
	}
	return revision, embeddedetcd.Move(scratch, dir)
}

// disown takes the id from the store in dir.
func disown(ctx context.Context, dir, idKey string) (revision int64, err error) {
	server, err := embeddedetcd.Start(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer server.Close()
	client, err := etcdclient.Dial(storagebackend.TransportConfig{ServerList: []string{server.Endpoint()}})
	if err != nil {
		return 0, err
	}
	answer, err := client.Delete(ctx, idKey)
	if err := errors.Join(err, client.Close()); err != nil {
		return 0, fmt.Errorf("delete %s: %w", idKey, err)
	}
	return answer.Header.GetRevision(), nil
}

// Spool writes a snapshot that comes from elsewhere into a directory to restore into, for Restore. remove removes it.
func Spool(r io.Reader, dir string) (file string, remove func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("make the data directory: %w", err)
	}
	spooled, err := os.CreateTemp(dir, partial+"*")
	if err != nil {
		return "", nil, fmt.Errorf("make a file in %s: %w", dir, err)
	}
	if _, err := io.Copy(spooled, r); err != nil {
		return "", nil, errors.Join(fmt.Errorf("read the snapshot: %w", err), removed(spooled))
	}
	return spooled.Name(), func() error { return removed(spooled) }, nil
}

// isVacant is an error where there is anything in dir but what is being restored, or was and did not come to its end.
func isVacant(ctx context.Context, dir string) error {
	if _, err := embeddedetcd.Find(ctx, dir); err == nil {
		return ErrInUse
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name != lostAndFound && !strings.HasPrefix(name, partial) {
			return fmt.Errorf("it is not empty, there is %s: name a new directory, or move away what is there", filepath.Join(dir, entry.Name()))
		}
	}
	return nil
}
