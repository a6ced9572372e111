package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// statusTimeout bounds what is told the cluster of a pod that ends with the node.
const statusTimeout = 5 * time.Second

// pod is a pod with its one container.
type pod struct {
	node   *Node
	object *corev1.Pod
	// suffix is that of its addresses: 10.SUFFIX in the cluster, 127.SUFFIX where it listens.
	suffix  string
	ending  chan struct{}
	endOnce sync.Once
}

func newPod(n *Node, object *corev1.Pod, number int) *pod {
	return &pod{node: n, object: object, suffix: fmt.Sprintf("9.%d.%d", number/250, number%250+1), ending: make(chan struct{})}
}

// end has run end the container in order, and delete the pod.
func (p *pod) end() { p.endOnce.Do(func() { close(p.ending) }) }

// run runs the container until it has ended and was not to be restarted, or until the pod is deleted or ctx ends. A pod that is
// deleted is forgotten by the cluster when its container has ended.
func (p *pod) run(ctx context.Context) {
	for again := true; again; {
		var err error
		if again, err = p.once(ctx); err != nil {
			p.complain("A container failed", err)
			p.await(ctx, time.Second)
		}
	}
	select {
	case <-p.ending:
		// One that ran to its end is deleted without waiting for the node.
		if err := p.remove(ctx); err != nil && !apierrors.IsNotFound(err) {
			p.complain("A pod that has ended was not removed", err)
		}
	case <-ctx.Done():
	}
}

// await waits, unless the pod is deleted or ctx ends.
func (p *pod) await(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ending:
	case <-ctx.Done():
	}
}

func (p *pod) complain(what string, err error) {
	p.node.config.Logger.Warn(what, "pod", p.object.Name, "error", err.Error())
}

// once runs the container once, and tells whether to do so again.
func (p *pod) once(ctx context.Context) (again bool, err error) {
	process, err := p.start(ctx)
	if err != nil {
		return ctx.Err() == nil && !p.isEnding(), err
	}
	probing, stop := context.WithCancel(ctx)
	var probes sync.WaitGroup
	probes.Go(func() { p.probe(probing) })
	defer probes.Wait()
	defer stop()

	select {
	case <-process.Exited():
		stop()
		probes.Wait()
		return p.exited(ctx, process.Failed())
	case <-ctx.Done():
		return false, process.Stop(p.grace())
	case <-p.ending:
	}
	return false, process.Stop(p.grace())
}

func (p *pod) isEnding() bool {
	select {
	case <-p.ending:
		return true
	default:
		return false
	}
}

// exited says what comes of a container that ended by itself.
func (p *pod) exited(ctx context.Context, failed error) (again bool, err error) {
	if p.object.Spec.RestartPolicy != corev1.RestartPolicyNever {
		return true, errors.Join(errors.New("it ended by itself"), failed)
	}
	phase := corev1.PodSucceeded
	if failed != nil {
		phase = corev1.PodFailed
	}
	return false, errors.Join(failed, p.tell(ctx, phase, false))
}

func (p *pod) container() *corev1.Container { return &p.object.Spec.Containers[0] }

func (p *pod) grace() time.Duration {
	return time.Duration(ptr.Deref(p.object.Spec.TerminationGracePeriodSeconds, 30)) * time.Second
}

// start starts the container, and says that it runs.
func (p *pod) start(ctx context.Context) (*controlplane.Process, error) {
	cp, container := p.node.config.ControlPlane, p.container()
	mounted, err := p.mount(ctx)
	if err != nil {
		return nil, err
	}
	var args []string
	for _, arg := range container.Args {
		args = append(args, mounted.Replace(arg))
	}
	kubeconfig, err := cp.ServiceAccountKubeconfig(ctx, p.object.Namespace, p.object.Spec.ServiceAccountName)
	if err != nil {
		return nil, err
	}
	args = append(args, "--kubeconfig="+kubeconfig)
	if len(container.Ports) > 0 {
		args = append(args, "--bind-address=127."+p.suffix)
	}
	env := p.node.config.Env
	for _, variable := range container.Env {
		env = append(env[:len(env):len(env)], variable.Name+"="+variable.Value)
	}
	process, err := cp.StartProcess(strings.Join([]string{p.object.Namespace, p.object.Name}, "."), p.node.config.Binary, args, env)
	if err != nil {
		return nil, err
	}
	return process, p.tell(ctx, corev1.PodRunning, false)
}

// tell writes the pod's status.
func (p *pod) tell(ctx context.Context, phase corev1.PodPhase, ready bool) error {
	state := corev1.ConditionFalse
	if ready {
		state = corev1.ConditionTrue
	}
	now := metav1.Now()
	object := p.object.DeepCopy()
	object.ResourceVersion = ""
	ip := "10." + p.suffix
	object.Status = corev1.PodStatus{
		Phase: phase, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}, StartTime: &now,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodReady, Status: state, LastTransitionTime: now},
			{Type: corev1.ContainersReady, Status: state, LastTransitionTime: now},
			{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: now},
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now},
		},
	}
	_, err := p.node.client.CoreV1().Pods(object.Namespace).UpdateStatus(ctx, object, metav1.UpdateOptions{})
	return err
}

// remove has the cluster forget a pod that has ended.
func (p *pod) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statusTimeout)
	defer cancel()
	return p.node.client.CoreV1().Pods(p.object.Namespace).Delete(ctx, p.object.Name, metav1.DeleteOptions{
		GracePeriodSeconds: ptr.To[int64](0), Preconditions: metav1.NewUIDPreconditions(string(p.object.UID)),
	})
}
