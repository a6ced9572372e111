package main

import (
	"context"
	"strconv"
	"strings"
	"time"
)

const (
	namespace = "my-app"
	password  = "demo-password-not-real"
	changed   = "demo-changed-not-real"
	refreshed = "demo-refreshed-not-real"

	passwordOf = `go-template={{.data.password | base64decode}}{{"\n"}}`
	refreshURL = "/apis/external-secrets.io/v1/namespaces/my-app/externalsecrets/my-app/refresh"
	refreshOf  = `{"apiVersion":"external-secrets.io/v1","kind":"ExternalSecretRefresh"}`
)

func applyExamples(ctx context.Context, s *shell) error {
	for _, name := range []string{"security", "my-app", "cert-manager"} {
		if err := s.kubectl(ctx, "create", "namespace", name).says("created"); err != nil {
			return err
		}
	}
	identity := s.providers.data.Infisical.Identities[0]
	for _, credential := range [][]string{
		{"onepassword-connect-token", "--from-literal=token=" + s.providers.data.Connect.Token},
		{"universal-auth-credentials", "--from-literal=clientId=" + identity.ClientID, "--from-literal=clientSecret=" + identity.ClientSecret},
	} {
		args := append([]string{"-n", "security", "create", "secret", "generic"}, credential...)
		if err := s.kubectl(ctx, args...).says("created"); err != nil {
			return err
		}
	}
	if err := s.kubectl(ctx, "apply", "-f", "artifacts/examples/stores.yaml", "-f", "artifacts/examples/externalsecrets.yaml").says(
		"clustersecretstore.external-secrets.io/infisical created", "externalsecret.external-secrets.io/my-app created"); err != nil {
		return err
	}
	return s.kubectl(ctx, "wait", "--for=condition=Ready", "clustersecretstores,externalsecrets", "--all", "-A", "--timeout=60s").
		says("externalsecret.external-secrets.io/my-app condition met")
}

func lookAround(ctx context.Context, s *shell) error {
	if err := s.kubectl(ctx, "get", "clustersecretstores").says(`infisical-networking-tailscale .*True`); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "get", "externalsecrets", "-A").says(
		`NAME.* READY .*LIVE`, `cert-manager +cloudflare-api-token .*SecretSynced +True .*InSync`, `my-app +my-app-config .*InSync`); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "-n", namespace, "describe", "secret", "my-app-secret").says(`password: +\d+ bytes`); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "-n", namespace, "get", "secret", "my-app-secret", "-o", passwordOf).says("^" + password + "\n$"); err != nil {
		return err
	}
	s.comment("Applying the same again would change nothing:")
	return s.kubectl(ctx, "diff", "-f", "artifacts/examples").says(`^$`)
}

func readLive(ctx context.Context, s *shell) error {
	return s.kubectl(ctx, "-n", namespace, "get", "externalsecret", "my-app", "--subresource=secret", "-o", passwordOf).
		says("^" + password + "\n$")
}

func followChange(ctx context.Context, s *shell) error {
	if err := s.put(ctx, "my-app", "password", changed); err != nil {
		return err
	}
	began := time.Now()
	if err := s.kubectl(ctx, "-n", namespace, "get", "externalsecret", "my-app").says(`Drifted`); err != nil {
		return err
	}
	live := s.kubectl(ctx, "-n", namespace, "get", "externalsecret", "my-app", "--subresource=secret", "-o", passwordOf)
	if err := live.says("^" + changed + "\n$"); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "-n", namespace, "get", "externalsecret", "my-app", "-o", `jsonpath={.status.live}{"\n"}`).
		says(`"state":"Drifted"`); err != nil {
		return err
	}
	return s.arrives(ctx, changed, began)
}

// arrives waits until the Secret has a password, and shows it.
func (s *shell) arrives(ctx context.Context, want string, began time.Time) error {
	read := []string{"-n", namespace, "get", "secret", "my-app-secret", "-o", passwordOf}
	if err := eventually(ctx, func() error { return s.silently(ctx, "", read...).says("^" + want + "\n$") }); err != nil {
		return err
	}
	s.comment("%.1f s after the change:", time.Since(began).Seconds())
	if err := s.kubectl(ctx, read...).says("^" + want + "\n$"); err != nil {
		return err
	}
	return eventually(ctx, func() error {
		return s.silently(ctx, "", "-n", namespace, "get", "externalsecret", "my-app", "-o", "jsonpath={.status.live.state}").says("^InSync$")
	})
}

func refresh(ctx context.Context, s *shell) error {
	if err := s.put(ctx, "my-app", "password", refreshed); err != nil {
		return err
	}
	if err := s.kubectlInput(ctx, refreshOf, "create", "--raw", refreshURL, "-f", "-").says(`"state":"Done"`); err != nil {
		return err
	}
	return s.kubectl(ctx, "-n", namespace, "get", "secret", "my-app-secret", "-o", passwordOf).says("^" + refreshed + "\n$")
}

func lookDeeper(ctx context.Context, s *shell) error {
	if err := s.kubectl(ctx, "get", "clustersecretstore", "onepassword-connect", "--subresource=keys").says(`my-app +pitower`, `grafana`); err != nil {
		return err
	}
	return s.showMetrics(ctx)
}

// showMetrics shows the counters of attempts and of requests.
func (s *shell) showMetrics(ctx context.Context) error {
	metrics := s.silently(ctx, "", "--server=https://127.0.0.1:"+strconv.Itoa(s.server.Port()), "get", "--raw", "/metrics")
	if metrics.err != nil {
		return metrics.err
	}
	var counters strings.Builder
	for line := range strings.Lines(metrics.text) {
		if strings.HasPrefix(line, "externalsecret_sync_calls_total") || strings.HasPrefix(line, "externalsecret_provider_api_calls_count") {
			counters.WriteString(line)
		}
	}
	metrics.text = counters.String()
	metrics.command += ` | grep -E '^externalsecret_(sync|provider_api)_calls'`
	s.show(metrics)
	return metrics.says(`externalsecret_sync_calls_total\{.*name="my-app".*\} [1-9]`, `externalsecret_provider_api_calls_count\{`)
}
