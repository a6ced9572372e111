package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	// startTimeout bounds the start of one component, on a machine that does much
	// else at the same time.
	startTimeout = 2 * time.Minute
	// stopGrace is how long a component may take to end before it is killed. Watches
	// that kube-apiserver passes on to an aggregated server make it use all of it.
	stopGrace = 8 * time.Second
	// portAttempts is how often a component whose port somebody else took is
	// started again.
	portAttempts = 5
)

// component is one of the control plane's programs, which may be started and
// stopped many times. Its ports stay the same from the first start on.
type component struct {
	name  string
	path  string
	ports []int
	// args returns the command line for the ports, as many as portCount.
	args      func(ports []int) []string
	portCount int
	// env is what the program sees of our environment beside its own home.
	env []string
	// ready returns nil once the program can be used.
	ready func(ctx context.Context) error

	running *process
}

// start returns when the component is ready. It does nothing when it runs.
func (c *component) start(ctx context.Context, s *spawner, dir string) error {
	if c.running != nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready within %s", startTimeout))
	defer cancel()
	firstStart := c.ports == nil
	var err error
	for range portAttempts {
		if firstStart {
			if c.ports, err = freePorts(c.portCount); err != nil {
				return err
			}
		}
		var taken bool
		taken, err = c.tryStart(ctx, s, dir)
		if !taken {
			break
		}
	}
	if err != nil && firstStart {
		c.ports = nil
	}
	return err
}

// tryStart starts the component once. taken reports that it failed because
// somebody else listens on one of its ports.
func (c *component) tryStart(ctx context.Context, s *spawner, dir string) (taken bool, err error) {
	log := filepath.Join(logDir(dir), c.name+".log")
	p, err := startProcess(s, c.name, c.path, c.args(c.ports), append(environment(dir), c.env...), log)
	if err != nil {
		return false, err
	}
	err = poll(ctx, func(ctx context.Context) error {
		select {
		case <-p.exited:
			return permanent{p.died()}
		default:
			return c.ready(ctx)
		}
	})
	if err == nil {
		c.running = p
		return false, nil
	}
	select {
	case <-p.exited:
		return p.portTaken(), err
	default:
		err = fmt.Errorf("waiting for %s: %w; the end of %s:\n%s", c.name, err, p.log, p.logTail())
		return false, errors.Join(err, p.kill())
	}
}

// stop ends the component. It does nothing when it does not run.
func (c *component) stop() error {
	if c.running == nil {
		return nil
	}
	p := c.running
	c.running = nil
	return p.stop(stopGrace)
}

// environment is all that a component sees of ours: neither proxies nor
// kubeconfigs nor tuning variables of the developer.
func environment(dir string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + homeDir(dir),
		"TMPDIR=" + os.TempDir(),
	}
}

func homeDir(dir string) string { return filepath.Join(dir, "home") }

func logDir(dir string) string { return filepath.Join(dir, "logs") }

// answersOK returns a readiness check: a GET of url answers 200. files.CA checks
// the server, and files.Cert with files.Key, unless empty, authenticate us.
func answersOK(files TLSFiles, url func() string) (func(ctx context.Context) error, error) {
	config, err := files.clientConfig()
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Timeout: 5 * time.Second,
		// A connection kept alive would outlive a restart of the server.
		Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true},
	}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url(), nil)
		if err != nil {
			return permanent{err}
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("GET %s: %s", request.URL, response.Status)
		}
		return nil
	}, nil
}

func (f TLSFiles) clientConfig() (*tls.Config, error) {
	ca, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s holds no certificate", f.CA)
	}
	if f.Cert == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
