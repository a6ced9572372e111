package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/etcdclient"
)

// answerTimeout is how long a member has to say that it is there.
const answerTimeout = 10 * time.Second

// Saved is a snapshot that was written.
type Saved struct {
	// Size is in bytes.
	Size int64
	// SHA256 is the hash that the snapshot ends with, in hexadecimal.
	SHA256 string
}

// Save writes a snapshot to a file, which only its owner may read. Under its name there is at any time what was there before or
// a whole snapshot: it is written beside, checked, and put on the disk before it gets its name.
func Save(ctx context.Context, etcd storagebackend.TransportConfig, path string) (saved Saved, err error) {
	err = writeFile(path, func(w io.Writer) error {
		saved, err = Stream(ctx, etcd, w)
		return err
	})
	return saved, err
}

// Stream writes a snapshot to w, from the first member that answers. What was written is worth nothing where it fails.
func Stream(ctx context.Context, etcd storagebackend.TransportConfig, w io.Writer) (Saved, error) {
	var silent []error
	for _, member := range etcdclient.Each(etcd) {
		client, err := etcdclient.Dial(member)
		if err != nil {
			return Saved{}, err
		}
		if err = answers(ctx, client); err == nil {
			saved, err := stream(ctx, client, w)
			return saved, errors.Join(err, client.Close())
		}
		silent = append(silent, fmt.Errorf("etcd at %s does not answer: %w", member.ServerList[0], err), client.Close())
	}
	return Saved{}, errors.Join(silent...)
}

// answers asks something small first: the client would go on trying for a snapshot.
func answers(ctx context.Context, client *clientv3.Client) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := pb.NewMaintenanceClient(client.ActiveConnection()).Status(ctx, &pb.StatusRequest{})
	return err
}

func stream(ctx context.Context, client *clientv3.Client, w io.Writer) (Saved, error) {
	// Whatever ends the copying ends the sending.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer, err := client.SnapshotWithVersion(ctx)
	if err != nil {
		return Saved{}, fmt.Errorf("ask etcd for a snapshot: %w", err)
	}
	defer answer.Snapshot.Close()
	var d digest
	if _, err := io.Copy(io.MultiWriter(w, &d), answer.Snapshot); err != nil {
		return Saved{}, fmt.Errorf("write the snapshot: %w", err)
	}
	sum, err := d.sum()
	if err != nil {
		return Saved{}, fmt.Errorf("what etcd sent is no snapshot: %w", err)
	}
	return Saved{Size: d.size, SHA256: sum}, nil
}
