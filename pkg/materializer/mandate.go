package materializer

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

var errNoMandate = errors.New("the Lease was not renewed in time: another replica may write by now")

// mandate is this replica's right to write. Whoever writes asks for it at the last moment: a process that was paused wakes up
// in the middle of what it was doing, long before its elector notices that the Lease went. The resourceVersion of what is
// written is no protection by itself, since the woken process may read what another replica wrote and decide to undo it.
type mandate struct {
	// life is how long a renewal of the Lease lasts, from when it was asked for; 0 where there is no election.
	life time.Duration

	mu sync.Mutex
	// renewed is zero where the Lease is not held.
	renewed time.Time
}

// renew has the mandate last from a moment when the Lease was not yet written: no other replica can have seen it earlier.
func (m *mandate) renew(asked time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.renewed = asked
}

func (m *mandate) end() { m.renew(time.Time{}) }

// left is how long the mandate lasts. The clock that pauses while a machine sleeps is not relied on alone, nor is the one that
// can be set.
func (m *mandate) left(now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.renewed.IsZero() {
		return 0
	}
	return m.life - max(now.Sub(m.renewed), now.Round(0).Sub(m.renewed.Round(0)))
}

// write does one write under the mandate: it is not begun without one, and given up when the mandate ends.
func (m *mandate) write(ctx context.Context, do func(context.Context) error) error {
	if m.life == 0 {
		return do(ctx)
	}
	left := m.left(time.Now())
	if left <= 0 {
		return errNoMandate
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return do(ctx)
}

// mandatedSecrets writes Secrets under a mandate.
type mandatedSecrets struct {
	Secrets
	mandate *mandate
}

// CarryOut implements Secrets.
func (s mandatedSecrets) CarryOut(ctx context.Context, owner secret.Owner, p secret.Plan) (stands *corev1.Secret, err error) {
	err = s.mandate.write(ctx, func(ctx context.Context) error {
		stands, err = s.Secrets.CarryOut(ctx, owner, p)
		return err
	})
	return stands, err
}

// Delete implements Secrets.
func (s mandatedSecrets) Delete(ctx context.Context, namespace, name string, uid types.UID, resourceVersion string) error {
	return s.mandate.write(ctx, func(ctx context.Context) error {
		return s.Secrets.Delete(ctx, namespace, name, uid, resourceVersion)
	})
}

// mandatedObjects writes objects of other kinds under a mandate.
type mandatedObjects struct {
	Objects
	mandate *mandate
}

// CarryOut implements Objects.
func (o mandatedObjects) CarryOut(ctx context.Context, r object.Resource, owner secret.Owner, p object.Plan) (
	stands *unstructured.Unstructured, err error) {
	err = o.mandate.write(ctx, func(ctx context.Context) error {
		stands, err = o.Objects.CarryOut(ctx, r, owner, p)
		return err
	})
	return stands, err
}

// Delete implements Objects.
func (o mandatedObjects) Delete(ctx context.Context, r object.Resource, namespace, name string, uid types.UID, resourceVersion string) error {
	return o.mandate.write(ctx, func(ctx context.Context) error {
		return o.Objects.Delete(ctx, r, namespace, name, uid, resourceVersion)
	})
}
