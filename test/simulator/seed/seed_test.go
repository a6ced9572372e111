package seed_test

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

func TestHomeCluster(t *testing.T) {
	op, inf := seed.HomeCluster().Servers(connect.Options{Behaviour: connect.Behaviour{Lag: connect.UntilSync}}, infisical.Options{})
	labels := map[string]bool{}
	for _, field := range op.Item("pitower", "my-app").Fields {
		labels[field.Label] = true
	}
	for _, label := range []string{"db_user", "db_pass", "api_key"} {
		if !labels[label] {
			t.Errorf("my-app lacks %s", label)
		}
	}
	if got := op.Item("pitower", "grafana").Files; len(got) != 1 {
		t.Errorf("files of grafana: %v", got)
	}
	for path, key := range map[string]string{
		"/": "SMTP_HOST", "/cert-manager": "CLOUDFLARE_API_TOKEN", "/networking/cloudflared": "TUNNEL_TOKEN",
		"/networking/external-dns": "CLOUDFLARE_API_TOKEN", "/networking/tailscale": "TS_AUTHKEY",
	} {
		if _, found := inf.Find("home-lab-iwi-y", "prod", path, key); !found {
			t.Errorf("no %s in %s", key, path)
		}
	}
}

func TestParseRefusesUnknownNames(t *testing.T) {
	if _, err := seed.Parse([]byte(`{"connect":{"tokens":[]}}`)); err == nil {
		t.Error("an unknown name is taken")
	}
}
