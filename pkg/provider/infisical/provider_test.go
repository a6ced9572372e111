package infisical

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func TestSite(t *testing.T) {
	for host, want := range map[string]string{
		"":                                  "https://app.infisical.com/api",
		"https://eu.infisical.com":          "https://eu.infisical.com/api",
		"https://EU.infisical.com/api/":     "https://eu.infisical.com/api",
		"http://infisical.vault:8080/a/b//": "http://infisical.vault:8080/a/b/api",
		"https://[::1]:443/api":             "https://[::1]:443/api",
	} {
		site, err := New().Site(&v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{HostAPI: ptr(host)}})
		require.NoError(t, err, host)
		require.Equal(t, want, site.String())
	}
	for _, host := range []string{
		"app.infisical.com", "ftp://x", "https://", "https://:443", "https://me:s3cret@x", "https://x/?q", "https://x?", "https://x#f", "https://x\n", "%",
	} {
		_, err := New().Site(&v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{HostAPI: ptr(host)}})
		requireReason(t, provider.Invalid, err)
		require.ErrorContains(t, err, "spec.provider.infisical.hostAPI")
	}
}

func TestReferences(t *testing.T) {
	p := New()
	require.Equal(t, "infisical", p.Name())
	f := &fixture{url: "https://x"}
	require.True(t, p.In(f.spec()))
	require.False(t, p.In(&v1.SecretStoreProvider{}))
	spec := f.spec(func(store *v1.InfisicalProvider) {
		store.Auth.UniversalAuthCredentials.ClientID.Namespace = ptr("ns")
		store.CAProvider = &v1.CAProvider{Type: v1.CAProviderConfigMap, Name: "roots", Key: ptr("ca.crt")}
	})
	require.Equal(t, []provider.Reference{
		{Purpose: "clientId", Namespace: "ns", Name: "login", Key: "id", Field: "provider.infisical.auth.universalAuthCredentials.clientId"},
		{Purpose: "clientSecret", Name: "login", Key: "secret", Field: "provider.infisical.auth.universalAuthCredentials.clientSecret"},
		{Purpose: "ca", ConfigMap: true, Name: "roots", Key: "ca.crt", Field: "provider.infisical.caProvider"},
	}, p.References(spec))
	spec.Infisical.CABundle = []byte("inline certificates win")
	require.Len(t, p.References(spec), 2)
	require.Equal(t, []provider.Reference{
		{Purpose: "accessToken", Name: "login", Key: "token", Field: "provider.infisical.auth.tokenAuthCredentials.accessToken"},
	}, p.References(f.spec(withToken)))
	require.Empty(t, p.References(&v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{}}))
}

func TestValidate(t *testing.T) {
	f := &fixture{url: "https://x"}
	universal := func(edit func(*v1.InfisicalUniversalAuth)) func(*v1.InfisicalProvider) {
		return func(store *v1.InfisicalProvider) { edit(store.Auth.UniversalAuthCredentials) }
	}
	ca := func(ca v1.CAProvider) func(*v1.InfisicalProvider) {
		return func(store *v1.InfisicalProvider) { store.CAProvider = &ca }
	}
	for name, test := range map[string]struct {
		edit    func(*v1.InfisicalProvider)
		cluster bool
		want    []string
	}{
		"good":          {edit: func(*v1.InfisicalProvider) {}},
		"own namespace": {edit: universal(func(a *v1.InfisicalUniversalAuth) { a.ClientID.Namespace = ptr("ns") })},
		"other one":     {edit: universal(func(a *v1.InfisicalUniversalAuth) { a.ClientID.Namespace = ptr("x") }), want: []string{"p.auth.universalAuthCredentials.clientId.namespace"}},
		"cluster":       {edit: universal(func(a *v1.InfisicalUniversalAuth) { a.ClientID.Namespace = ptr("x") }), cluster: true, want: []string{"p.auth.universalAuthCredentials.clientSecret.namespace"}},
		"name":          {edit: universal(func(a *v1.InfisicalUniversalAuth) { a.ClientID.Name = nil }), want: []string{"p.auth.universalAuthCredentials.clientId.name"}},
		"key":           {edit: universal(func(a *v1.InfisicalUniversalAuth) { a.ClientSecret.Key = ptr("") }), want: []string{"p.auth.universalAuthCredentials.clientSecret.key"}},
		"slugs":         {edit: func(store *v1.InfisicalProvider) { store.SecretsScope = v1.InfisicalScope{} }, want: []string{"p.secretsScope.projectSlug", "p.secretsScope.environmentSlug"}},
		"long slug":     {edit: func(store *v1.InfisicalProvider) { store.SecretsScope.ProjectSlug = strings.Repeat("p", 257) }, want: []string{"p.secretsScope.projectSlug"}},
		"long path":     {edit: func(store *v1.InfisicalProvider) { store.SecretsScope.SecretsPath = ptr(strings.Repeat("/p", 2049)) }, want: []string{"p.secretsScope.secretsPath"}},
		"no name":       {edit: universal(func(a *v1.InfisicalUniversalAuth) { a.ClientID.Name = ptr("../x") }), want: []string{"p.auth.universalAuthCredentials.clientId.name"}},
		"no key":        {edit: universal(func(a *v1.InfisicalUniversalAuth) { a.ClientID.Key = ptr("a/b") }), want: []string{"p.auth.universalAuthCredentials.clientId.key"}},
		"host":          {edit: func(store *v1.InfisicalProvider) { store.HostAPI = ptr("ftp://x") }, want: []string{"p.hostAPI"}},
		"no login":      {edit: func(store *v1.InfisicalProvider) { store.Auth = v1.InfisicalAuth{} }, want: []string{"p.auth"}},
		"not built in": {edit: func(store *v1.InfisicalProvider) {
			store.Auth = v1.InfisicalAuth{AWSAuthCredentials: &v1.InfisicalAWSAuth{}}
		}, want: []string{"p.auth.awsAuthCredentials"}},
		"jwt": {edit: func(store *v1.InfisicalProvider) {
			store.Auth = v1.InfisicalAuth{JWTAuthCredentials: &v1.InfisicalJWTAuth{IdentityID: selector("id")}}
		}, want: []string{"p.auth.jwtAuthCredentials.jwt.name", "p.auth.jwtAuthCredentials.jwt.key"}},
		"ldap": {edit: func(store *v1.InfisicalProvider) {
			store.Auth = v1.InfisicalAuth{LDAPAuthCredentials: &v1.InfisicalLDAPAuth{
				IdentityID: selector("id"), LDAPUsername: selector("user"), LDAPPassword: v1.SecretKeySelector{Name: ptr("login")},
			}}
		}, want: []string{"p.auth.ldapAuthCredentials.ldapPassword.key"}},
		"bundle":         {edit: func(store *v1.InfisicalProvider) { store.CABundle = []byte("x") }, want: []string{"p.caBundle"}},
		"provider of CA": {edit: ca(v1.CAProvider{Type: v1.CAProviderSecret, Name: "x", Key: ptr("y")})},
		"its key":        {edit: ca(v1.CAProvider{Type: v1.CAProviderSecret, Name: "x"}), want: []string{"p.caProvider.key"}},
		"its type":       {edit: ca(v1.CAProvider{Type: "File", Name: "x", Key: ptr("y")}), want: []string{"p.caProvider.type"}},
		"its namespace":  {edit: ca(v1.CAProvider{Type: v1.CAProviderSecret, Name: "x", Key: ptr("y"), Namespace: ptr("x")}), want: []string{"p.caProvider.namespace"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range New().Validate(f.spec(test.edit), field.NewPath("p"), test.cluster, "ns") {
				got = append(got, err.Field)
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestSeveralWaysToLogIn(t *testing.T) {
	f := &fixture{url: "https://x"}
	spec := f.spec(func(store *v1.InfisicalProvider) {
		store.Auth.KubernetesAuthCredentials = &v1.InfisicalKubernetesAuth{}
		store.Auth.LDAPAuthCredentials = &v1.InfisicalLDAPAuth{}
	})
	errs := New().Validate(spec, field.NewPath("p"), false, "ns")
	require.Len(t, errs, 1)
	require.ErrorContains(t, errs[0], "p.auth: Invalid value: must name one way to log in, and names "+
		"universalAuthCredentials, ldapAuthCredentials, kubernetesAuthCredentials")
	_, err := New().Connect(spec, credentials(testSecret), nil)
	requireReason(t, provider.Invalid, err)
	require.ErrorContains(t, err, "kubernetesAuthCredentials")
}

func TestWaysToLogInThatAreNotBuiltIn(t *testing.T) {
	f := &fixture{url: "https://x"}
	for name, auth := range map[string]v1.InfisicalAuth{
		"azureAuthCredentials":      {AzureAuthCredentials: &v1.InfisicalAzureAuth{}},
		"gcpIdTokenAuthCredentials": {GCPIDTokenAuthCredentials: &v1.InfisicalGCPIDTokenAuth{}},
		"gcpIamAuthCredentials":     {GCPIAMAuthCredentials: &v1.InfisicalGCPIAMAuth{}},
		"ociAuthCredentials":        {OCIAuthCredentials: &v1.InfisicalOCIAuth{}},
		"awsAuthCredentials":        {AWSAuthCredentials: &v1.InfisicalAWSAuth{}},
	} {
		_, err := New().Connect(f.spec(func(store *v1.InfisicalProvider) { store.Auth = auth }), nil, nil)
		requireReason(t, provider.Invalid, err)
		require.ErrorContains(t, err, "spec.provider.infisical.auth."+name)
		require.ErrorContains(t, err, "universalAuthCredentials, jwtAuthCredentials, ldapAuthCredentials, kubernetesAuthCredentials, tokenAuthCredentials")
	}
}

func TestConnectWithoutMaterial(t *testing.T) {
	f := &fixture{url: "https://x"}
	for name, test := range map[string]struct {
		material provider.Material
		edit     func(*v1.InfisicalProvider)
	}{
		"clientId":     {provider.Material{"clientSecret": value.FromString("x")}, func(*v1.InfisicalProvider) {}},
		"clientSecret": {provider.Material{"clientId": value.FromString("x"), "clientSecret": value.FromString(" \n")}, func(*v1.InfisicalProvider) {}},
		"accessToken":  {provider.Material{"accessToken": value.FromString("a\nb")}, withToken},
		"caProvider":   {credentials(testSecret), func(store *v1.InfisicalProvider) { store.CAProvider = &v1.CAProvider{} }},
		"caBundle":     {credentials(testSecret), func(store *v1.InfisicalProvider) { store.CABundle = []byte("s3cret") }},
	} {
		_, err := New().Connect(f.spec(test.edit), test.material, nil)
		requireReason(t, provider.Invalid, err)
		require.ErrorContains(t, err, name)
	}
}

func TestCertificates(t *testing.T) {
	sim := infisical.New(infisical.Options{})
	sim.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret})
	f := &fixture{Server: sim, t: t, provider: New(), url: sim.StartTLS()}
	t.Cleanup(sim.Close)

	foreign := harness.New(nil)
	foreign.StartTLS()
	t.Cleanup(foreign.Close)
	bundle := func(pem string) func(*v1.InfisicalProvider) {
		return func(store *v1.InfisicalProvider) { store.CABundle = []byte(pem) }
	}
	for _, wrong := range []func(*v1.InfisicalProvider){func(*v1.InfisicalProvider) {}, bundle(string(foreign.CA()))} {
		err := f.connect(wrong).Check(t.Context())
		requireReason(t, provider.Unavailable, err)
		require.ErrorContains(t, err, "certificate")
	}
	f.counts(0, 0, 0)
	require.NoError(t, f.connect(bundle(string(sim.CA()))).Check(t.Context()))
	require.NoError(t, f.connect(bundle(base64.StdEncoding.EncodeToString(sim.CA()))).Check(t.Context()))
	f.counts(1, 0, 0)

	material := credentials(testSecret)
	material["ca"] = value.New(sim.CA())
	for _, kind := range []v1.CAProviderType{v1.CAProviderConfigMap, v1.CAProviderSecret} {
		from := func(store *v1.InfisicalProvider) { store.CAProvider = &v1.CAProvider{Type: kind} }
		require.NoError(t, f.connectWith(material, from).Check(t.Context()))
		material["ca"] = value.FromString(base64.StdEncoding.EncodeToString(sim.CA()))
		require.NoError(t, f.connectWith(material, from).Check(t.Context()))
		material["ca"] = value.New(foreign.CA())
		err := f.connectWith(material, from).Check(t.Context())
		requireReason(t, provider.Unavailable, err)
		require.ErrorContains(t, err, "Infisical cannot be reached: the server's certificate is not trusted")
		require.NoError(t, f.connectWith(material, from, bundle(string(sim.CA()))).Check(t.Context()), "caBundle wins")
		material["ca"] = value.New(sim.CA())
	}
	f.counts(1, 0, 0)
}

func TestBundles(t *testing.T) {
	sim := harness.New(nil)
	sim.StartTLS()
	t.Cleanup(sim.Close)
	good := string(sim.CA())
	for name, bundle := range map[string]string{
		"empty": "", "text": "text", "base64 of text": base64.StdEncoding.EncodeToString([]byte("text")),
		"a key":              "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"broken certificate": good + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		_, err := parseBundle([]byte(bundle))
		require.Error(t, err, name)
	}
	for _, bundle := range []string{good, "# roots\n" + good + strings.ReplaceAll(good, "\n", "\r\n"), base64.StdEncoding.EncodeToString([]byte(good)) + "\n"} {
		_, err := parseBundle([]byte(bundle))
		require.NoError(t, err)
	}
}
