package controlplane

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// apiServiceTimeout is well above the 30 s after which the aggregator looks again
// at a server that it found unavailable.
const apiServiceTimeout = 2 * time.Minute

var apiServices = schema.GroupVersionResource{
	Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices",
}

// APIService describes an aggregated API server that listens on loopback.
type APIService struct {
	Group, Version string
	// Namespace and Service name the Service under which the server is known: its
	// certificate must be valid for <Service>.<Namespace>.svc.
	Namespace, Service string
	// Port is where the server listens on localhost.
	Port int
	// CABundle checks the server's certificate, as PEM. Left empty, spec.caBundle is
	// left to whoever fills it in.
	CABundle []byte
}

// RegisterAPIService makes kube-apiserver serve a group version from a server on
// localhost and waits until requests reach it. It makes the namespace and the
// Service when they are not there, and replaces an APIService that is.
//
// There is no kube-proxy and no pod: the Service is an ExternalName for
// localhost, and the aggregator takes the port from the APIService.
func (cp *ControlPlane) RegisterAPIService(ctx context.Context, s APIService) error {
	name := s.Version + "." + s.Group
	if err := cp.createExternalName(ctx, s.Namespace, s.Service); err != nil {
		return fmt.Errorf("registering the APIService %s: %w", name, err)
	}
	client, err := dynamic.NewForConfig(cp.RESTConfig())
	if err != nil {
		return err
	}
	_, err = client.Resource(apiServices).Apply(ctx, name, s.object(), metav1.ApplyOptions{
		FieldManager: "controlplane", Force: true,
	})
	if err != nil {
		return fmt.Errorf("registering the APIService %s: %w", name, err)
	}
	return cp.WaitForAPIService(ctx, name)
}

func (s APIService) object() *unstructured.Unstructured {
	spec := map[string]any{
		"group":                s.Group,
		"version":              s.Version,
		"groupPriorityMinimum": int64(1000),
		"versionPriority":      int64(100),
		"service": map[string]any{
			"namespace": s.Namespace,
			"name":      s.Service,
			"port":      int64(s.Port),
		},
	}
	if len(s.CABundle) > 0 {
		spec["caBundle"] = base64.StdEncoding.EncodeToString(s.CABundle)
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1",
		"kind":       "APIService",
		"metadata":   map[string]any{"name": s.Version + "." + s.Group},
		"spec":       spec,
	}}
}

func (cp *ControlPlane) createExternalName(ctx context.Context, namespace, name string) error {
	client, err := kubernetes.NewForConfig(cp.RESTConfig())
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	_, err = client.CoreV1().Services(namespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return nil
}

// WaitForAPIService waits until the APIService name ("v1.example.com") is
// Available and its discovery document comes through kube-apiserver.
func (cp *ControlPlane) WaitForAPIService(ctx context.Context, name string) error {
	version, group, ok := strings.Cut(name, ".")
	if !ok {
		return fmt.Errorf("%q is not the name of an APIService: want <version>.<group>", name)
	}
	objects, err := dynamic.NewForConfig(cp.RESTConfig())
	if err != nil {
		return err
	}
	core, err := kubernetes.NewForConfig(cp.RESTConfig())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, apiServiceTimeout, fmt.Errorf("not available within %s", apiServiceTimeout))
	defer cancel()
	err = poll(ctx, func(ctx context.Context) error {
		object, err := objects.Resource(apiServices).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if err := available(object); err != nil {
			return err
		}
		return core.RESTClient().Get().AbsPath("/apis", group, version).Do(ctx).Error()
	})
	if err != nil {
		return fmt.Errorf("waiting for the APIService %s: %w", name, err)
	}
	return nil
}

// available returns why an APIService does not have the condition Available.
func available(object *unstructured.Unstructured) error {
	conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	if err != nil {
		return err
	}
	for _, entry := range conditions {
		condition, ok := entry.(map[string]any)
		if !ok || condition["type"] != "Available" {
			continue
		}
		if condition["status"] == string(metav1.ConditionTrue) {
			return nil
		}
		return fmt.Errorf("not available: %v: %v", condition["reason"], condition["message"])
	}
	return errors.New("the aggregator has not looked at it yet")
}
