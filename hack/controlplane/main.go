// Command controlplane builds and runs a Kubernetes control plane on loopback.
//
//	go run ./hack/controlplane build             # prints the folder of the binaries
//	go run ./hack/controlplane tool helm         # prints the path of a program that tests need beside them
//	go run ./hack/controlplane up --dir .demo    # runs until interrupted
//
// --kubernetes=1.34, or CONTROLPLANE_KUBERNETES, names another Kubernetes than the newest: each folder beside this file is one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("want a command: build, tool or up")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	kubernetes := flags.String("kubernetes", controlplane.Kubernetes(), "Kubernetes minor version")
	dir := flags.String("dir", "", "folder for certificates, data and logs (up only)")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "build":
		return build(ctx, *kubernetes)
	case "tool":
		return tool(ctx, flags.Arg(0))
	case "up":
		return up(ctx, *kubernetes, *dir)
	default:
		return fmt.Errorf("unknown command %q: want build, tool or up", args[0])
	}
}

func build(ctx context.Context, kubernetes string) error {
	paths, err := controlplane.Binaries(ctx, kubernetes, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Println(paths.Dir)
	return nil
}

func tool(ctx context.Context, name string) error {
	if name == "" {
		return errors.New("want the name of a folder of hack/controlplane, as in: tool helm")
	}
	path, err := controlplane.Tool(ctx, name, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}

func up(ctx context.Context, kubernetes, dir string) error {
	cp, err := controlplane.Start(ctx, controlplane.Options{Dir: dir, Kubernetes: kubernetes, Progress: os.Stderr})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "the control plane runs until it is interrupted; logs are in %s\n", cp.LogDir())
	fmt.Printf("export KUBECONFIG=%s\nexport PATH=%s:$PATH\n", cp.AdminKubeconfig(), cp.Paths().Dir)
	<-ctx.Done()
	return cp.Stop()
}
