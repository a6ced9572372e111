package embeddedetcd

import (
	"fmt"
	"os"

	snapshotutil "go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// Unpack makes the data of a member below dir, where there is none yet, from a snapshot file of etcd. The file's hash is
// verified. The store continues at a revision that is higher by bump, and what was before counts as compacted: a watch that
// was begun on another copy of the store is told to begin anew.
func Unpack(file, dir string, bump uint64) error {
	name := peer()
	err := snapshotutil.NewV3(zap.NewNop()).Restore(snapshotutil.RestoreConfig{
		SnapshotPath:        file,
		Name:                memberName,
		OutputDataDir:       dataDir(dir),
		PeerURLs:            []string{name.String()},
		InitialCluster:      memberName + "=" + name.String(),
		InitialClusterToken: embed.NewConfig().InitialClusterToken,
		RevisionBump:        bump,
		MarkCompacted:       bump > 0,
	})
	if err != nil {
		return fmt.Errorf("unpack the snapshot: %w", err)
	}
	return nil
}

// Move puts the data of a member that does not run below another directory of the same volume, which has none.
func Move(from, to string) error {
	if err := os.Rename(dataDir(from), dataDir(to)); err != nil {
		return fmt.Errorf("put the store into its place: %w", err)
	}
	opened, err := os.Open(to)
	if err != nil {
		return fmt.Errorf("open %s: %w", to, err)
	}
	defer opened.Close()
	if err := opened.Sync(); err != nil {
		return fmt.Errorf("write %s to the disk: %w", to, err)
	}
	return nil
}
