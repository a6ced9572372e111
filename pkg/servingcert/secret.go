package servingcert

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// seen returns the Secret as it was last seen, nil for none.
func (m *Manager) seen() (*corev1.Secret, error) {
	object, exists, err := m.secret.GetStore().GetByKey(m.config.Namespace + "/" + m.config.Secret)
	if err != nil {
		return nil, fmt.Errorf("look the Secret up: %w", err)
	}
	if !exists {
		return nil, nil
	}
	secret, ok := object.(*corev1.Secret)
	if !ok {
		return nil, fmt.Errorf("the Secret is a %T", object)
	}
	return secret, nil
}

// read serves what a Secret of somebody else's holds.
func (m *Manager) read(ctx context.Context, found *corev1.Secret) error {
	if found == nil {
		return errors.New("the Secret does not exist")
	}
	leaf := parsePair(found.Data[leafCertKey], found.Data[leafKeyKey])
	if leaf == nil {
		return fmt.Errorf("the Secret has no certificate with its key under %s and %s", leafCertKey, leafKeyKey)
	}
	m.serve(ctx, material{leaf: leaf})
	return nil
}

// write creates or updates the Secret. Of two replicas one succeeds.
func (m *Manager) write(ctx context.Context, found *corev1.Secret, data map[string][]byte, content material) error {
	secrets := m.config.Client.CoreV1().Secrets(m.config.Namespace)
	var err error
	if found == nil {
		_, err = secrets.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Name: m.config.Secret, Namespace: m.config.Namespace, Labels: map[string]string{ManagedByLabel: ManagedBy},
			},
			Type: corev1.SecretTypeTLS,
			Data: data,
		}, metav1.CreateOptions{FieldManager: fieldManager})
	} else {
		changed := found.DeepCopy()
		changed.Data = data
		_, err = secrets.Update(ctx, changed, metav1.UpdateOptions{FieldManager: fieldManager})
	}
	if err != nil {
		return &writeError{err}
	}
	klog.FromContext(ctx).Info("Wrote the serving certificate", "secret", klog.KRef(m.config.Namespace, m.config.Secret),
		"issuer", content.leaf.cert.Issuer.CommonName, "notAfter", content.leaf.cert.NotAfter,
		"successorAnnounced", content.next != nil, "authorities", len(content.trusted))
	return nil
}

// writeError says why a Secret could not be written, without the text of the answer: an answer may quote what was sent.
type writeError struct{ err error }

func (e *writeError) Error() string {
	reason := apierrors.ReasonForError(e.err)
	if reason == metav1.StatusReasonUnknown {
		return "write the Secret: no answer"
	}
	return "write the Secret: " + string(reason)
}

func (e *writeError) Unwrap() error { return e.err }
