package fence

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apiserver/pkg/storage/storagebackend"
)

// compactionKey is where the API machinery's compactor notes how far it is. The key belongs to it, not to us.
const compactionKey = "compact_rev_key"

// keepAlive is how often an idle connection is tried, and how long it may take to answer.
const keepAlive = 30 * time.Second

// Etcd is a Store in etcd. It is not safe for concurrent use.
type Etcd struct {
	config storagebackend.TransportConfig
	key    string
	client *clientv3.Client
}

var _ Store = &Etcd{}

// NewEtcd is the Store below a prefix of etcd, which is dialled at the first Look. The id is kept beside the prefix: what
// copies the store copies its id, and what lists objects does not meet it.
func NewEtcd(config storagebackend.TransportConfig, prefix string) *Etcd {
	return &Etcd{config: config, key: strings.TrimRight(prefix, "/") + ".store-id"}
}

// Look implements Store.
func (e *Etcd) Look(ctx context.Context) (at Identity, housekeeping bool, err error) {
	if e.client == nil {
		if e.client, err = dial(e.config); err != nil {
			return Identity{}, false, err
		}
	}
	// Replicas that start on a new store draw an id each, and one wins.
	put := clientv3.OpPut(e.key, string(uuid.NewUUID()))
	get := []clientv3.Op{clientv3.OpGet(e.key), clientv3.OpGet(compactionKey, clientv3.WithKeysOnly())}
	answer, err := e.client.Txn(ctx).
		If(clientv3.Compare(clientv3.CreateRevision(e.key), "=", 0)).
		Then(append([]clientv3.Op{put}, get...)...).
		Else(get...).
		Commit()
	if err != nil {
		return Identity{}, false, err
	}
	answers := answer.Responses[len(answer.Responses)-len(get):]
	id, compaction := answers[0].GetResponseRange().Kvs, answers[1].GetResponseRange().Kvs
	if len(id) != 1 {
		return Identity{}, false, fmt.Errorf("the key %s is gone", e.key)
	}
	at = Identity{ID: string(id[0].Value), Revision: answer.Header.Revision}
	return at, len(compaction) == 1 && compaction[0].ModRevision == at.Revision, nil
}

// Close implements Store.
func (e *Etcd) Close() {
	if e.client != nil {
		// What it reports is that its own context has ended.
		_ = e.client.Close()
	}
}

func dial(config storagebackend.TransportConfig) (*clientv3.Client, error) {
	dialled := clientv3.Config{
		Endpoints:            config.ServerList,
		DialKeepAliveTime:    keepAlive,
		DialKeepAliveTimeout: keepAlive,
		Logger:               zap.NewNop(),
	}
	if config.CertFile != "" || config.KeyFile != "" || config.TrustedCAFile != "" {
		files := transport.TLSInfo{CertFile: config.CertFile, KeyFile: config.KeyFile, TrustedCAFile: config.TrustedCAFile}
		var err error
		if dialled.TLS, err = files.ClientConfig(); err != nil {
			return nil, fmt.Errorf("set up TLS to etcd: %w", err)
		}
	}
	client, err := clientv3.New(dialled)
	if err != nil {
		return nil, fmt.Errorf("set up the client of etcd: %w", err)
	}
	return client, nil
}
