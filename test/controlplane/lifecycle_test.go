package controlplane

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

func testAPIServerRestart(t *testing.T, cp *ControlPlane, client kubernetes.Interface) {
	ctx := t.Context()
	url, pid := cp.APIServerURL(), cp.apiserver.running.cmd.Process.Pid
	before, err := client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := cp.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Error("the process is still there")
	}
	if _, err := client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{}); err == nil {
		t.Error("a stopped server answers")
	}
	if err := cp.StopAPIServer(); err != nil {
		t.Errorf("stopping what is stopped: %v", err)
	}
	if err := cp.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	if cp.APIServerURL() != url {
		t.Errorf("moved from %s to %s", url, cp.APIServerURL())
	}
	after, err := client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if before.UID != after.UID {
		t.Error("the data is another")
	}
}

func testControllerManagerRestart(t *testing.T, cp *ControlPlane, client kubernetes.Interface) {
	if err := cp.StopControllerManager(); err != nil {
		t.Fatal(err)
	}
	if err := cp.StartControllerManager(t.Context()); err != nil {
		t.Fatal(err)
	}
	collectsOwned(t, client, "collected-after-restart")
}

func testStop(t *testing.T, cp *ControlPlane, _ kubernetes.Interface) {
	var pids []int
	for _, c := range []*component{cp.etcd, cp.apiserver, cp.controllerManager} {
		pids = append(pids, c.running.cmd.Process.Pid)
	}
	if err := cp.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
	if err := cp.StartAPIServer(t.Context()); err == nil {
		t.Error("a stopped control plane started a server")
	}
	if err := cp.Stop(); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
	if _, err := Start(t.Context(), cp.options); err == nil {
		t.Error("a second control plane started in the folder of the first")
	}
}

func TestAFailedStartSaysWhyAndLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts etcd and kube-apiserver")
	}
	dir := t.TempDir()
	_, err := Start(t.Context(), Options{Dir: dir, APIServerArgs: []string{"--no-such-flag"}})
	if err == nil || !strings.Contains(err.Error(), "unknown flag: --no-such-flag") {
		t.Errorf("got the error %v, want what kube-apiserver wrote", err)
	}
	// etcd holds this lock for as long as it runs.
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	unlock, err := lockFile(ctx, filepath.Join(etcdDir(dir), "member", "snap", "db"))
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestACancelledStartLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Options{Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
}
