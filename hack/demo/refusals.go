package main

import (
	"context"
	"errors"
)

// refuse shows three people with one right more each.
func refuse(ctx context.Context, s *shell) error {
	s.comment("ann may read ExternalSecrets, ben may also use the secret subresource, cem may also read the Secret.")
	for _, grant := range [][]string{
		{"create", "rolebinding", "readers", "--clusterrole=external-secrets-reader", "--user=ann", "--user=ben", "--user=cem"},
		{"create", "rolebinding", "live-readers", "--clusterrole=external-secrets-live-value-reader", "--user=ben", "--user=cem"},
		{"create", "role", "my-app-secret-reader", "--verb=get", "--resource=secrets", "--resource-name=my-app-secret"},
		{"create", "rolebinding", "my-app-secret-readers", "--role=my-app-secret-reader", "--user=cem"},
	} {
		if err := s.kubectl(ctx, append([]string{"-n", namespace}, grant...)...).says("created"); err != nil {
			return err
		}
	}
	read := func(user string, args ...string) answer {
		return s.kubectl(ctx, append([]string{"--as=" + user, "-n", namespace, "get", "externalsecret", "my-app"}, args...)...)
	}
	if err := read("ann").says("InSync"); err != nil {
		return err
	}
	all := s.silently(ctx, "", "--as=ann", "-n", namespace, "get", "externalsecret", "my-app", "-o", "yaml")
	if err := errors.Join(all.says("(?m)^  live:"), all.hides(refreshed)); err != nil {
		return err
	}
	if err := read("ann", "--subresource=secret", "-o", passwordOf).refused(`Forbidden`, `externalsecrets/secret`); err != nil {
		return err
	}
	if err := read("ben", "--subresource=secret", "-o", passwordOf).refused(`Forbidden`, `secrets`, `my-app-secret`); err != nil {
		return err
	}
	return read("cem", "--subresource=secret", "-o", passwordOf).says("^" + refreshed + "\n$")
}
