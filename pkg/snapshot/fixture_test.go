package snapshot

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
	"github.com/live-secrets/external-secrets-apiserver/pkg/etcdclient"
)

const (
	prefix  = "/registry/external-secrets.io"
	idKey   = prefix + ".store-id"
	objects = prefix + "/external-secrets.io/externalsecrets/"
)

var layout = Layout{Prefix: prefix, IDKey: idKey, Resources: []string{"externalsecrets", "secretstores"}}

// etcd is a running etcd.
type etcd struct {
	*clientv3.Client
	config storagebackend.TransportConfig
	dir    string
}

// startEtcd runs one until the test ends.
func startEtcd(t *testing.T, dir string, options ...embeddedetcd.Option) *etcd {
	t.Helper()
	server, err := embeddedetcd.Start(t.Context(), dir, options...)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	e := &etcd{config: storagebackend.TransportConfig{ServerList: []string{server.Endpoint()}}, dir: dir}
	e.Client, err = etcdclient.Dial(e.config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Client.Close() })
	return e
}

// put writes keys and returns the revision of the last.
func (e *etcd) put(t *testing.T, keys ...string) (revision int64) {
	t.Helper()
	for _, key := range keys {
		answer, err := e.Put(t.Context(), key, "value of "+key)
		require.NoError(t, err)
		revision = answer.Header.Revision
	}
	return revision
}

// save saves a snapshot into a directory of its own.
func (e *etcd) save(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	_, err := Save(t.Context(), e.config, path)
	require.NoError(t, err)
	return path
}
