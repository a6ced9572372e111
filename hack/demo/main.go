// Command demo runs a small cluster on this machine: a Kubernetes control plane
// on loopback, simulators of 1Password Connect and Infisical, and this project's
// server with the rights of artifacts/deploy. It applies artifacts/examples as
// they are, shows what comes of them, and then stays up until it is interrupted.
//
//	go run ./hack/demo          # or: make demo
//	go run ./hack/demo --once   # or: ONCE=1 make demo; exits after the tour
//
// Every step of the tour checks what it shows.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

func main() {
	once := flag.Bool("once", false, "exit after the tour, with an error when a step did not show what it should")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *once)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, once bool) (err error) {
	root, err := controlplane.RepositoryRoot()
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	dir, unlock, err := claim(filepath.Join(root, ".demo"))
	if err != nil {
		return err
	}
	defer unlock()

	c, err := start(ctx, dir, out)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "\nstopping everything")
		if stopErr := c.stop(); once {
			err = errors.Join(err, stopErr)
		}
	}()

	err = walk(ctx, c, out)
	if once || ctx.Err() != nil {
		return err
	}
	if err != nil {
		fmt.Fprintf(out, "\nTHE TOUR STOPPED: %v\n", err)
	}
	c.invite(out)
	<-ctx.Done()
	return nil
}

// claim empties the folder for this run, unless another demo has it.
func claim(dir string) (run string, unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return "", nil, fmt.Errorf("another demo is running in %s", dir)
	}
	run = filepath.Join(dir, "run")
	if err := os.RemoveAll(run); err != nil {
		lock.Close()
		return "", nil, err
	}
	return run, func() { lock.Close() }, os.Mkdir(run, 0o755)
}
