package validation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
)

func TestGenericTargets(t *testing.T) {
	for name, c := range map[string]struct{ target, field, message string }{
		"ConfigMap":           {"manifest: {apiVersion: v1, kind: ConfigMap}", "", ""},
		"custom resource":     {"manifest: {apiVersion: config.example.com/v1alpha1, kind: AppConfig}, deletionPolicy: Delete", "", ""},
		"our own kinds":       {"manifest: {apiVersion: external-secrets.io/v1, kind: SecretStore}", "spec.target.manifest.apiVersion", "external-secrets.io"},
		"no version":          {"manifest: {apiVersion: '', kind: ConfigMap}", "spec.target.manifest.apiVersion", "apps/v1"},
		"no such version":     {"manifest: {apiVersion: a/b/c, kind: ConfigMap}", "spec.target.manifest.apiVersion", "apps/v1"},
		"version with a path": {"manifest: {apiVersion: 'v1?x=../..', kind: ConfigMap}", "spec.target.manifest.apiVersion", "apps/v1"},
		"group with a path":   {"manifest: {apiVersion: '../v1', kind: ConfigMap}", "spec.target.manifest.apiVersion", "apps/v1"},
		"no kind":             {"manifest: {apiVersion: v1, kind: ''}", "spec.target.manifest.kind", "ConfigMap"},
		"no such kind":        {"manifest: {apiVersion: v1, kind: configmaps/x}", "spec.target.manifest.kind", "ConfigMap"},
		"immutable":           {"manifest: {apiVersion: v1, kind: ConfigMap}, immutable: true", "spec.target.immutable", "for Secrets"},
		"type":                {"manifest: {apiVersion: v1, kind: ConfigMap}, template: {type: Opaque}", "spec.target.template.type", "for Secrets"},
		"policies":            {"manifest: {apiVersion: v1, kind: ConfigMap}, creationPolicy: Merge, deletionPolicy: Delete", "spec.target.deletionPolicy", "creationPolicy Merge"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := validation.ExternalSecret(parse(t, fine+"target: {"+c.target+"}\n"), validation.Rules{GenericTargets: true})
			if c.field == "" {
				require.Empty(t, errs)
				return
			}
			require.Len(t, errs, 1)
			require.Equal(t, c.field, errs[0].Field)
			require.Contains(t, errs[0].Error(), c.message)
		})
	}
}
