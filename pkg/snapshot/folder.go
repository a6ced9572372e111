package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// folder is a directory of scheduled snapshots, by names that tell when each was taken, and of which store. What has another
// name, or is of another store, is let be: after a loss, the snapshots of the store that was lost must not be pushed out by
// those of an empty one.
type folder struct {
	dir string
	// store is the id of the store whose snapshots are counted.
	store string
}

const (
	namePrefix = "store-"
	nameSuffix = ".db"
	// nameTime sorts as time goes.
	nameTime = "20060102T150405Z"
)

// entry is a snapshot in a folder.
type entry struct {
	path  string
	taken time.Time
	size  int64
}

func (f folder) path(taken time.Time) string {
	return filepath.Join(f.dir, namePrefix+f.store+"-"+taken.UTC().Format(nameTime)+nameSuffix)
}

// entries are the snapshots of the store, oldest first.
func (f folder) entries() ([]entry, error) {
	files, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the directory of snapshots: %w", err)
	}
	var found []entry
	for _, file := range files {
		stamp, isOurs := strings.CutPrefix(file.Name(), namePrefix+f.store+"-")
		stamp, isWhole := strings.CutSuffix(stamp, nameSuffix)
		taken, err := time.Parse(nameTime, stamp)
		if !isOurs || !isWhole || err != nil {
			continue
		}
		info, err := file.Info()
		if err != nil {
			continue // It was removed a moment ago.
		}
		found = append(found, entry{filepath.Join(f.dir, file.Name()), taken, info.Size()})
	}
	slices.SortFunc(found, func(a, b entry) int { return a.taken.Compare(b.taken) })
	return found, nil
}

// prune removes the oldest snapshots of the store beyond keep.
func (f folder) prune(keep int) error {
	found, err := f.entries()
	if err != nil {
		return err
	}
	var errs []error
	for _, old := range found[:max(0, len(found)-keep)] {
		errs = append(errs, os.Remove(old.path))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove old snapshots: %w", err)
	}
	return nil
}

// sweep removes what a process that was killed has left of a snapshot.
func (f folder) sweep() error {
	left, err := filepath.Glob(filepath.Join(f.dir, partial+"*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return fmt.Errorf("remove what is left of a snapshot: %w", err)
	}
	return nil
}
