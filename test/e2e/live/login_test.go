package live

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// machine is the id of the identity that stores of these tests log in as.
const machine = "8f0c5a52-0000-4000-8000-000000000001"

// store is a SecretStore on the tenant's Infisical that logs in by auth, and an ExternalSecret of its name that reads it.
func (f *fixture) store(name, auth string) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: %[1]s}
spec:
  provider:
    infisical:
      hostAPI: %[2]s
      auth: %[3]s
      secretsScope: {projectSlug: home-lab-iwi-y, environmentSlug: prod, secretsPath: /cert-manager}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %[1]s}
spec:
  secretStoreRef: {name: %[1]s}
  data: [{secretKey: token, remoteRef: {key: CLOUDFLARE_API_TOKEN}}]
---
`, name, f.Infisical.URL(), auth)
}

// reads waits until an ExternalSecret has its value.
func (f *fixture) reads(t *testing.T, name string) {
	t.Helper()
	framework.Eventually(t, name+" is read", func(context.Context) error {
		got, stderr, err := f.Kubectl.Do("", "get", "externalsecret", name, "--subresource=secret", "-o", "go-template={{.data.token | base64decode}}")
		if err != nil {
			return errors.New(stderr)
		}
		require.Equal(t, "demo-cert-manager-token-not-real", got)
		return nil
	})
}

// says waits until a live read is in a state for a reason.
func (f *fixture) says(t *testing.T, name string, state v1.LiveState, message string) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("%s is %s: %s", name, state, message), func(context.Context) error {
		if live := f.live(t, name); live.State != state || !strings.Contains(live.Message, message) {
			return fmt.Errorf("it is %s: %s", live.State, live.Message)
		}
		return nil
	})
}

// reviewer lets the simulated Infisical ask kube-apiserver whose a token is, as a real one does.
func (f *fixture) reviewer(t *testing.T) infisical.KubernetesAuth {
	t.Helper()
	client := env.Host(t)
	f.Kubectl.Run("create", "serviceaccount", "reviewer")
	binding, err := client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "reviewer-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:auth-delegator"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: f.Namespace, Name: "reviewer"}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, client.RbacV1().ClusterRoleBindings().Delete(context.WithoutCancel(t.Context()), binding.Name, metav1.DeleteOptions{}))
	})
	issued, err := client.CoreV1().ServiceAccounts(f.Namespace).CreateToken(t.Context(), "reviewer", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	return infisical.KubernetesAuth{
		Host: env.ControlPlane.RESTConfig().Host, CA: env.ControlPlane.CA(), ReviewerToken: issued.Status.Token,
		Namespaces: []string{f.Namespace}, Names: []string{"robot"}, Audience: f.Infisical.URL(),
	}
}

// The server requests the token as its own service account, with the rights of artifacts/deploy; kube-apiserver says whose it
// is, and whom it is for.
func TestStoresLogInAsServiceAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	auth := f.reviewer(t)
	f.Infisical.AddIdentity(infisical.Identity{ID: machine, Kubernetes: &auth})
	f.Kubectl.Run("create", "secret", "generic", "machine", "--from-literal=id="+machine)
	f.Kubectl.Run("create", "serviceaccount", "robot")
	as := func(account string) string {
		return "{kubernetesAuthCredentials: {identityId: {name: machine, key: id}, serviceAccountRef: " + account + "}}"
	}
	f.Kubectl.Apply(f.store("one", as("{name: robot}")) + f.store("two", as("{name: robot}")) + f.store("three", as("{name: robot}")))
	for _, name := range []string{"one", "two", "three"} {
		f.reads(t, name)
	}
	require.Equal(t, 1, f.Infisical.Requests.Count(infisical.RouteLoginKube), "the stores share a login")

	f.Kubectl.Apply(f.store("other", as("{name: default}")))
	f.says(t, "other", v1.LiveUnauthenticated, "the identity must allow the service account")
	f.Kubectl.Apply(f.store("far", as("{name: robot, audiences: [https://elsewhere.example.com]}")))
	f.says(t, "far", v1.LiveUnauthenticated, "the audience of its tokens")

	// A service account that goes takes its stores with it; the next one of the name is another, and logs in itself.
	f.Kubectl.Run("delete", "externalsecret,secretstore", "other", "far")
	logins := f.Infisical.Requests.Count(infisical.RouteLoginKube)
	f.Kubectl.Run("delete", "serviceaccount", "robot")
	f.says(t, "one", v1.LiveInvalid, "ServiceAccount "+f.Namespace+"/robot does not exist")
	f.Kubectl.Run("create", "serviceaccount", "robot")
	f.reads(t, "one")
	f.reads(t, "two")
	require.Equal(t, logins+1, f.Infisical.Requests.Count(infisical.RouteLoginKube))
	require.NotContains(t, env.Server.Log(t), "eyJhbGciOi", "no token is logged")
}

func TestWhoLogsInIsSaidWhenAStoreIsWritten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	auth := f.reviewer(t)
	auth.Names = []string{"default"}
	f.Infisical.AddIdentity(infisical.Identity{ID: machine, Kubernetes: &auth})
	f.Kubectl.Run("create", "secret", "generic", "machine", "--from-literal=id="+machine)
	apply := func(manifest string) string {
		_, stderr, _ := f.Kubectl.Do(manifest, "apply", "-f", "-")
		return stderr
	}
	const id = "identityId: {name: machine, key: id}"
	require.Contains(t, apply(f.store("unnamed", "{kubernetesAuthCredentials: {"+id+"}}")),
		`Warning: spec.provider.infisical.auth.kubernetesAuthCredentials.serviceAccountRef: not set: the store logs in as ServiceAccount "default"`)
	f.reads(t, "unnamed")
	require.Contains(t, apply(f.store("both", "{kubernetesAuthCredentials: {"+id+", serviceAccountTokenPath: {name: machine, key: path}, serviceAccountRef: {name: default}}}")),
		"serviceAccountTokenPath: ignored: this server reads no files")
	require.Contains(t, apply(f.store("file", "{kubernetesAuthCredentials: {"+id+", serviceAccountTokenPath: {name: machine, key: path}}}")),
		"serviceAccountTokenPath: Forbidden: this server reads no files: name the service account in serviceAccountRef")
	require.Contains(t, apply(f.store("cluster", "{kubernetesAuthCredentials: {"+id+", serviceAccountRef: {name: default, audiences: [https://kubernetes.default.svc]}}}")),
		"tokens for the cluster itself are not sent to anybody")
	require.Contains(t, apply(f.store("reach", "{kubernetesAuthCredentials: {"+id+", serviceAccountRef: {name: default, namespace: kube-system}}}")),
		"a SecretStore may only refer to its own namespace")
}

// A credential that was refused is not tried again for a minute. One that takes its place is tried at once, and alone.
func TestRotatedCredentialsAreUsedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	f.Infisical.AddIdentity(infisical.Identity{
		ID:   machine,
		JWT:  &infisical.JWTAuth{Key: &key.PublicKey, Subject: "ci"},
		LDAP: &infisical.LDAPAuth{Username: "alice", Password: "right"},
	})
	secret := func(name, content string) {
		f.Kubectl.Apply(fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: by-%s}, stringData: {id: %s, user: alice, proof: %s}}", name, machine, content))
	}
	secret("jwt", infisical.SignJWT(key, infisical.Claims{Subject: "somebody"}))
	secret("ldap", "wrong")
	f.Kubectl.Apply(f.store("jwt", "{jwtAuthCredentials: {identityId: {name: by-jwt, key: id}, jwt: {name: by-jwt, key: proof}}}") +
		f.store("ldap", "{ldapAuthCredentials: {identityId: {name: by-ldap, key: id}, ldapUsername: {name: by-ldap, key: user}, ldapPassword: {name: by-ldap, key: proof}}}"))
	routes := map[string]string{"jwt": infisical.RouteLoginJWT, "ldap": infisical.RouteLoginLDAP}
	for name := range routes {
		f.says(t, name, v1.LiveUnauthenticated, "the credential was refused")
	}
	secret("jwt", infisical.SignJWT(key, infisical.Claims{Subject: "ci"}))
	secret("ldap", "right")
	for name, route := range routes {
		f.reads(t, name)
		require.Equal(t, 2, f.Infisical.Requests.Count(route))
	}
}

// Pictures outlive logins: a token that is withdrawn costs a login, and no Source.
func TestALoginIsNoNewCredential(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	auth := f.reviewer(t)
	f.Infisical.AddIdentity(infisical.Identity{ID: machine, Kubernetes: &auth})
	f.Kubectl.Run("create", "secret", "generic", "machine", "--from-literal=id="+machine)
	f.Kubectl.Run("create", "serviceaccount", "robot")
	f.Kubectl.Apply(f.store("one", "{kubernetesAuthCredentials: {identityId: {name: machine, key: id}, serviceAccountRef: {name: robot}}}"))
	f.reads(t, "one")
	_, err := env.Host(t).CoreV1().ServiceAccounts(f.Namespace).Patch(t.Context(), "robot", types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	f.Infisical.RevokeTokens(machine)
	f.reads(t, "one")
	require.Equal(t, 2, f.Infisical.Requests.Count(infisical.RouteLoginKube))
	var unchanged int
	for _, e := range f.Infisical.Requests.Entries() {
		if e.Route == infisical.RouteList && e.Header.Get("If-None-Match") != "" && e.Status == 304 {
			unchanged++
		}
	}
	require.NotZero(t, unchanged, "what was seen before is asked for again, not anew")
}
