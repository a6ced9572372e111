package snapshot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// partial begins the names of files that are being written.
const partial = ".partial-"

// writeFile has fill write a file, mode 0600, that gets its name when it is whole and on the disk. Where that fails nothing is
// left of it.
func writeFile(path string, fill func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, partial+"*")
	if err != nil {
		return fmt.Errorf("make a file in %s: %w", dir, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removed(file))
		}
	}()
	if err := fill(file); err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write the snapshot: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("name the snapshot: %w", err)
	}
	return syncDir(dir)
}

// removed closes and removes a file that may be closed already, or renamed.
func removed(file *os.File) error {
	_ = file.Close()
	if err := os.Remove(file.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove what was written: %w", err)
	}
	return nil
}

// syncDir puts the names in a directory on the disk.
func syncDir(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the directory of the snapshot: %w", err)
	}
	defer opened.Close()
	if err := opened.Sync(); err != nil {
		return fmt.Errorf("write the directory of the snapshot: %w", err)
	}
	return nil
}
