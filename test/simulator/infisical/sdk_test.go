package infisical_test

import (
	"errors"
	"testing"

	"github.com/go-resty/resty/v2"
	"github.com/google/go-cmp/cmp"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"
	apisecrets "github.com/infisical/go-sdk/packages/api/secrets"
	sdkerrors "github.com/infisical/go-sdk/packages/errors"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// sdk returns the official SDK's client after a login.
func sdk(t *testing.T, sim *infisical.Server) *resty.Client {
	t.Helper()
	base := resty.New().SetBaseURL(sim.URL() + "/api")
	credential, err := apiauth.CallUniversalAuthLogin(base, apiauth.UniversalAuthLoginRequest{ClientID: clientID, ClientSecret: clientSecret})
	if err != nil {
		t.Fatal(err)
	}
	return base.SetAuthToken(credential.AccessToken)
}

func TestSDKReads(t *testing.T) {
	sim, id := start(t, infisical.Options{})
	sim.SetSecret(project, "prod", "/", "HOST", "db")
	sim.SetSecret(project, "prod", "/app", "URL", "${prod.HOST}:5432")
	client := sdk(t, sim)

	request := apisecrets.ListSecretsV3RawRequest{ProjectSlug: project, Environment: "prod", Recursive: true, ExpandSecretReferences: true, IncludeImports: true}
	got, err := apisecrets.CallListSecretsV3(nil, client, request)
	if err != nil || len(got.Secrets) != 2 || got.Secrets[1].SecretValue != "db:5432" || got.Secrets[1].SecretPath != "/app" || got.Secrets[1].Workspace != id {
		t.Errorf("list: %+v, %v", got, err)
	}
	request.IfNoneMatch = got.ETag
	_, err = apisecrets.CallListSecretsV3(nil, client, request)
	var unchanged *sdkerrors.NotModifiedError
	if !errors.As(err, &unchanged) {
		t.Errorf("an unchanged list: %v", err)
	}
	one, err := apisecrets.CallRetrieveSecretV3(nil, client, apisecrets.RetrieveSecretV3RawRequest{SecretKey: "HOST", ProjectID: id, Environment: "prod"})
	if err != nil || one.Secret.SecretValue != "db" {
		t.Errorf("get: %+v, %v", one, err)
	}
	_, err = apisecrets.CallRetrieveSecretV3(nil, client, apisecrets.RetrieveSecretV3RawRequest{SecretKey: "NONE", ProjectID: id, Environment: "prod"})
	var failed *sdkerrors.APIError
	if !errors.As(err, &failed) || failed.StatusCode != 404 || failed.ErrorMessage != "Secret with name 'NONE' not found" || failed.ReqId == "" {
		t.Errorf("a missing secret: %v", err)
	}
	want := map[string]int{infisical.RouteLogin: 1, infisical.RouteList: 2, infisical.RouteGet: 2}
	if diff := cmp.Diff(want, sim.Requests.Counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	token := client.Token
	renewed, err := apiauth.CallRenewAccessToken(client, apiauth.RenewAccessTokenRequest{AccessToken: token})
	if err != nil || renewed.AccessToken == token || renewed.ExpiresIn <= 0 {
		t.Errorf("renewal: %v", err)
	}
	if _, err := apiauth.CallRevokeAccessToken(client, apiauth.RevokeAccessTokenRequest{AccessToken: token}); err != nil {
		t.Errorf("revocation: %v", err)
	}
}

// What the SDK makes of faults decides what the provider must guard against.
func TestSDKSeesFaults(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	sim.SetSecret(project, "prod", "/", "K", "v")
	client := sdk(t, sim)
	list := func() (int, error) {
		got, err := apisecrets.CallListSecretsV3(nil, client, apisecrets.ListSecretsV3RawRequest{ProjectSlug: project, Environment: "prod"})
		return len(got.Secrets), err
	}
	status := func(err error) int {
		var failed *sdkerrors.APIError
		if errors.As(err, &failed) {
			return failed.StatusCode
		}
		return 0
	}
	for _, tc := range []struct {
		name  string
		fault harness.Fault
		check func(n int, err error) bool
	}{
		{"a page is an empty list", harness.HTML(200), func(n int, err error) bool { return n == 0 && err == nil }},
		{"JSON without a content type is an empty list", harness.Fault{Kind: harness.Answer, Header: map[string]string{"Content-Type": ""}, Body: `{"secrets":[{"secretKey":"K"}]}`},
			func(n int, err error) bool { return n == 0 && err == nil }},
		{"null is an empty list", harness.JSON(200, `null`), func(n int, err error) bool { return n == 0 && err == nil }},
		{"429 is not retried", harness.Throttled(0, `{"message":"Rate limit exceeded."}`), func(_ int, err error) bool { return status(err) == 429 }},
		{"304 without a request for it", harness.Fault{Kind: harness.Answer, Status: 304}, func(_ int, err error) bool {
			var unchanged *sdkerrors.NotModifiedError
			return errors.As(err, &unchanged)
		}},
		{"a cut body is an error", harness.Fault{Kind: harness.Truncate}, func(_ int, err error) bool { return err != nil && status(err) == 0 }},
		{"an outage is an error", harness.HTML(503), func(_ int, err error) bool { return status(err) == 503 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sim.Requests.Reset()
			sim.Faults.Add(tc.fault.On(infisical.RouteList).For(1))
			if n, err := list(); !tc.check(n, err) {
				t.Errorf("%d secrets, error %v", n, err)
			}
			if got := sim.Requests.Count(infisical.RouteList); got != 1 {
				t.Errorf("%d requests", got)
			}
		})
	}
}
