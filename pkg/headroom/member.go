package headroom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/etcdclient"
)

// Member is a member of etcd: *Etcd.
type Member interface {
	// Usage asks the member itself, and writes nothing.
	Usage(ctx context.Context) (Usage, error)
	// Compact drops what was overwritten or deleted by a revision, and returns when it is dropped.
	Compact(ctx context.Context, revision int64) error
	// Defragment writes the file anew without what is free. Reads and writes of the member wait.
	Defragment(ctx context.Context) error
	// Disarm takes the alarms back.
	Disarm(ctx context.Context) error
	Close()
}

// Etcd is a Member in reach of a client. It is not safe for concurrent use.
type Etcd struct {
	name   string
	config storagebackend.TransportConfig
	client *clientv3.Client
}

var _ Member = &Etcd{}

// NewEtcd is the member whose only server is in config, which is dialled when it is first asked.
func NewEtcd(name string, config storagebackend.TransportConfig) *Etcd {
	return &Etcd{name: name, config: config}
}

func (e *Etcd) dial() (*clientv3.Client, error) {
	if e.client != nil {
		return e.client, nil
	}
	client, err := etcdclient.Dial(e.config)
	e.client = client
	return client, err
}

// Usage implements Member.
func (e *Etcd) Usage(ctx context.Context) (Usage, error) {
	client, err := e.dial()
	if err != nil {
		return Usage{}, err
	}
	// Status of the client itself would connect anew each time.
	status, err := pb.NewMaintenanceClient(client.ActiveConnection()).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		return Usage{}, fmt.Errorf("ask for its status: %w", err)
	}
	return Usage{
		Name: e.name, Size: status.GetDbSize(), InUse: status.GetDbSizeInUse(), Quota: max(0, status.GetDbSizeQuota()),
		Full: isFull(status.GetErrors()), Revision: status.GetHeader().GetRevision(),
	}, nil
}

// isFull finds the alarm among a member's errors: to list alarms would be a write to its log.
func isFull(complaints []string) bool {
	return slices.ContainsFunc(complaints, func(c string) bool { return strings.Contains(c, pb.AlarmType_NOSPACE.String()) })
}

// Compact implements Member.
func (e *Etcd) Compact(ctx context.Context, revision int64) error {
	client, err := e.dial()
	if err == nil {
		_, err = client.Compact(ctx, revision, clientv3.WithCompactPhysical())
	}
	if errors.Is(err, rpctypes.ErrCompacted) {
		return nil
	}
	return err
}

// Defragment implements Member.
func (e *Etcd) Defragment(ctx context.Context) error {
	client, err := e.dial()
	if err == nil {
		_, err = client.Defragment(ctx, e.config.ServerList[0])
	}
	return err
}

// Disarm implements Member.
func (e *Etcd) Disarm(ctx context.Context) error {
	client, err := e.dial()
	if err == nil {
		// Those of all members: a store that was restored has the alarms of the member that it was saved from.
		_, err = client.AlarmDisarm(ctx, &clientv3.AlarmMember{})
	}
	return err
}

// Close implements Member.
func (e *Etcd) Close() {
	if e.client != nil {
		// What it reports is that its own context has ended.
		_ = e.client.Close()
	}
}
