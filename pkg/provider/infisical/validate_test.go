package infisical

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// byAccount is a store that logs in as a service account; nil names none.
func byAccount(account *v1.ServiceAccountSelector) func(*v1.InfisicalProvider) {
	return func(store *v1.InfisicalProvider) {
		id := selector("id")
		if account != nil {
			id.Namespace = account.Namespace
		}
		store.Auth = v1.InfisicalAuth{KubernetesAuthCredentials: &v1.InfisicalKubernetesAuth{IdentityID: id, ServiceAccountRef: account}}
	}
}

func withTokenPath(store *v1.InfisicalProvider) {
	store.Auth.KubernetesAuthCredentials.ServiceAccountTokenPath = ptr(selector("path"))
}

// withEmptyTokenPath is what ESO's Go types write where there is none.
func withEmptyTokenPath(store *v1.InfisicalProvider) {
	store.Auth.KubernetesAuthCredentials.ServiceAccountTokenPath = &v1.SecretKeySelector{}
}

func TestValidateServiceAccount(t *testing.T) {
	f := &fixture{url: "https://x"}
	robot := func(namespace string, audiences ...string) *v1.ServiceAccountSelector {
		account := &v1.ServiceAccountSelector{Name: "robot", Audiences: audiences}
		if namespace != "" {
			account.Namespace = ptr(namespace)
		}
		return account
	}
	const at = "p.auth.kubernetesAuthCredentials."
	for name, test := range map[string]struct {
		edits   []func(*v1.InfisicalProvider)
		cluster bool
		want    []string
	}{
		"named":                     {edits: edits(byAccount(robot("")))},
		"in its namespace":          {edits: edits(byAccount(robot("ns")))},
		"in another":                {edits: edits(byAccount(robot("x"))), want: []string{at + "identityId.namespace", at + "serviceAccountRef.namespace"}},
		"none":                      {edits: edits(byAccount(nil))},
		"cluster":                   {edits: edits(byAccount(robot("x"))), cluster: true},
		"cluster without":           {edits: edits(byAccount(nil)), cluster: true, want: []string{at + "identityId.namespace", at + "serviceAccountRef"}},
		"cluster without namespace": {edits: edits(byAccount(robot(""))), cluster: true, want: []string{at + "identityId.namespace", at + "serviceAccountRef.namespace"}},
		"token path":                {edits: edits(byAccount(nil), withTokenPath), want: []string{at + "serviceAccountTokenPath"}},
		"empty token path of ESO":   {edits: edits(byAccount(nil), withEmptyTokenPath)},
		"token path beside":         {edits: edits(byAccount(robot("")), withTokenPath)},
		"no name":                   {edits: edits(byAccount(&v1.ServiceAccountSelector{})), want: []string{at + "serviceAccountRef.name"}},
		"a bad name":                {edits: edits(byAccount(&v1.ServiceAccountSelector{Name: "../x"})), want: []string{at + "serviceAccountRef.name"}},
		"audiences":                 {edits: edits(byAccount(robot("", "https://vault", "infisical")))},
		"empty audience":            {edits: edits(byAccount(robot("", "a", ""))), want: []string{at + "serviceAccountRef.audiences[1]"}},
		"long audience":             {edits: edits(byAccount(robot("", strings.Repeat("a", maxAudienceBytes+1)))), want: []string{at + "serviceAccountRef.audiences[0]"}},
		"many audiences":            {edits: edits(byAccount(robot("", slices.Repeat([]string{"a"}, maxAudiences+1)...))), want: []string{at + "serviceAccountRef.audiences"}},
		"the cluster":               {edits: edits(byAccount(robot("", "https://kubernetes.default.svc"))), want: []string{at + "serviceAccountRef.audiences[0]"}},
		"the cluster by hostAPI": {edits: edits(byAccount(robot("")), func(store *v1.InfisicalProvider) { store.HostAPI = ptr("https://kubernetes.default.svc") }),
			want: []string{at + "serviceAccountRef.audiences"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range New().Validate(f.spec(test.edits...), field.NewPath("p"), test.cluster, "ns") {
				got = append(got, err.Field)
			}
			require.Equal(t, test.want, got)
		})
	}
}

func edits(all ...func(*v1.InfisicalProvider)) []func(*v1.InfisicalProvider) { return all }

func TestNamesOfTheCluster(t *testing.T) {
	for _, audience := range []string{
		"https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local", "HTTPS://Kubernetes.Default.SVC:443/", "kubernetes.default.svc",
		"https://kubernetes.default.svc.example.org", "kubernetes", "https://kubernetes.default",
	} {
		require.True(t, isCluster(audience), audience)
	}
	for _, audience := range []string{"https://infisical.example.com", "infisical", "https://kubernetes.example.com", "https://x/kubernetes.default.svc", "%"} {
		require.False(t, isCluster(audience), audience)
	}
}

func TestWarnings(t *testing.T) {
	f := &fixture{url: "https://x"}
	const at = "p.auth.kubernetesAuthCredentials."
	for name, test := range map[string]struct {
		edits []func(*v1.InfisicalProvider)
		want  []string
	}{
		"nothing to say": {},
		"default": {edits: edits(byAccount(nil)),
			want: []string{at + `serviceAccountRef: not set: the store logs in as ServiceAccount "default" of its namespace, not as the server`}},
		"token path": {edits: edits(byAccount(&v1.ServiceAccountSelector{Name: "robot"}), withTokenPath),
			want: []string{at + "serviceAccountTokenPath: ignored: this server reads no files"}},
		"empty token path of ESO": {edits: edits(byAccount(&v1.ServiceAccountSelector{Name: "robot"}), withEmptyTokenPath)},
		"two bundles": {edits: edits(func(store *v1.InfisicalProvider) {
			store.CABundle, store.CAProvider = []byte("x"), &v1.CAProvider{Type: v1.CAProviderSecret, Name: "x", Key: ptr("y")}
		}), want: []string{"p.caProvider: ignored beside caBundle"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, New().Warnings(f.spec(test.edits...), field.NewPath("p")))
		})
	}
}
