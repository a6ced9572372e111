package snapshot

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	snapshotutil "go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"go.etcd.io/etcd/server/v3/storage/schema"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// openTimeout is how long an opened file waits for one who writes to it. Nobody writes to a snapshot.
const openTimeout = time.Second

// Info is what is in a snapshot whose hash was verified.
type Info struct {
	File string `json:"file"`
	// Taken is when the file was last written: etcd does not note the time.
	Taken time.Time `json:"taken"`
	Size  int64     `json:"sizeBytes"`
	// SHA256 is the hash of the database at the file's end. Hash is the one that etcdutl shows.
	SHA256 string `json:"sha256"`
	Hash   uint32 `json:"hash"`
	// Revision is the store's, Keys how many there are at it, whoever they belong to.
	Revision int64 `json:"revision"`
	Keys     int   `json:"keys"`
	// EtcdVersion is that of the format, empty where it is older than 3.6.
	EtcdVersion string `json:"etcdVersion"`
	// StoreID is by what the cluster knows the store; empty where the store has never been served.
	StoreID string `json:"storeID"`
	// Objects counts the store's objects by resource.
	Objects map[string]int `json:"objects"`
}

// Layout is where in etcd the store is.
type Layout struct {
	// Prefix is before the keys of objects, IDKey the key of the store's id.
	Prefix, IDKey string
	// Resources are the plural names of the kinds.
	Resources []string
}

// Inspect verifies a file and says what is in it. An error is of a file that cannot be restored.
func Inspect(path string, layout Layout) (Info, error) {
	sum, err := verify(path)
	if err != nil {
		return Info{}, err
	}
	file, err := os.Stat(path)
	if err != nil {
		return Info{}, fmt.Errorf("read the snapshot: %w", err)
	}
	info := Info{File: path, Taken: file.ModTime().UTC().Truncate(time.Second), Size: file.Size(), SHA256: sum}
	// It checks the pages and the keys: what it has passed can be read.
	database, err := snapshotutil.NewV3(zap.NewNop()).Status(path)
	if err != nil {
		return Info{}, fmt.Errorf("check the database in %s: %w", path, err)
	}
	info.Hash, info.EtcdVersion = database.Hash, database.Version
	if err := info.count(layout); err != nil {
		return Info{}, fmt.Errorf("read the database in %s: %w", path, err)
	}
	return info, nil
}

// count reads the history of all keys, oldest first: of each the last change holds.
func (i *Info) count(layout Layout) error {
	db, err := bolt.Open(i.File, 0o400, &bolt.Options{ReadOnly: true, Timeout: openTimeout})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	live := map[string]struct{}{}
	err = db.View(func(tx *bolt.Tx) error {
		history := tx.Bucket(schema.Key.Name())
		if history == nil {
			return errors.New("it has no keys of etcd")
		}
		return history.ForEach(func(at, change []byte) error {
			var kv mvccpb.KeyValue
			if err := proto.Unmarshal(change, &kv); err != nil {
				return fmt.Errorf("decode a key: %w", err)
			}
			i.Revision = mvcc.BytesToBucketKey(at).Main
			switch key := string(kv.GetKey()); {
			case mvcc.IsTombstone(at):
				delete(live, key)
			case key != "": // A restored store has a change without a key, which bumped its revision.
				live[key] = struct{}{}
				if key == layout.IDKey {
					i.StoreID = string(kv.GetValue())
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if _, has := live[layout.IDKey]; !has {
		i.StoreID = ""
	}
	i.Keys, i.Objects = len(live), layout.objects(live)
	return nil
}

func (l Layout) objects(keys map[string]struct{}) map[string]int {
	counts := map[string]int{}
	for _, resource := range l.Resources {
		counts[resource] = 0
	}
	for key := range keys {
		if resource := l.resourceOf(key); resource != "" {
			counts[resource]++
		}
	}
	return counts
}

// resourceOf finds the resource in PREFIX/GROUP/RESOURCE/..., the group being there or not.
func (l Layout) resourceOf(key string) string {
	path, is := strings.CutPrefix(key, strings.TrimRight(l.Prefix, "/")+"/")
	if !is {
		return ""
	}
	parts := strings.SplitN(path, "/", 3)
	for _, part := range parts[:min(2, len(parts)-1)] {
		for _, resource := range l.Resources {
			if part == resource {
				return resource
			}
		}
	}
	return ""
}
