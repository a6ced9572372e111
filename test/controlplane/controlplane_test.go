package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

const auditEverything = `
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
`

// TestControlPlane starts one control plane and asks of it, in turn, what the
// tests that use this package rely on.
func TestControlPlane(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a control plane")
	}
	cp, err := Start(t.Context(), Options{
		Dir:         t.TempDir(),
		Progress:    t.Output(),
		AuditPolicy: []byte(auditEverything),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cp.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := kubernetes.NewForConfig(cp.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, subtest := range []struct {
		name string
		run  func(*testing.T, *ControlPlane, kubernetes.Interface)
	}{
		{"versions of client and server", testVersions},
		{"listeners are on loopback", testLoopback},
		{"requests are audited", testAudit},
		{"users are subject to RBAC", testUser},
		{"service accounts authenticate", testServiceAccount},
		{"aggregated server", testAggregation},
		{"owned objects are collected", testGarbageCollection},
		{"namespaces are deleted", testNamespaceDeletion},
		{"kube-apiserver restarts", testAPIServerRestart},
		{"kube-controller-manager restarts", testControllerManagerRestart},
		{"nothing is left", testStop},
	} {
		if !t.Run(subtest.name, func(t *testing.T) { subtest.run(t, cp, client) }) {
			t.Logf("logs of %s:\n%s", cp.apiserver.name, logOf(cp.apiserver))
		}
	}
}

func logOf(c *component) string {
	if c.running == nil {
		return "(not running)"
	}
	return c.running.logTail()
}

func testVersions(t *testing.T, cp *ControlPlane, _ kubernetes.Interface) {
	stdout, stderr, err := cp.Kubectl(t.Context(), cp.AdminKubeconfig(), "version", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	if stderr != "" {
		t.Errorf("kubectl warns: %s", stderr)
	}
	type version struct{ Major, Minor, GitVersion string }
	var got struct{ ClientVersion, ServerVersion version }
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.ClientVersion != got.ServerVersion {
		t.Errorf("kubectl is %v, kube-apiserver %v", got.ClientVersion, got.ServerVersion)
	}
	if minor := got.ServerVersion.Major + "." + got.ServerVersion.Minor; minor != Kubernetes() {
		t.Errorf("the server is %q, want %q", minor, Kubernetes())
	}
	if !strings.HasPrefix(got.ServerVersion.GitVersion, "v"+Kubernetes()+".") {
		t.Errorf("the server calls itself %q", got.ServerVersion.GitVersion)
	}
}

func testLoopback(t *testing.T, cp *ControlPlane, _ kubernetes.Interface) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	ports := append(append([]int{cp.apiserver.ports[0]}, cp.etcd.ports...), cp.controllerManager.ports...)
	for _, address := range interfaces {
		ip := address.(*net.IPNet).IP
		if ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		for _, port := range ports {
			// Who can listen beside a server has not met it on this address.
			listener, err := net.Listen("tcp", net.JoinHostPort(ip.String(), fmt.Sprint(port)))
			if err != nil {
				t.Errorf("port %d is taken on %s: %v", port, ip, err)
				continue
			}
			listener.Close()
		}
	}
}

func testAudit(t *testing.T, cp *ControlPlane, _ kubernetes.Interface) {
	manifest := "{apiVersion: v1, kind: ConfigMap, metadata: {name: audited}, data: {key: value}}"
	if _, _, err := cp.KubectlInput(t.Context(), cp.AdminKubeconfig(), strings.NewReader(manifest), "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	stdout, _, err := cp.Kubectl(t.Context(), cp.AdminKubeconfig(), "get", "configmap", "audited", "-o", "jsonpath={.data.key}")
	if err != nil || stdout != "value" {
		t.Errorf("got %q, %v", stdout, err)
	}
	log, err := os.ReadFile(cp.AuditLog())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(log)), "\n") {
		var event struct {
			Verb      string
			ObjectRef struct{ Resource, Name string }
			User      struct{ Username string }
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		if event.Verb == "create" && event.ObjectRef.Name == "audited" && event.User.Username == "admin" {
			return
		}
	}
	t.Error("no event of the creation in the audit log")
}

func testUser(t *testing.T, cp *ControlPlane, _ kubernetes.Interface) {
	kubeconfig, err := cp.Kubeconfig("oidc:jane/doe", "readers")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(kubeconfig); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig has the mode %v, %v", info.Mode(), err)
	}
	get := []string{"get", "configmaps", "-n", "kube-system"}
	_, stderr, err := cp.Kubectl(t.Context(), kubeconfig, get...)
	if err == nil || !strings.Contains(stderr, `User "oidc:jane/doe" cannot list resource "configmaps"`) {
		t.Fatalf("a user without a role got %v: %s", err, stderr)
	}
	if _, _, err := cp.Kubectl(t.Context(), cp.AdminKubeconfig(),
		"create", "clusterrolebinding", "readers", "--clusterrole=view", "--group=readers"); err != nil {
		t.Fatal(err)
	}
	// The role view is empty until it has been aggregated.
	eventually(t, "a member of readers may read", func() error {
		_, _, err := cp.Kubectl(t.Context(), kubeconfig, get...)
		return err
	})
}

func testServiceAccount(t *testing.T, cp *ControlPlane, _ kubernetes.Interface) {
	kubeconfig, err := cp.ServiceAccountKubeconfig(t.Context(), "default", "default")
	if err != nil {
		t.Fatal(err)
	}
	stdout, _, err := cp.Kubectl(t.Context(), kubeconfig, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
	if err != nil || stdout != "system:serviceaccount:default:default" {
		t.Errorf("the token is %q's, %v", stdout, err)
	}
	if _, err := cp.ServiceAccountConfig(t.Context(), "default", "nobody"); !apierrors.IsNotFound(err) {
		t.Errorf("a token for a service account that is not there: %v", err)
	}
}

func testGarbageCollection(t *testing.T, _ *ControlPlane, client kubernetes.Interface) {
	collectsOwned(t, client, "collected")
}

// collectsOwned checks that a Secret goes with its owner, and that one whose
// owner stays does not.
func collectsOwned(t *testing.T, client kubernetes.Interface, name string) {
	t.Helper()
	ctx := t.Context()
	configMaps, secrets := client.CoreV1().ConfigMaps("default"), client.CoreV1().Secrets("default")
	for _, name := range []string{name, name + "-kept"} {
		owner, err := configMaps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := secrets.Create(ctx, ownedSecret(name, owner.UID), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := configMaps.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the Secret is collected", func() error {
		_, err := secrets.Get(ctx, name, metav1.GetOptions{})
		return wantNotFound(err)
	})
	if _, err := secrets.Get(ctx, name+"-kept", metav1.GetOptions{}); err != nil {
		t.Errorf("the Secret whose owner lives: %v", err)
	}
}

func ownedSecret(name string, owner types.UID) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name:            name,
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: owner}},
	}}
}

func wantNotFound(err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err == nil:
		return errors.New("it is still there")
	default:
		return err
	}
}

func testNamespaceDeletion(t *testing.T, _ *ControlPlane, client kubernetes.Interface) {
	ctx := t.Context()
	namespaces := client.CoreV1().Namespaces()
	if _, err := namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "short-lived"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := namespaces.Delete(ctx, "short-lived", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace is gone", func() error {
		_, err := namespaces.Get(ctx, "short-lived", metav1.GetOptions{})
		return wantNotFound(err)
	})
}
