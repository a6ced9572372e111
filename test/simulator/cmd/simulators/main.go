// Command simulators serves the simulators of 1Password Connect and Infisical,
// filled with the data of a home cluster, and an API that changes them while
// they run; package control documents it. All of it is for demonstrations,
// scripts and benchmarks: nothing in it is secret.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/control"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "simulators:", err)
		os.Exit(1)
	}
}

type flags struct {
	connect, infisical, control, seed string
	lag, delay                        time.Duration
}

func run(ctx context.Context, arguments []string) error {
	var f flags
	set := flag.NewFlagSet("simulators", flag.ContinueOnError)
	set.StringVar(&f.connect, "connect", "127.0.0.1:0", "address of 1Password Connect")
	set.StringVar(&f.infisical, "infisical", "127.0.0.1:0", "address of Infisical")
	set.StringVar(&f.control, "control", "127.0.0.1:0", "loopback address of the control API")
	set.StringVar(&f.seed, "seed", "", "file of the data to start with; empty for a home cluster")
	set.DurationVar(&f.lag, "lag", 0, "time until Connect sees a change")
	set.DurationVar(&f.delay, "delay", 0, "time that every answer takes")
	if err := set.Parse(arguments); err != nil {
		return err
	}
	data := seed.HomeCluster()
	if f.seed != "" {
		text, err := os.ReadFile(f.seed)
		if err != nil {
			return fmt.Errorf("reading the seed: %w", err)
		}
		if data, err = seed.Parse(text); err != nil {
			return err
		}
	}
	return f.serve(ctx, data)
}

func (f flags) serve(ctx context.Context, data seed.Data) error {
	op, inf := data.Servers(connect.Options{Behaviour: connect.Behaviour{Lag: f.lag}}, infisical.Options{})
	op.SetDelay(f.delay)
	inf.SetDelay(f.delay)
	if err := op.Listen(f.connect); err != nil {
		return err
	}
	defer op.Close()
	if err := inf.Listen(f.infisical); err != nil {
		return err
	}
	defer inf.Close()

	listener, err := listenLoopback(f.control)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: control.New(op, inf), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Printf("connect   %s\ninfisical %s\ncontrol   http://%s\n", op.URL(), inf.URL(), listener.Addr())

	select {
	case err := <-ended:
		return fmt.Errorf("serving the control API: %w", err)
	case <-ctx.Done():
		server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

// listenLoopback refuses other addresses: whoever reaches the control API
// controls the simulators.
func listenLoopback(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for control: %w", err)
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		listener.Close()
		return nil, fmt.Errorf("the control API listens on loopback only, not on %s", address)
	}
	return listener, nil
}
