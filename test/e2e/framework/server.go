package framework

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// The Service and the service account of an installation from artifacts/deploy.
const (
	serverNamespace = "external-secrets"
	serverName      = "external-secrets-apiserver"
)

// Server is one process of this repository's server, with a data directory of its
// own that survives restarts.
type Server struct {
	env      *Environment
	program  *controlplane.Program
	args     []string
	extra    []string // of the last Restart
	register bool
	dataDir  string
	// ready is a path that answers 200 when the server can be used.
	ready string

	certFile, keyFile string
}

// newServer describes the server behind the APIService.
func (e *Environment) newServer(name string, args []string) (*Server, error) {
	s := &Server{env: e, register: true, ready: readyPath}
	return s, s.describe(name, args)
}

func (s *Server) describe(name string, args []string) error {
	dir := filepath.Join(s.env.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	s.certFile, s.keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	cert, key, _, err := s.env.ControlPlane.ServingCert(serverName+"."+serverNamespace+".svc", "localhost", "127.0.0.1")
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(s.certFile, cert, 0o644), os.WriteFile(s.keyFile, key, 0o600)); err != nil {
		return err
	}
	s.dataDir = filepath.Join(dir, "data")
	s.args = slices.Concat([]string{
		"--kubeconfig=" + s.env.kubeconfig,
		"--bind-address=127.0.0.1",
		"--data-dir=" + s.dataDir,
	}, s.certificateArgs(), args)
	s.program, err = s.env.ControlPlane.NewProgram(controlplane.ProgramOptions{
		Name: name,
		Path: s.env.binary,
		Args: func(port int) []string {
			return append(append([]string{"--secure-port=" + strconv.Itoa(port)}, s.args...), s.extra...)
		},
		// An object of an informer that is changed in place panics.
		Env:       append([]string{"KUBE_CACHE_MUTATION_DETECTOR=true"}, s.env.serverEnv...),
		ReadyPath: s.ready,
	})
	return err
}

// certificateArgs has the server show a certificate that tests trust: to everybody, or
// where it manages its own, to those alone who ask it directly by its address.
func (s *Server) certificateArgs() []string {
	if s.env.managedCertificate {
		return []string{"--serving-cert-source=managed", "--tls-sni-cert-key=" + s.certFile + "," + s.keyFile + ":127.0.0.1"}
	}
	return []string{"--tls-cert-file=" + s.certFile, "--tls-private-key-file=" + s.keyFile}
}

// start returns when the server is ready and, if it is the registered one, when
// requests through kube-apiserver reach it.
func (s *Server) start(ctx context.Context) error {
	if err := s.program.Start(ctx); err != nil {
		return err
	}
	if !s.register {
		return nil
	}
	registered := controlplane.APIService{
		Group: v1.GroupName, Version: v1.SchemeGroupVersion.Version,
		Namespace: serverNamespace, Service: serverName, Port: s.program.Port(),
	}
	if !s.env.managedCertificate {
		registered.CABundle = s.env.ControlPlane.CA()
	}
	if err := s.env.ControlPlane.RegisterAPIService(ctx, registered); err != nil {
		return err
	}
	return s.awaitDiscovery(ctx)
}

// awaitDiscovery waits until kubectl finds our kinds. kube-apiserver answers discovery of all groups from what it
// collected earlier, and may have forgotten a group whose server was away for a moment.
func (s *Server) awaitDiscovery(ctx context.Context) error {
	cp := s.env.ControlPlane
	return wait.PollUntilContextTimeout(ctx, pollInterval, waitLimit, true, func(ctx context.Context) (bool, error) {
		found, _, err := cp.Kubectl(ctx, cp.AdminKubeconfig(), "api-resources", "--api-group="+v1.GroupName, "--output=name")
		return err == nil && strings.Contains(found, "externalsecrets."), ctx.Err()
	})
}

// readyPath is what the manifests have the kubelet ask.
const readyPath = "/readyz?exclude=fence"

// StartUnready runs another server, with the flags args, until the test ends. It is not to become ready: StartUnready returns
// when the server answers at all. Nothing is registered for it: it is reached through Config.
func (e *Environment) StartUnready(t testing.TB, name string, args ...string) *Server {
	t.Helper()
	s := &Server{env: e, ready: "/version"}
	require.NoError(t, s.describe(name, args))
	require.NoError(t, s.program.Start(t.Context()))
	t.Cleanup(func() {
		require.NoError(t, s.program.Stop())
		require.NoError(t, s.complaint())
	})
	return s
}

// Restart stops the server, if it runs, and starts it with its data and with args
// beside its own flags. When the test ends it is started as it was before.
func (s *Server) Restart(t testing.TB, args ...string) {
	t.Helper()
	before := s.extra
	s.restart(t, args)
	if len(args) > 0 {
		t.Cleanup(func() { s.restart(t, before) })
	}
}

func (s *Server) restart(t testing.TB, extra []string) {
	t.Helper()
	require.NoError(t, s.program.Stop())
	s.extra = extra
	require.NoError(t, s.start(context.WithoutCancel(t.Context())))
}

// Stop ends the server in order. Start has to follow.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	require.NoError(t, s.program.Stop())
}

// Drain ends the server in order, with nobody waiting for it but the caller. Start has to follow.
func (s *Server) Drain(t testing.TB) {
	t.Helper()
	require.NoError(t, s.program.Drain(drainLimit))
}

// StartDrain is Drain that does not wait. ended gets its outcome.
func (s *Server) StartDrain() (ended <-chan error) {
	outcome := make(chan error, 1)
	go func() { outcome <- s.program.Drain(drainLimit) }()
	return outcome
}

// drainLimit is how long a server may take to end: as long as the longest request.
const drainLimit = time.Minute

// Kill ends the server as a power cut would. Start has to follow.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	require.NoError(t, s.program.Kill())
}

// Start starts a server that was stopped or killed, with its data and flags.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	require.NoError(t, s.start(t.Context()))
}

// StartFails starts a server that is expected to end by itself before it is ready.
func (s *Server) StartFails(t testing.TB) {
	t.Helper()
	require.Error(t, s.program.Start(t.Context()))
}

// Config returns the configuration of a client that asks the server itself, not
// through kube-apiserver, with a certificate for user in groups.
func (s *Server) Config(t testing.TB, user string, groups ...string) *rest.Config {
	t.Helper()
	config, err := s.env.ControlPlane.UserConfig(user, groups...)
	require.NoError(t, err)
	config.Host = s.URL()
	return config
}

// Fetch is what the server answers at a path to somebody who may do everything.
func (s *Server) Fetch(t testing.TB, path string) (status int, body []byte) {
	t.Helper()
	client, err := rest.HTTPClientFor(s.Config(t, "admin", "system:masters"))
	require.NoError(t, err)
	response, err := client.Get(s.URL() + path)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, body
}

// URL is where the server listens.
func (s *Server) URL() string { return "https://127.0.0.1:" + strconv.Itoa(s.program.Port()) }

// PID is the id of the server's process, 0 when it does not run.
func (s *Server) PID() int { return s.program.PID() }

// CertFiles are the server's --tls-cert-file and --tls-private-key-file.
func (s *Server) CertFiles() (cert, key string) { return s.certFile, s.keyFile }

// DataDir is the server's --data-dir.
func (s *Server) DataDir() string { return s.dataDir }

// Log returns everything that the server has logged.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	log, err := os.ReadFile(s.program.LogFile())
	require.NoError(t, err)
	return string(log)
}

const logTailLines = 60

func (s *Server) logTail() string {
	log, err := os.ReadFile(s.program.LogFile())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-logTailLines):], "\n")
}

// complaints are what no server may ever log: races and panics.
var complaints = []string{"WARNING: DATA RACE", "panic: ", "Observed a panic"}

// refusals are how a log says that the server's service account lacks a right.
var refusals = []string{serverName + `" cannot `, serverName + `\" cannot `}

// complaint returns an error when the log holds what no server may ever log.
func (s *Server) complaint() error {
	log, err := os.ReadFile(s.program.LogFile())
	if err != nil {
		return err
	}
	return Complain(log, !s.env.hostRestarts)
}

// Complain returns an error when the log of a server holds what none may ever log, and, where its rights are to be complete, that
// it was forbidden something.
func Complain(log []byte, rights bool) error {
	signs := complaints
	if rights {
		signs = append(slices.Clone(signs), refusals...)
	}
	for _, sign := range signs {
		if at := bytes.Index(log, []byte(sign)); at >= 0 {
			return fmt.Errorf("the server's log holds %q:\n%s", sign, log[at:min(len(log), at+4000)])
		}
	}
	return nil
}
