package onepassword_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
)

func TestValidate(t *testing.T) {
	text := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		change  func(*v1.OnePasswordProvider)
		cluster bool
		// want is the fields that are wrong.
		want []string
	}{
		"good":                          {},
		"good, its own namespace":       {change: func(p *v1.OnePasswordProvider) { selector(p).Namespace = text("here") }},
		"good, of a ClusterSecretStore": {cluster: true, change: func(p *v1.OnePasswordProvider) { selector(p).Namespace = text("there") }},
		"good, below a path":            {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "https://gate.example/connect/" }},
		"no namespace":                  {cluster: true, want: []string{"p.auth.secretRef.connectTokenSecretRef.namespace"}},
		"another's namespace":           {change: func(p *v1.OnePasswordProvider) { selector(p).Namespace = text("there") }, want: []string{"p.auth.secretRef.connectTokenSecretRef.namespace"}},
		"empty reference": {change: func(p *v1.OnePasswordProvider) { *selector(p) = v1.SecretKeySelector{} },
			want: []string{"p.auth.secretRef.connectTokenSecretRef.name", "p.auth.secretRef.connectTokenSecretRef.key"}},
		"reference to no name":      {change: func(p *v1.OnePasswordProvider) { selector(p).Name = text("../x") }, want: []string{"p.auth.secretRef.connectTokenSecretRef.name"}},
		"a namespace that is empty": {change: func(p *v1.OnePasswordProvider) { selector(p).Namespace = text("") }},
		"a namespace of no name":    {cluster: true, change: func(p *v1.OnePasswordProvider) { selector(p).Namespace = text("../x") }, want: []string{"p.auth.secretRef.connectTokenSecretRef.namespace"}},
		"too many vaults": {change: func(p *v1.OnePasswordProvider) {
			for i := range int64(1000) {
				p.Vaults["v"+strconv.FormatInt(i, 10)] = i + 100
			}
		}, want: []string{"p.vaults"}},
		"a vault's long title": {change: func(p *v1.OnePasswordProvider) { p.Vaults = map[string]int64{strings.Repeat("v", 1025): 1} }, want: []string{"p.vaults"}},
		"no auth":              {change: func(p *v1.OnePasswordProvider) { p.Auth = nil }, want: []string{"p.auth"}},
		"no secretRef":         {change: func(p *v1.OnePasswordProvider) { p.Auth.SecretRef = nil }, want: []string{"p.auth.secretRef"}},
		"no host":              {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "" }, want: []string{"p.connectHost"}},
		"host without scheme":  {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "onepassword-connect:8080" }, want: []string{"p.connectHost"}},
		"scheme of another":    {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "ftp://connect" }, want: []string{"p.connectHost"}},
		"URL without host":     {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "http://:8080" }, want: []string{"p.connectHost"}},
		"no URL":               {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "http://a b%zz" }, want: []string{"p.connectHost"}},
		"host with a user":     {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "http://me:hunter2@connect" }, want: []string{"p.connectHost"}},
		"host with a query":    {change: func(p *v1.OnePasswordProvider) { p.ConnectHost = "http://connect?x=y" }, want: []string{"p.connectHost"}},
		"no vaults":            {change: func(p *v1.OnePasswordProvider) { p.Vaults = nil }, want: []string{"p.vaults"}},
		"vaults of one place":  {change: func(p *v1.OnePasswordProvider) { p.Vaults = map[string]int64{"a": 1, "b": 2, "c": 1} }, want: []string{"p.vaults[c]"}},
		"vault without name":   {change: func(p *v1.OnePasswordProvider) { p.Vaults = map[string]int64{"": 1} }, want: []string{"p.vaults"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec("http://connect:8080", "a", "b")
			if c.change != nil {
				c.change(s.OnePassword)
			}
			var got []string
			for _, err := range onepassword.New().Validate(s, field.NewPath("p"), c.cluster, "here") {
				got = append(got, err.Field)
				require.NotContains(t, err.Error(), "hunter2")
			}
			require.Equal(t, c.want, got)
		})
	}
}

func selector(p *v1.OnePasswordProvider) *v1.SecretKeySelector {
	return &p.Auth.SecretRef.ConnectTokenSecretRef
}

func TestSpec(t *testing.T) {
	p := onepassword.New()
	s := spec("HTTPS://Connect.Example:8443/below/", "z", "a")
	namespace := "security"
	selector(s.OnePassword).Namespace = &namespace
	require.True(t, p.In(s))
	require.False(t, p.In(&v1.SecretStoreProvider{}))
	require.Equal(t, "onepassword", p.Name())
	require.Equal(t, []provider.Reference{{
		Purpose: "token", Namespace: "security", Name: "connect-token", Key: "token",
		Field: "provider.onepassword.auth.secretRef.connectTokenSecretRef",
	}}, p.References(s))

	site, err := p.Site(s)
	require.NoError(t, err)
	require.Equal(t, "https://connect.example:8443", site.String())

	client, err := p.Connect(s, material("token\n"), nil)
	require.NoError(t, err)
	defer client.Close()
	require.Equal(t, []provider.Scope{{Name: "z"}, {Name: "a"}}, client.ListScopes())
	scopes, err := client.Scopes(key("app", ""), nil)
	require.NoError(t, err)
	require.Equal(t, client.ListScopes(), scopes)
}

func TestTokenThatIsNone(t *testing.T) {
	for _, token := range []string{"", " \n", "two lines\nof text", "käse"} {
		_, err := onepassword.New().Connect(spec("http://connect", "v"), material(token), nil)
		failed := requireReason(t, provider.Invalid, err)
		if token != "" {
			require.NotContains(t, failed.Message, token)
		}
	}
	_, err := onepassword.New().Connect(spec("connect", "v"), material("token"), nil)
	requireReason(t, provider.Invalid, err)
	_, err = onepassword.New().Connect(&v1.SecretStoreProvider{}, nil, nil)
	requireReason(t, provider.Invalid, err)
}
