package fence

import (
	"context"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/etcdclient"
)

// compactionKey is where the API machinery's compactor notes how far it is. The key belongs to it, not to us.
const compactionKey = "compact_rev_key"

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
	return &Etcd{config: config, key: IDKey(prefix)}
}

// IDKey is the key of the id of the store below a prefix of etcd. A store without it draws a new id, by which the cluster is
// told that it is another.
func IDKey(prefix string) string { return strings.TrimRight(prefix, "/") + ".store-id" }

// Look implements Store.
func (e *Etcd) Look(ctx context.Context) (at Identity, housekeeping bool, err error) {
	if e.client == nil {
		if e.client, err = etcdclient.Dial(e.config); err != nil {
			return Identity{}, false, err
		}
	}
	isNew := clientv3.Compare(clientv3.CreateRevision(e.key), "=", 0)
	get := []clientv3.Op{clientv3.OpGet(e.key), clientv3.OpGet(compactionKey, clientv3.WithKeysOnly())}
	// An etcd that is full refuses what could write, even where it would not.
	answer, err := e.client.Txn(ctx).If(isNew).Else(get...).Commit()
	if err == nil && answer.Succeeded {
		// Replicas that start on a new store draw an id each, and one wins.
		put := clientv3.OpPut(e.key, string(uuid.NewUUID()))
		answer, err = e.client.Txn(ctx).If(isNew).Then(append([]clientv3.Op{put}, get...)...).Else(get...).Commit()
	}
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
