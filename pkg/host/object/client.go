package object

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// Client reads and writes targets. Errors of the host are *apierrors.StatusError with clean texts: a Conflict or an
// AlreadyExists means that the object is to be read and decided upon again.
type Client struct {
	quiet *quiet.Client
}

// NewClient makes a Client that goes through the quiet one.
func NewClient(q *quiet.Client) *Client {
	return &Client{quiet: q}
}

// Get reads an object at its most recent; nil where there is none.
func (c *Client) Get(ctx context.Context, r Resource, namespace, name string) (*unstructured.Unstructured, error) {
	o, err := c.quiet.GetObject(ctx, r, namespace, name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return o, err
}

// CarryOut does what a Plan for an ExternalSecret says and returns what stands. An update is written over exactly the
// resourceVersion that the Plan was made for. Plans that write nothing send nothing.
func (c *Client) CarryOut(ctx context.Context, r Resource, owner secret.Owner, p Plan) (*unstructured.Unstructured, error) {
	switch p.Action {
	case secret.Create:
		return c.quiet.CreateObject(ctx, r, p.Object(), secret.FieldManager(owner.Name))
	case secret.Update:
		return c.quiet.UpdateObject(ctx, r, p.Object(), secret.FieldManager(owner.Name))
	case secret.Keep:
		return p.Object(), nil
	case secret.Await, secret.Skip:
		return nil, nil
	}
	return nil, fmt.Errorf("no such action of a plan: %q", p.Action)
}

// Delete deletes the object of exactly this UID and resourceVersion. One that is gone already is no error; one that has
// moved on is a Conflict.
func (c *Client) Delete(ctx context.Context, r Resource, namespace, name string, uid types.UID, resourceVersion string) error {
	err := c.quiet.DeleteObject(ctx, r, namespace, name, uid, resourceVersion)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
