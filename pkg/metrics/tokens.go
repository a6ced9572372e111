package metrics

import (
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/ref"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

var _ ref.Metrics = (*Metrics)(nil)

// TokenRequested implements ref.Metrics.
func (m *Metrics) TokenRequested(reason provider.Reason) {
	m.tokens.WithLabelValues(string(reason)).Inc()
}
