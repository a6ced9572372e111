package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// errDamaged is of a file that is not what etcd has sent.
var errDamaged = errors.New("it is cut short, damaged, or no snapshot of etcd: it does not end with the SHA-256 of what comes before")

// sector is what the length of a database is a multiple of.
const sector = 512

// digest takes a snapshot as it is written or read, and tells whether it ends with the hash of what came before, as etcd has
// it. The zero digest is ready to use.
type digest struct {
	hash hash.Hash
	tail []byte // the last bytes so far, as many as a hash has
	size int64
}

// Write implements io.Writer. It never fails.
func (d *digest) Write(p []byte) (int, error) {
	if d.hash == nil {
		d.hash = sha256.New()
	}
	d.size += int64(len(p))
	// A hash that is still to come is no part of what is hashed.
	known := append(d.tail, p...)
	cut := max(0, len(known)-sha256.Size)
	d.hash.Write(known[:cut])
	d.tail = append(make([]byte, 0, 2*sha256.Size), known[cut:]...)
	return len(p), nil
}

// sum is the hash in hexadecimal, or errDamaged.
func (d *digest) sum() (string, error) {
	if d.hash == nil || d.size <= sha256.Size || d.size%sector != sha256.Size || !bytes.Equal(d.tail, d.hash.Sum(nil)) {
		return "", errDamaged
	}
	return hex.EncodeToString(d.tail), nil
}

// verify reads a file and returns its hash.
func verify(path string) (sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the snapshot: %w", err)
	}
	defer file.Close()
	var d digest
	if _, err := io.Copy(&d, file); err != nil {
		return "", fmt.Errorf("read the snapshot %s: %w", path, err)
	}
	if sum, err = d.sum(); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return sum, nil
}
