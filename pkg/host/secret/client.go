package secret

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
)

// Client reads and writes target Secrets. Errors of the host are *apierrors.StatusError with clean texts: a Conflict or an
// AlreadyExists means that the Secret is to be read and decided upon again.
type Client struct {
	quiet *quiet.Client
}

// NewClient makes a Client that goes through the quiet one.
func NewClient(q *quiet.Client) *Client {
	return &Client{quiet: q}
}

// Get reads a Secret at its most recent; nil where there is none.
func (c *Client) Get(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	s, err := c.quiet.GetSecret(ctx, namespace, name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return s, err
}

// CarryOut does what a Plan for an ExternalSecret says and returns what stands. An update is written over exactly the
// resourceVersion that the Plan was made for. Plans that write nothing send nothing.
func (c *Client) CarryOut(ctx context.Context, owner Owner, p Plan) (*corev1.Secret, error) {
	switch p.Action {
	case Create:
		return c.quiet.CreateSecret(ctx, p.Secret(), FieldManager(owner.Name))
	case Update:
		return c.quiet.UpdateSecret(ctx, p.Secret(), FieldManager(owner.Name))
	case Keep:
		return p.Secret(), nil
	case Await, Skip:
		return nil, nil
	}
	return nil, fmt.Errorf("no such action of a plan: %q", p.Action)
}

// Delete deletes the Secret of exactly this UID and resourceVersion. One that is gone already is no error; one that has
// moved on is a Conflict.
func (c *Client) Delete(ctx context.Context, namespace, name string, uid types.UID, resourceVersion string) error {
	err := c.quiet.DeleteSecret(ctx, namespace, name, uid, resourceVersion)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
