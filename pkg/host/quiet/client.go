package quiet

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	typedauthenticationv1 "k8s.io/client-go/kubernetes/typed/authentication/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// requestTimeout bounds every request but lists and watches, whose callers bound them.
const requestTimeout = 15 * time.Second

// Client reads and writes Secrets and objects of other kinds, reads ConfigMaps and metadata, and requests tokens, without a
// word in any log. It is safe for concurrent use. Its errors are *apierrors.StatusError, or *Error where the host gave no
// answer that makes sense.
type Client struct {
	core           typedcorev1.CoreV1Interface
	authentication typedauthenticationv1.AuthenticationV1Interface
	metadata       metadata.Interface
	// objects is for kinds that ExternalSecrets name.
	objects dynamic.Interface
}

// New makes a Client of the host that config leads to. It sends nothing.
func New(config *rest.Config) (*Client, error) {
	if _, err := silent(context.Background()); err != nil {
		return nil, err
	}
	quiet := rest.CopyConfig(config)
	quiet.WarningHandler, quiet.WarningHandlerWithContext = rest.NoWarnings{}, rest.NoWarnings{}
	// The host's priority and fairness limits this client; a second limit here would only add delay.
	quiet.QPS, quiet.RateLimiter = -1, nil
	quiet.ContentType = runtime.ContentTypeProtobuf
	quiet.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON

	transport, err := rest.HTTPClientFor(quiet)
	if err != nil {
		return nil, fmt.Errorf("connecting to the host cluster: %w", err)
	}
	core, err := typedcorev1.NewForConfigAndClient(quiet, transport)
	if err != nil {
		return nil, fmt.Errorf("making the client of the host cluster: %w", err)
	}
	authentication, err := typedauthenticationv1.NewForConfigAndClient(quiet, transport)
	if err != nil {
		return nil, fmt.Errorf("making the authentication client of the host cluster: %w", err)
	}
	meta, err := metadata.NewForConfigAndClient(quiet, transport)
	if err != nil {
		return nil, fmt.Errorf("making the metadata client of the host cluster: %w", err)
	}
	objects, err := dynamic.NewForConfigAndClient(quiet, transport)
	if err != nil {
		return nil, fmt.Errorf("making the dynamic client of the host cluster: %w", err)
	}
	return &Client{core: core, authentication: authentication, metadata: meta, objects: objects}, nil
}

// GetSecret reads a Secret at its most recent.
func (c *Client) GetSecret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	return do(ctx, subject{"reading", "Secret", namespace, name}, func(ctx context.Context) (*corev1.Secret, error) {
		return c.core.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	})
}

// GetConfigMap reads a ConfigMap at its most recent.
func (c *Client) GetConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	return do(ctx, subject{"reading", "ConfigMap", namespace, name}, func(ctx context.Context) (*corev1.ConfigMap, error) {
		return c.core.ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	})
}

// CreateSecret creates s and returns what stands.
func (c *Client) CreateSecret(ctx context.Context, s *corev1.Secret, manager string) (*corev1.Secret, error) {
	return do(ctx, subject{"creating", "Secret", s.Namespace, s.Name}, func(ctx context.Context) (*corev1.Secret, error) {
		return c.core.Secrets(s.Namespace).Create(ctx, s, metav1.CreateOptions{FieldManager: manager})
	})
}

// UpdateSecret writes s over the Secret of the resourceVersion that s carries, and returns what stands. A Secret that has
// moved on since is a Conflict.
func (c *Client) UpdateSecret(ctx context.Context, s *corev1.Secret, manager string) (*corev1.Secret, error) {
	what := subject{"updating", "Secret", s.Namespace, s.Name}
	if s.ResourceVersion == "" {
		return nil, &Error{message: what.String() + ": it carries no resourceVersion"}
	}
	return do(ctx, what, func(ctx context.Context) (*corev1.Secret, error) {
		return c.core.Secrets(s.Namespace).Update(ctx, s, metav1.UpdateOptions{FieldManager: manager})
	})
}

// DeleteSecret deletes the Secret of exactly this UID and resourceVersion. Another one of the name is a Conflict.
func (c *Client) DeleteSecret(ctx context.Context, namespace, name string, uid types.UID, resourceVersion string) error {
	del := func(ctx context.Context, name string, options metav1.DeleteOptions, _ ...string) error {
		return c.core.Secrets(namespace).Delete(ctx, name, options)
	}
	return remove(ctx, subject{"deleting", "Secret", namespace, name}, uid, resourceVersion, del)
}

func remove(ctx context.Context, what subject, uid types.UID, resourceVersion string,
	del func(ctx context.Context, name string, options metav1.DeleteOptions, subresources ...string) error) error {
	if uid == "" || resourceVersion == "" {
		return &Error{message: what.String() + ": its UID and resourceVersion are not known"}
	}
	_, err := do(ctx, what, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, del(ctx, what.name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &resourceVersion},
		})
	})
	return err
}

// do is try for an object of a namespace.
func do[T any](ctx context.Context, what subject, request func(context.Context) (T, error)) (T, error) {
	var none T
	// An empty namespace would lead to a path that means all of them.
	if what.namespace == "" || what.name == "" {
		return none, &Error{message: what.doing + " a " + what.kind + ": its namespace or name is empty"}
	}
	return try(ctx, what, request)
}

// try makes one request under a silent logger and cleans its error. A failed request returns the zero T: client-go hands out
// an empty object beside an error.
func try[T any](ctx context.Context, what subject, request func(context.Context) (T, error)) (T, error) {
	var none T
	ctx, err := silent(ctx)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	answer, err := request(ctx)
	if err != nil {
		return none, clean(what, err)
	}
	return answer, nil
}
