package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// Controllers are what kube-controller-manager runs for workloads, beside what every cluster needs.
var Controllers = []string{
	"deployment-controller", "replicaset-controller", "statefulset-controller", "job-controller",
	"endpoints-controller", "endpointslice-controller", "persistentvolumeclaim-protection-controller",
}

const (
	nodeName = "node"
	// interval is between two looks at the cluster's pods.
	interval = 200 * time.Millisecond
)

// Config is what a Node is made of. All of it is required but Env.
type Config struct {
	ControlPlane *controlplane.ControlPlane
	// Dir holds volumes.
	Dir string
	// Socket is that of APIServerArgs.
	Socket string
	// Binary is what containers run, Env its environment beside theirs.
	Binary string
	Env    []string
	Logger *slog.Logger
}

// Node runs the pods of a cluster.
type Node struct {
	config Config
	client kubernetes.Interface

	pods map[types.UID]*pod // of the goroutine of Run
	next int                // the address of the next pod
}

// APIServerArgs writes what has kube-apiserver reach Services through a socket, and returns the flags that say so. The path of a
// socket must be short.
func APIServerArgs(dir, socket string) ([]string, error) {
	file := filepath.Join(dir, "egress.yaml")
	content := fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport: {uds: {udsName: %s}}
`, socket)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return nil, fmt.Errorf("configure the egress of kube-apiserver: %w", err)
	}
	return []string{"--egress-selector-config-file=" + file}, nil
}

// New makes a Node, which does nothing before Run.
func New(config Config) (*Node, error) {
	client, err := kubernetes.NewForConfig(config.ControlPlane.RESTConfig())
	if err != nil {
		return nil, fmt.Errorf("make a node: %w", err)
	}
	return &Node{config: config, client: client, pods: map[types.UID]*pod{}}, nil
}

// Run runs pods until ctx ends, and ends them then.
func (n *Node) Run(ctx context.Context) error {
	if err := n.register(ctx); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", n.config.Socket)
	if err != nil {
		return fmt.Errorf("run a node: %w", err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { serveProxy(ctx, listener, n.client, n.config.Logger) })
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := n.look(ctx, &running); err != nil && ctx.Err() == nil {
			n.config.Logger.Warn("The node could not look at its pods", "error", err.Error())
		}
	}
}

// look begins and ends pods as the cluster has them.
func (n *Node) look(ctx context.Context, running *sync.WaitGroup) error {
	list, err := n.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var errs []error
	seen := map[types.UID]bool{}
	for i := range list.Items {
		object := &list.Items[i]
		seen[object.UID] = true
		known := n.pods[object.UID]
		switch {
		case object.Spec.NodeName == "":
			errs = append(errs, n.bind(ctx, object))
		case object.DeletionTimestamp != nil && known != nil:
			known.end()
		case object.DeletionTimestamp != nil:
			errs = append(errs, newPod(n, object, 0).remove(ctx))
		case known == nil && object.Status.Phase == corev1.PodPending:
			n.next++
			begun := newPod(n, object, n.next)
			n.pods[object.UID] = begun
			running.Go(func() { begun.run(ctx) })
		}
	}
	for uid, gone := range n.pods {
		if !seen[uid] {
			gone.end()
			delete(n.pods, uid)
		}
	}
	return errors.Join(errs...)
}

// register makes the Node, without which a pod is no endpoint of a Service.
func (n *Node) register(ctx context.Context) error {
	_, err := n.client.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("register the node: %w", err)
	}
	return nil
}

// bind does what a scheduler does.
func (n *Node) bind(ctx context.Context, object *corev1.Pod) error {
	return n.client.CoreV1().Pods(object.Namespace).Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: object.Namespace, Name: object.Name, UID: object.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: nodeName},
	}, metav1.CreateOptions{})
}
