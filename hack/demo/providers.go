package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/control"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/proxy"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

// Where the stores of artifacts/examples expect the providers.
const (
	connectHost   = "onepassword-connect:8080"
	infisicalName = "eu.infisical.com"
)

// providers are the simulated providers, the proxy through which the server
// reaches them under their public names, and the API that changes what they hold.
type providers struct {
	data       seed.Data
	connect    *connect.Server
	infisical  *infisical.Server
	proxy      *proxy.Server
	controlURL string

	// environment is what the server is told of the proxy.
	environment []string

	control *http.Server
	ended   chan struct{}
}

func startProviders(dir string) (*providers, error) {
	p := &providers{data: seed.HomeCluster()}
	p.connect, p.infisical = p.data.Servers(connect.Options{}, infisical.Options{})
	plain, err := url.Parse(p.connect.Start())
	if err != nil {
		return nil, err
	}
	secure, err := url.Parse(p.infisical.StartTLS(infisicalName))
	if err != nil {
		return nil, err
	}
	p.proxy = proxy.New(map[string]string{
		connectHost:                            plain.Host,
		net.JoinHostPort(infisicalName, "443"): secure.Host,
	})
	if err := p.proxy.Start(); err != nil {
		return nil, err
	}
	authority := filepath.Join(dir, "infisical-ca.crt")
	if err := os.WriteFile(authority, p.infisical.CA(), 0o644); err != nil {
		return nil, err
	}
	p.environment = p.proxy.Environment(authority)
	if err := p.serveControl(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *providers) serveControl() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the control of the simulators: %w", err)
	}
	p.controlURL = "http://" + listener.Addr().String()
	p.control = &http.Server{Handler: control.New(p.connect, p.infisical), ReadHeaderTimeout: 10 * time.Second}
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		if err := p.control.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "demo: serving the control of the simulators:", err)
		}
	}()
	return nil
}

func (p *providers) close() {
	p.control.Close()
	<-p.ended
	p.proxy.Close()
	p.connect.Close()
	p.infisical.Close()
}
