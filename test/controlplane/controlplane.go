package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Options says what to start. Dir alone is required.
type Options struct {
	// Dir holds every file of the control plane: certificates, data, logs,
	// kubeconfigs. It is made when it is not there. It must not hold an earlier
	// control plane, and the caller removes it.
	Dir string
	// Kubernetes is the minor version to run ("1.37"); empty means that of the
	// function Kubernetes.
	Kubernetes string
	// Progress is told about builds; nil means nobody.
	Progress io.Writer
	// AuditPolicy is the YAML of an audit.k8s.io/v1 Policy. When it is set,
	// kube-apiserver writes the audit log that AuditLog names.
	AuditPolicy []byte
	// Verbosity is the -v of kube-apiserver and kube-controller-manager.
	Verbosity int
	// APIServerArgs are added to kube-apiserver's command line.
	APIServerArgs []string
	// Controllers of kube-controller-manager that run beside those that every cluster
	// here has, by name.
	Controllers []string
	// WithoutControllerManager leaves out kube-controller-manager: no garbage
	// collection, no deletion of namespaces, no default service accounts.
	WithoutControllerManager bool
}

// ControlPlane is a running control plane. Its methods may be called
// concurrently.
type ControlPlane struct {
	options      Options
	paths        Paths
	certificates *certificates
	spawner      *spawner

	admin                       keyPair
	adminKubeconfig             string
	controllerManagerKubeconfig string

	// lifecycle serializes starts and stops of components.
	lifecycle         sync.Mutex
	stopped           bool
	etcd              *component
	apiserver         *component
	controllerManager *component
	programs          []*component // in the order of NewProgram
}

// Start builds what is not built yet, starts a control plane and returns when it
// can be used: /readyz answers, the namespace default exists, the configuration
// that aggregated servers read is published, and the controllers run. ctx bounds
// the start alone; Stop ends what was started.
func Start(ctx context.Context, options Options) (*ControlPlane, error) {
	if options.Dir == "" {
		return nil, errors.New("starting a control plane: Options.Dir is empty")
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	options.Dir = dir
	paths, err := Binaries(ctx, options.Kubernetes, options.Progress)
	if err != nil {
		return nil, err
	}
	cp := &ControlPlane{options: options, paths: paths}
	if err := cp.prepare(); err != nil {
		return nil, fmt.Errorf("preparing a control plane in %s: %w", dir, err)
	}
	cp.spawner = startSpawner()
	if err := cp.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a control plane: %w", err), cp.Stop())
	}
	return cp, nil
}

// prepare writes the files that the components read and describes the components.
func (cp *ControlPlane) prepare() error {
	dir := cp.options.Dir
	if _, err := os.Stat(etcdDir(dir)); err == nil {
		return errors.New("the folder holds the data of an earlier control plane")
	}
	for _, sub := range []string{homeDir(dir), logDir(dir), kubeconfigDir(dir)} {
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
	}
	if policy := cp.options.AuditPolicy; policy != nil {
		if err := os.WriteFile(auditPolicyFile(dir), policy, 0o644); err != nil {
			return err
		}
	}
	var err error
	if cp.certificates, err = newCertificates(filepath.Join(dir, "pki")); err != nil {
		return err
	}
	if cp.admin, err = cp.certificates.cluster.client("admin", "system:masters"); err != nil {
		return err
	}
	return cp.describeComponents()
}

func (cp *ControlPlane) describeComponents() error {
	etcdReady, err := answersOK(cp.certificates.etcdClient, func() string { return cp.etcdURL() + "/health" })
	if err != nil {
		return err
	}
	cp.etcd = &component{
		name: "etcd", path: cp.paths.Etcd, portCount: 2, args: cp.etcdArgs, ready: etcdReady,
	}
	cluster := TLSFiles{CA: cp.certificates.clusterCA}
	apiserverReady, err := answersOK(cluster, func() string { return cp.APIServerURL() + "/readyz" })
	if err != nil {
		return err
	}
	cp.apiserver = &component{
		name: "kube-apiserver", path: cp.paths.KubeAPIServer, portCount: 1, args: cp.apiserverArgs, ready: apiserverReady,
	}
	controllersReady, err := answersOK(cluster, func() string {
		return "https://" + hostPort(cp.controllerManager.ports[0]) + "/healthz"
	})
	if err != nil {
		return err
	}
	cp.controllerManager = &component{
		name: "kube-controller-manager", path: cp.paths.KubeControllerManager, portCount: 1,
		args: cp.controllerManagerArgs, ready: controllersReady,
	}
	return nil
}

func (cp *ControlPlane) start(ctx context.Context) error {
	if err := cp.startComponent(ctx, cp.etcd); err != nil {
		return err
	}
	if err := cp.startComponent(ctx, cp.apiserver); err != nil {
		return err
	}
	var err error
	if cp.adminKubeconfig, err = cp.writeKubeconfig("admin", cp.RESTConfig()); err != nil {
		return err
	}
	if cp.controllerManagerKubeconfig, err = cp.Kubeconfig("system:kube-controller-manager"); err != nil {
		return err
	}
	if !cp.options.WithoutControllerManager {
		if err := cp.startComponent(ctx, cp.controllerManager); err != nil {
			return err
		}
	}
	return cp.waitForBootstrap(ctx)
}

// waitForBootstrap waits for the objects that kube-apiserver and the controllers
// make after they have called themselves ready.
func (cp *ControlPlane) waitForBootstrap(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(cp.RESTConfig())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not there within %s", startTimeout))
	defer cancel()
	err = poll(ctx, func(ctx context.Context) error {
		if _, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{}); err != nil {
			return err
		}
		// Aggregated servers learn from it how the front proxy authenticates.
		if _, err := client.CoreV1().ConfigMaps(metav1.NamespaceSystem).
			Get(ctx, "extension-apiserver-authentication", metav1.GetOptions{}); err != nil {
			return err
		}
		if cp.options.WithoutControllerManager {
			return nil
		}
		_, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("waiting for the objects of a new cluster: %w", err)
	}
	return nil
}

func (cp *ControlPlane) startComponent(ctx context.Context, c *component) error {
	cp.lifecycle.Lock()
	defer cp.lifecycle.Unlock()
	if cp.stopped {
		return fmt.Errorf("starting %s: the control plane has been stopped", c.name)
	}
	return c.start(ctx, cp.spawner, cp.options.Dir)
}

func (cp *ControlPlane) stopComponent(c *component) error {
	cp.lifecycle.Lock()
	defer cp.lifecycle.Unlock()
	return c.stop()
}

// Stop ends every process, in reverse order of their start, and waits for them.
// It returns an error when one had ended by itself. A second Stop does nothing.
func (cp *ControlPlane) Stop() error {
	cp.lifecycle.Lock()
	defer cp.lifecycle.Unlock()
	if cp.stopped {
		return nil
	}
	cp.stopped = true
	var errs []error
	for _, program := range slices.Backward(cp.programs) {
		errs = append(errs, program.stop())
	}
	errs = append(errs, cp.controllerManager.stop(), cp.apiserver.stop(), cp.etcd.stop())
	cp.spawner.close()
	return errors.Join(errs...)
}

// StopAPIServer ends kube-apiserver, and with it every connection to it.
func (cp *ControlPlane) StopAPIServer() error { return cp.stopComponent(cp.apiserver) }

// StartAPIServer starts kube-apiserver again, on the same port and data, and
// waits until it is ready.
func (cp *ControlPlane) StartAPIServer(ctx context.Context) error {
	return cp.startComponent(ctx, cp.apiserver)
}

// StopControllerManager ends kube-controller-manager.
func (cp *ControlPlane) StopControllerManager() error { return cp.stopComponent(cp.controllerManager) }

// StartControllerManager starts kube-controller-manager, again or for the first
// time. kube-apiserver must be running.
func (cp *ControlPlane) StartControllerManager(ctx context.Context) error {
	return cp.startComponent(ctx, cp.controllerManager)
}

// APIServerURL is where kube-apiserver listens, now or after its next start.
func (cp *ControlPlane) APIServerURL() string { return "https://" + hostPort(cp.apiserver.ports[0]) }

func (cp *ControlPlane) etcdURL() string { return "https://" + hostPort(cp.etcd.ports[0]) }

// Etcd returns the address of etcd and the files with which a client
// authenticates. kube-apiserver keeps its objects under /registry.
func (cp *ControlPlane) Etcd() (url string, client TLSFiles) {
	return cp.etcdURL(), cp.certificates.etcdClient
}

// Paths locates the binaries that run, and the kubectl that matches them.
func (cp *ControlPlane) Paths() Paths { return cp.paths }

// AuditLog is the file of kube-apiserver's audit log, one JSON event a line.
func (cp *ControlPlane) AuditLog() string {
	return filepath.Join(logDir(cp.options.Dir), "audit.log")
}

// LogDir holds one file per component, named after it.
func (cp *ControlPlane) LogDir() string { return logDir(cp.options.Dir) }

// CA is the certificate authority of the cluster, as PEM: it has issued
// kube-apiserver's serving certificate and everything of ServingCert.
func (cp *ControlPlane) CA() []byte { return cp.certificates.cluster.pem }

// ServingCert issues a serving certificate for hosts, names or IP addresses, as
// PEM. An aggregated server needs <service>.<namespace>.svc among them.
func (cp *ControlPlane) ServingCert(hosts ...string) (cert, key, ca []byte, err error) {
	pair, err := cp.certificates.cluster.serving(hosts...)
	if err != nil {
		return nil, nil, nil, err
	}
	return pair.cert, pair.key, cp.CA(), nil
}
