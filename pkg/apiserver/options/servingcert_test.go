package options_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Where nothing is said, a certificate is managed in a cluster, and nowhere else.
func TestServingCertSource(t *testing.T) {
	for name, c := range map[string]struct {
		args           []string
		managed, files bool
	}{
		"in a cluster":      {managed: true},
		"given files":       {args: []string{"--tls-cert-file=/c", "--tls-private-key-file=/k"}, files: true},
		"beside a cluster":  {args: []string{"--kubeconfig=/host"}, files: true},
		"asked for":         {args: []string{"--kubeconfig=/host", "--serving-cert-source=managed"}, managed: true},
		"somebody's Secret": {args: []string{"--serving-cert-source=secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := parse(t, c.args...)
			require.NoError(t, o.Complete())
			require.NoError(t, o.Validate())
			config := o.ServingCertConfig()
			require.Equal(t, c.managed, config != nil && config.Managed)
			require.Equal(t, c.files, config == nil)
			require.Equal(t, c.files, o.Recommended.SecureServing.ServerCert.CertKey.CertFile != "")
		})
	}
}

func TestServingCertComesFromOnePlace(t *testing.T) {
	o := parse(t, "--serving-cert-source=managed", "--tls-cert-file=/c", "--tls-private-key-file=/k")
	require.ErrorContains(t, o.Validate(), "must not be given with --serving-cert-source=managed")
}
