// Package chart installs, upgrades and uninstalls the chart with real helm. What runs the pods and leads connections to them is
// test/e2e/node; everything else is real.
package chart

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/node"
)

var (
	// env has the control plane alone: its server is what the chart installs.
	env  *framework.Environment
	helm string
)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("end-to-end tests do not run with -short")
		os.Exit(0)
	}
	code, err := run(context.Background(), m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(ctx context.Context, m *testing.M) (code int, err error) {
	dir, remove, err := framework.RunDir()
	if err != nil {
		return 1, err
	}
	defer remove()
	binary, err := framework.ServerBinary(ctx)
	if err != nil {
		return 1, err
	}
	if helm, err = controlplane.Tool(ctx, "helm", os.Stderr); err != nil {
		return 1, err
	}
	socket := filepath.Join(dir, "proxy.sock")
	args, err := node.APIServerArgs(dir, socket)
	if err != nil {
		return 1, err
	}
	cp, err := controlplane.Start(ctx, controlplane.Options{
		Dir: filepath.Join(dir, "controlplane"), Controllers: node.Controllers,
		APIServerArgs: append(args, "--enable-admission-plugins=OwnerReferencesPermissionEnforcement"),
	})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, cp.Stop()) }()
	env = &framework.Environment{ControlPlane: cp}
	machine, err := node.New(node.Config{
		ControlPlane: cp, Dir: filepath.Join(dir, "node"), Socket: socket, Binary: binary,
		Env: []string{"KUBE_CACHE_MUTATION_DETECTOR=true"}, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return 1, err
	}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	var ran error
	running.Go(func() { ran = machine.Run(ctx) })
	code = m.Run()
	stop()
	running.Wait()
	return code, errors.Join(ran, complaints(cp.LogDir()))
}

// complaints says what went wrong in servers unnoticed.
func complaints(logs string) error {
	files, err := filepath.Glob(filepath.Join(logs, "*.external-secrets-apiserver-*.log"))
	errs := []error{err}
	if len(files) == 0 {
		errs = append(errs, fmt.Errorf("no server has left a log in %s", logs))
	}
	for _, file := range files {
		log, err := os.ReadFile(file)
		errs = append(errs, err, framework.Complain(log, true))
	}
	return errors.Join(errs...)
}
