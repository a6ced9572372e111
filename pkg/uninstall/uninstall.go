package uninstall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/utils/ptr"
)

// interval is between two looks at what is going away.
const interval = 500 * time.Millisecond

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

// Config says what is taken out. All of it is required but Namespaces.
type Config struct {
	Metadata metadata.Interface
	Dynamic  dynamic.Interface
	// Workload is what runs the server, of Resource. It need not exist.
	Workload types.NamespacedName
	Resource schema.GroupVersionResource
	// Service is what the APIServices lead to: one that leads elsewhere is left alone.
	Service types.NamespacedName
	// APIServices are the names of those that may be there.
	APIServices []string
	// Owned are the resources that ExternalSecrets may own.
	Owned []schema.GroupVersionResource
	// Namespaces are those that objects are looked for in; empty for all.
	Namespaces []string
	Logger     *slog.Logger
}

// Run does it, and returns when nothing is left to do.
func Run(ctx context.Context, config Config) error {
	if err := config.removeWorkload(ctx); err != nil {
		return fmt.Errorf("remove %s %s: %w", config.Resource.Resource, config.Workload, err)
	}
	for _, resource := range config.Owned {
		if err := config.disownAll(ctx, resource); err != nil {
			return fmt.Errorf("take the owners off %s: %w", resource.GroupResource(), err)
		}
	}
	for _, name := range config.APIServices {
		if err := config.removeAPIService(ctx, name); err != nil {
			return fmt.Errorf("delete the APIService %s: %w", name, err)
		}
	}
	return nil
}

// removeWorkload returns when the workload is gone, and its pods before it.
func (c Config) removeWorkload(ctx context.Context) error {
	client := c.Metadata.Resource(c.Resource).Namespace(c.Workload.Namespace)
	err := client.Delete(ctx, c.Workload.Name, metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationForeground)})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Logger.Info("Waiting until the server has ended", "workload", c.Workload)
	var last error
	err = wait.PollUntilContextCancel(ctx, interval, true, func(ctx context.Context) (bool, error) {
		_, last = client.Get(ctx, c.Workload.Name, metav1.GetOptions{})
		return apierrors.IsNotFound(last), nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}

// removeAPIService deletes an APIService that leads to this server.
func (c Config) removeAPIService(ctx context.Context, name string) error {
	client := c.Dynamic.Resource(apiServices)
	found, err := client.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if leadsTo(found) != c.Service {
		c.Logger.Info("The APIService leads elsewhere, and is left alone", "name", name)
		return nil
	}
	err = client.Delete(ctx, name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(found.GetUID()))})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	c.Logger.Info("Deleted the APIService", "name", name)
	return nil
}

// leadsTo is the Service of an APIService, empty for one that kube-apiserver serves itself.
func leadsTo(registered *unstructured.Unstructured) types.NamespacedName {
	// A field of another type is one that is not there.
	namespace, _, _ := unstructured.NestedString(registered.Object, "spec", "service", "namespace")
	name, _, _ := unstructured.NestedString(registered.Object, "spec", "service", "name")
	return types.NamespacedName{Namespace: namespace, Name: name}
}
