package framework

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// Options says what a package of tests runs against. The zero value is what an
// installation from artifacts/deploy would be.
type Options struct {
	// ControlPlane is how the control plane is started; Dir is set by Start.
	ControlPlane controlplane.Options
	// ServerArgs are added to the server's command line.
	ServerArgs []string
	// ManagedCertificate has the server make its certificate, and have it trusted, as an
	// installation does. Without it, the control plane's authority vouches for it.
	ManagedCertificate bool
	// HostRestarts is set where tests restart kube-apiserver, which refuses everything
	// until it has read its roles: then that is no fault of the server's rights.
	HostRestarts bool
	// ServerEnv is added to the server's environment, as "NAME=value".
	ServerEnv []string
	// Replicas is how many servers share an external etcd of three members; 0 for one with its own.
	Replicas int
	// Namespaces makes an installation whose rights to what is in namespaces, and whose reading, are limited to these, which are
	// made.
	Namespaces []string
	// Roots are certificates in PEM that the server trusts in place of those of the system.
	Roots []byte
}

// Environment is a control plane that serves external-secrets.io/v1.
type Environment struct {
	ControlPlane *controlplane.ControlPlane
	// Server is the one behind the APIService.
	Server *Server
	// Replicas are nil where there is one server; else Server is the first of them.
	Replicas *Replicas

	dir       string
	binary    string
	serverEnv []string
	// hostRestarts and managedCertificate are those of Options.
	hostRestarts, managedCertificate bool
	kubeconfig                       string // of the server's service account
}

// Main runs the tests of a package against one Environment, which it puts into
// env, and exits.
func Main(m *testing.M, options Options, env **Environment) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("end-to-end tests do not run with -short")
		os.Exit(0)
	}
	os.Exit(run(m, options, env))
}

func run(m *testing.M, options Options, env **Environment) (code int) {
	dir, remove, err := RunDir()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	if *env, err = Start(context.Background(), dir, options); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := (*env).Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if code = m.Run(); code != 0 {
		fmt.Fprintf(os.Stderr, "the end of the server's log:\n%s\n", (*env).Server.logTail())
	}
	return code
}

// RunDir returns a folder that nothing is in, and what removes it.
func RunDir() (dir string, remove func(), err error) {
	if kept := os.Getenv("E2E_DIR"); kept != "" {
		if err := os.MkdirAll(kept, 0o755); err != nil {
			return "", nil, err
		}
		dir, err = os.MkdirTemp(kept, "run-")
		return dir, func() {}, err
	}
	dir, err = os.MkdirTemp("", "e2e-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// Start builds the server, starts a control plane and the server in it, and
// returns when the API is served. Everything that is written lies below dir.
func Start(ctx context.Context, dir string, options Options) (*Environment, error) {
	binary, err := ServerBinary(ctx)
	if err != nil {
		return nil, err
	}
	if options.Roots != nil {
		file := filepath.Join(dir, "roots.pem")
		if err := os.WriteFile(file, options.Roots, 0o644); err != nil {
			return nil, err
		}
		options.ServerEnv = append(slices.Clone(options.ServerEnv), "SSL_CERT_FILE="+file)
	}
	options.ControlPlane.Dir = filepath.Join(dir, "controlplane")
	// Some clusters check that whoever names an owner that is not to go before its
	// dependants may change that owner.
	options.ControlPlane.APIServerArgs = append([]string{
		"--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
	}, options.ControlPlane.APIServerArgs...)
	// The collector of garbage looks for new kinds every half minute. Started after
	// ours are served, it knows them from the beginning.
	controllers := !options.ControlPlane.WithoutControllerManager
	options.ControlPlane.WithoutControllerManager = true
	cp, err := controlplane.Start(ctx, options.ControlPlane)
	if err != nil {
		return nil, err
	}
	e := &Environment{
		ControlPlane: cp, dir: dir, binary: binary, serverEnv: options.ServerEnv,
		hostRestarts: options.HostRestarts, managedCertificate: options.ManagedCertificate,
	}
	if err = e.install(ctx, options); err == nil && controllers {
		err = cp.StartControllerManager(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, cp.Stop())
	}
	return e, nil
}

// ServerBinary builds the server, with the race detector where the tests have it.
func ServerBinary(ctx context.Context) (string, error) {
	if built := os.Getenv("E2E_SERVER"); built != "" {
		return built, nil
	}
	const folder = "cmd/external-secrets-apiserver"
	if raceDetector {
		return controlplane.Build(ctx, folder, "race/external-secrets-apiserver", "-race")
	}
	return controlplane.Build(ctx, folder, "external-secrets-apiserver")
}

// install brings what artifacts/deploy has into the cluster, but for what needs
// nodes: the server runs beside it.
func (e *Environment) install(ctx context.Context, options Options) error {
	manifests, err := ManifestDir()
	if err != nil {
		return err
	}
	for _, file := range []string{"namespace.yaml", "serviceaccount.yaml", "rbac-server.yaml", "rbac-materializer.yaml", "rbac-users.yaml"} {
		_, _, err := e.ControlPlane.Kubectl(ctx, e.ControlPlane.AdminKubeconfig(), "apply", "-f", filepath.Join(manifests, file))
		if err != nil {
			return fmt.Errorf("installing the server: %w", err)
		}
	}
	args, err := e.limit(ctx, options.Namespaces)
	if err != nil {
		return fmt.Errorf("limiting the server to namespaces: %w", err)
	}
	e.kubeconfig, err = e.ControlPlane.ServiceAccountKubeconfig(ctx, serverNamespace, serverName)
	if err != nil {
		return err
	}
	if err := e.startServers(ctx, options.Replicas, slices.Concat(args, options.ServerArgs)); err != nil {
		return err
	}
	return e.awaitSchema(ctx)
}

func (e *Environment) startServers(ctx context.Context, replicas int, args []string) (err error) {
	if replicas > 0 {
		if e.Replicas, err = e.startReplicas(ctx, replicas, args); err == nil {
			e.Server = e.Replicas.Servers[0]
		}
		return err
	}
	if e.Server, err = e.newServer(serverName, args); err != nil {
		return err
	}
	return e.Server.start(ctx)
}

// awaitSchema waits until kube-apiserver has fetched what kubectl validates and
// explains objects by.
func (e *Environment) awaitSchema(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(e.ControlPlane.RESTConfig())
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, pollInterval, waitLimit, true, func(ctx context.Context) (bool, error) {
		_, last = client.CoreV1().RESTClient().Get().AbsPath("/openapi/v3/apis/external-secrets.io/v1").DoRaw(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the published schema: %w: %w", err, last)
	}
	return nil
}

// ManifestDir is artifacts/deploy.
func ManifestDir() (string, error) {
	root, err := controlplane.RepositoryRoot()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "artifacts", "deploy"), nil
}

// Stop ends every process and says what went wrong in the server unnoticed.
func (e *Environment) Stop() error {
	err := e.ControlPlane.Stop()
	if e.Replicas != nil {
		return errors.Join(err, e.Replicas.stop())
	}
	return errors.Join(err, e.Server.complaint())
}
