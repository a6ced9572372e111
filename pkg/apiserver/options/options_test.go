package options_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
)

// parse makes options of a command line, with the data directory in a temporary place.
func parse(t *testing.T, args ...string) *options.Options {
	t.Helper()
	o := options.New()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	for _, set := range o.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	require.NoError(t, flags.Parse(append([]string{"--data-dir=" + filepath.Join(t.TempDir(), "data")}, args...)))
	return o
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct{ arg, message string }{
		"defaults":          {"", ""},
		"live timeout":      {"--live-timeout=0s", "--live-timeout must be positive"},
		"long live timeout": {"--live-timeout=31s", "--live-timeout must be at most 30s"},
		"list timeout":      {"--list-timeout=-1s", "--list-timeout must be positive"},
		"freshness":         {"--list-freshness=-1s", "--list-freshness must not be negative"},
		"no freshness":      {"--list-freshness=0s", ""},
		"poll interval":     {"--poll-interval=0s", "--poll-interval must be positive"},
		"workers":           {"--concurrent=0", "--concurrent must be at least 1"},
		"metrics":           {"--metrics-bind-address=8080", "--metrics-bind-address must be host:port"},
		"metrics on all":    {"--metrics-bind-address=:8080", ""},
		"no data":           {"--data-dir=", "--data-dir must be given"},
		"provider hosts":    {"--allowed-provider-hosts=*.example.com,10.0.0.0/8", ""},
		"a URL as a host":   {"--allowed-provider-hosts=connect,https://connect", `--allowed-provider-hosts: "https://connect" must be a host`},
		"no hosts":          {"--allowed-provider-hosts=", "--allowed-provider-hosts must name a host"},
		"no acceptance":     {"--accept-store=true", "--accept-store must be ID@REVISION"},
		"acceptance":        {"--accept-store=7d1e@81", ""},
		"namespaces":        {"--watch-namespaces=team-a,team-b,team-a", ""},
		"no namespaces":     {"--watch-namespaces=", "--watch-namespaces must name a namespace"},
		"a bad namespace":   {"--watch-namespaces=team-a,*", `--watch-namespaces: "*" is not the name of a namespace`},
		"external etcd":     {"--etcd-servers=https://etcd:2379", ""},
		"certificate":       {"--serving-cert-source=other", "--serving-cert-source must be one of managed, secret, files, self-signed"},
		"no files":          {"--serving-cert-source=files", "--tls-cert-file and --tls-private-key-file must both be given"},
		"no secret":         {"--serving-cert-secret=", "--serving-cert-secret, --serving-cert-service and --namespace must be given"},
		"short leaf":        {"--serving-cert-lifetime=9s", "--serving-cert-lifetime must be at least 10s"},
		"short authority":   {"--serving-ca-lifetime=1h", "--serving-ca-lifetime must be at least 3 times --serving-cert-lifetime"},
	} {
		t.Run(name, func(t *testing.T) {
			var args []string
			if c.arg != "" {
				args = append(args, c.arg)
			}
			err := parse(t, args...).Validate()
			if c.message == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.message)
		})
	}
}

func TestOneKubeconfigServesAll(t *testing.T) {
	o := parse(t, "--kubeconfig=/host", "--authorization-kubeconfig=/other")
	require.NoError(t, o.Complete())
	require.Equal(t, "/host", o.Recommended.Authentication.RemoteKubeConfigFile)
	require.Equal(t, "/other", o.Recommended.Authorization.RemoteKubeConfigFile, "what is given stays")
}

func TestACertificateIsMadeOnce(t *testing.T) {
	o := parse(t, "--serving-cert-source=self-signed")
	require.NoError(t, o.Complete())
	path := filepath.Join(o.DataDir, "certificates", "apiserver.crt")
	first, err := os.ReadFile(path)
	require.NoError(t, err)

	again := parse(t, "--kubeconfig=/host")
	again.DataDir = o.DataDir
	require.NoError(t, again.Complete())
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second)

	given := parse(t, "--tls-cert-file=/c", "--tls-private-key-file=/k")
	require.NoError(t, given.Complete())
	require.NoDirExists(t, filepath.Join(given.DataDir, "certificates"))
}

func TestEtcd(t *testing.T) {
	o := parse(t)
	require.True(t, o.EmbedsEtcd())
	o.UseEmbeddedEtcd("unix:///socket")
	require.True(t, o.EmbedsEtcd(), "it is still this process that runs it")
	require.Equal(t, []string{"unix:///socket"}, o.Recommended.Etcd.StorageConfig.Transport.ServerList)
	require.False(t, parse(t, "--etcd-servers=https://etcd:2379").EmbedsEtcd())
}

func TestSafeDefaults(t *testing.T) {
	o := parse(t)
	require.False(t, o.Recommended.Features.EnableProfiling, "a profile holds what memory holds")
	require.Empty(t, o.MetricsBindAddress, "nothing is served without authorization unless asked for")
}
