package template

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// canary is a value that no error text may hold.
const canary = "canary-7f3a"

// fixture reads a file of testdata; see generate.sh for what made it.
func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(b)
}

// fixtures is several files of testdata, one after the other.
func fixtures(t testing.TB, names ...string) string {
	t.Helper()
	var all string
	for _, name := range names {
		all += fixture(t, name)
	}
	return all
}

// execute renders one template with the given data.
func execute(t testing.TB, text string, data map[string]string) (string, error) {
	t.Helper()
	p, failure := compile(text)
	if failure != nil {
		return "", failure
	}
	// What stops a template in tests is what it does, however busy the machine is.
	b := NewBudget(context.Background())
	b.deadline = b.deadline.Add(time.Hour)
	out, failure := p.execute(b, data, true)
	if failure != nil {
		return "", failure
	}
	return out, nil
}

func values(m map[string]string) map[string]value.Value {
	out := map[string]value.Value{}
	for key, v := range m {
		out[key] = value.FromString(v)
	}
	return out
}

func texts(m map[string]value.Value) map[string]string {
	out := map[string]string{}
	for key, v := range m {
		out[key] = string(v.Bytes())
	}
	return out
}

func externalSecret(t *v1.ExternalSecretTemplate) *v1.ExternalSecret {
	es := &v1.ExternalSecret{}
	es.Namespace, es.Name = "team", "app"
	es.Spec.Target = &v1.ExternalSecretTarget{Template: t}
	return es
}
