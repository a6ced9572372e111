// Command esoclient does to a cluster what a Go program does that was written against the API types of External Secrets
// Operator: it decodes the manifests on its standard input into those types, creates, updates and patches them through
// controller-runtime's typed client, reads, lists and watches them. What it sent, what it received and what it made of that is
// written to its standard output, one JSON document a request.
//
// It is a module of its own: what it depends on is of no concern to the server.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	// controller-runtime puts a flag of its own into flag.CommandLine.
	flags := flag.NewFlagSet("esoclient", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "file that says where the cluster is")
	namespace := flags.String("namespace", "default", "namespace of objects that name none")
	if err := flags.Parse(os.Args[1:]); err != nil {
		panic(err) // ExitOnError has exited.
	}
	log.SetLogger(logr.Discard())
	if err := run(*kubeconfig, *namespace, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(kubeconfig, namespace string, manifests io.Reader, report io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	t, err := newTour(config, namespace, report)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	objects, err := decode(manifests)
	if err != nil {
		return fmt.Errorf("decode the manifests: %w", err)
	}
	for _, object := range objects {
		if err := t.take(ctx, object); err != nil {
			return err
		}
	}
	return nil
}
