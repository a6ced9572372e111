package infisical

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

var root = provider.Scope{Name: "/"}

// together runs n calls at once and returns their errors.
func together(n int, call func(n int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	return errs
}

func TestStoresOfOneIdentityLogInOnce(t *testing.T) {
	f := start(t)
	var clients []*client
	for range 5 {
		clients = append(clients, f.connect())
	}
	for _, err := range together(40, func(n int) error {
		_, err := clients[n%5].Revalidate(t.Context(), root, nil, false)
		return err
	}) {
		require.NoError(t, err)
	}
	f.counts(1, 40, 0)
}

func TestIdentitiesAreNotShared(t *testing.T) {
	f := start(t)
	f.AddIdentity(infisical.Identity{ClientID: "other-id", ClientSecret: testSecret})
	_, err := f.connect().Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	other := f.connectWith(provider.Material{"clientId": value.FromString("other-id"), "clientSecret": value.FromString(testSecret)})
	_, err = other.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	organized := f.connect(func(store *v1.InfisicalProvider) { store.SecretsScope.OrganizationSlug = ptr("guild") })
	_, err = organized.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	f.counts(3, 3, 0)
}

func TestRefusedLoginIsTriedOnceForAllStores(t *testing.T) {
	f := start(t)
	var clients []*client
	for range 5 {
		clients = append(clients, f.connectWith(credentials("wrong")))
	}
	for _, err := range together(20, func(n int) error {
		_, err := clients[n%5].Revalidate(t.Context(), root, nil, false)
		return err
	}) {
		requireReason(t, provider.Unauthenticated, err)
	}
	requireReason(t, provider.Unauthenticated, clients[0].Check(t.Context()))
	f.counts(1, 0, 0)

	f.clock.Advance(holdOff - time.Second)
	clients[3].Close()
	_, err := f.connectWith(credentials("wrong")).Revalidate(t.Context(), root, nil, false)
	requireReason(t, provider.Unauthenticated, err)
	f.counts(1, 0, 0)

	f.clock.Advance(time.Second)
	requireReason(t, provider.Unauthenticated, clients[0].Check(t.Context()))
	f.counts(2, 0, 0)
}

func TestRotatedCredentialIsUsedAtOnce(t *testing.T) {
	f := start(t)
	requireReason(t, provider.Unauthenticated, f.connectWith(credentials("wrong")).Check(t.Context()))
	require.NoError(t, f.connectWith(credentials(testSecret+"\n")).Check(t.Context()), "white space at the end of a file is not part of a secret")
	f.counts(2, 0, 0)
}

func TestMendedRefusalHeals(t *testing.T) {
	f := start(t)
	f.SetClientSecret(testID, "another")
	c := f.connect()
	requireReason(t, provider.Unauthenticated, c.Check(t.Context()))
	f.SetClientSecret(testID, testSecret)
	f.clock.Advance(holdOff)
	require.NoError(t, c.Check(t.Context()))
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	f := start(t)
	f.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret, TTL: 100 * time.Second})
	c := f.connect()
	revalidate := func() {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		require.NoError(t, err)
	}
	revalidate()
	f.clock.Advance(74 * time.Second)
	revalidate()
	f.counts(1, 2, 0)
	f.clock.Advance(6 * time.Second)
	for _, err := range together(20, func(int) error {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		return err
	}) {
		require.NoError(t, err)
	}
	f.counts(2, 22, 0)
	for _, e := range f.Requests.Entries() {
		require.Equal(t, 200, e.Status, "no request went out with a token that was over")
	}
	f.clock.Advance(200 * time.Second)
	revalidate()
	f.counts(3, 23, 0)
}

func TestTokenIsUsedOnWhenItCannotBeRenewed(t *testing.T) {
	f := start(t)
	f.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret, TTL: 1000 * time.Second})
	c := f.connect()
	require.NoError(t, c.Check(t.Context()))
	fault := f.Faults.Add(harness.HTML(502).On(infisical.RouteLogin))
	f.clock.Advance(800 * time.Second)
	for range 3 {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		require.NoError(t, err)
	}
	f.counts(2, 3, 0)
	f.clock.Advance(holdOff)
	_, err := c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	f.counts(3, 4, 0)
	f.clock.Advance(200 * time.Second)
	_, err = c.Revalidate(t.Context(), root, nil, false)
	requireReason(t, provider.Unavailable, err)
	f.counts(4, 4, 0)
	fault.Remove()
	_, err = c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
}

func TestWithdrawnTokenIsReplacedOnce(t *testing.T) {
	for name, withdraw := range map[string]func(*fixture, *client){
		"401": func(f *fixture, _ *client) { f.RevokeTokens(testID) },
		"403 TokenError": func(f *fixture, c *client) {
			expired := harness.JSON(403, `{"statusCode":403,"error":"TokenError","message":"Your token has expired."}`)
			withdrawn := "Bearer " + c.identity.token.text
			expired.Match = func(r *http.Request) bool { return r.Header.Get("Authorization") == withdrawn }
			f.Faults.Add(expired)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			c := f.connect()
			require.NoError(t, c.Check(t.Context()))
			withdraw(f, c)
			f.Hold(infisical.RouteList, 20)
			for _, err := range together(20, func(int) error {
				_, err := c.Revalidate(t.Context(), root, nil, false)
				return err
			}) {
				require.NoError(t, err)
			}
			f.counts(2, 40, 0)
		})
	}
}

func TestTokensThatNeverWorkStopLogins(t *testing.T) {
	f := start(t)
	fault := f.Faults.Add(harness.JSON(401, `{"statusCode":401,"error":"UnauthorizedError","message":"No identity access token found"}`).On(infisical.RouteList))
	c := f.connect()
	for range 5 {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		requireReason(t, provider.Unauthenticated, err)
	}
	f.counts(2, 2, 0)
	fault.Remove()
	f.clock.Advance(holdOff)
	_, err := c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	f.counts(3, 3, 0)
}

func TestTokenOfFewUses(t *testing.T) {
	f := start(t)
	f.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret, TokenUses: 2})
	c := f.connect()
	for range 6 {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		require.NoError(t, err)
	}
	f.counts(3, 8, 0)
}

func TestForbiddenIsNoReasonToLogIn(t *testing.T) {
	f := start(t)
	f.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret, Rules: []infisical.Rule{{Path: "/", Access: infisical.None}}})
	c := f.connect()
	for range 3 {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		requireReason(t, provider.Forbidden, err)
	}
	f.counts(1, 3, 0)
}

func TestLoginThatIsRateLimitedIsLeftAlone(t *testing.T) {
	f := start(t)
	f.Faults.Add(harness.Throttled(42*time.Second, `{"statusCode":429,"error":"RateLimitExceeded","message":"x"}`).On(infisical.RouteLogin).For(1))
	c := f.connect()
	for left := 42; left > 0; left -= 14 {
		err := c.Check(t.Context())
		requireReason(t, provider.RateLimited, err)
		require.Equal(t, time.Duration(left)*time.Second, provider.RetryAfterOf(err), "what is left of it")
		f.clock.Advance(14 * time.Second)
	}
	f.counts(1, 0, 0)
	require.NoError(t, c.Check(t.Context()))
}

func TestLoginOfACallerThatLeavesIsMadeByAnother(t *testing.T) {
	f := start(t)
	fault := f.Faults.Add(harness.Fault{Kind: harness.Hang, Route: infisical.RouteLogin, Times: 1})
	c := f.connect()
	leaving := make(chan error)
	ctx := soon(t)
	go func() { leaving <- c.Check(ctx) }()
	require.NoError(t, f.Requests.Wait(t.Context(), infisical.RouteLogin, 1))
	require.NoError(t, c.Check(t.Context()))
	err := <-leaving
	requireReason(t, provider.Unavailable, err)
	require.ErrorIs(t, err, ctx.Err())
	require.Equal(t, 1, fault.Hits())
	f.counts(2, 0, 0)
}

func TestAnswersToALoginThatMakeNoSense(t *testing.T) {
	for name, fault := range map[string]harness.Fault{
		"null":           harness.JSON(200, "null"),
		"empty":          harness.JSON(200, "{}"),
		"no token":       harness.JSON(200, `{"accessToken":"","expiresIn":100}`),
		"unsendable":     harness.JSON(200, `{"accessToken":"a\nb","expiresIn":100}`),
		"page":           harness.HTML(200),
		"page with 401":  harness.HTML(401),
		"error with 500": harness.JSON(500, `{"statusCode":500}`),
		"redirect":       harness.Redirect("http://127.0.0.1:1/"),
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			f.Faults.Add(fault.On(infisical.RouteLogin).For(1))
			c := f.connect()
			requireReason(t, provider.Unavailable, c.Check(t.Context()))
			require.NoError(t, c.Check(t.Context()), "the next attempt is not held off")
			f.counts(2, 0, 0)
		})
	}
}

func TestTokenAuth(t *testing.T) {
	f := start(t)
	universal := f.connect()
	require.NoError(t, universal.Check(t.Context()))
	token, err := universal.identity.current(t.Context(), universal.connection)
	require.NoError(t, err)
	f.Requests.Reset()

	c := f.connectWith(provider.Material{"accessToken": value.FromString(token.text + "\n")}, withToken)
	require.NoError(t, c.Check(t.Context()))
	require.NoError(t, c.Check(t.Context()))
	f.counts(0, 1, 0)
	f.RevokeTokens(testID)
	for range 3 {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		requireReason(t, provider.Unauthenticated, err)
	}
	f.counts(0, 4, 0)

	wrong := f.connectWith(provider.Material{"accessToken": value.FromString("garbage")}, withToken, in("/gone", false))
	requireReason(t, provider.Unauthenticated, wrong.Check(t.Context()))
}

func TestCloseEndsCalls(t *testing.T) {
	f := start(t)
	c := f.connect()
	require.NoError(t, c.Check(t.Context()))
	f.Faults.Add(harness.Fault{Kind: harness.Hang, Route: infisical.RouteList})
	done := make(chan error)
	go func() {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		done <- err
	}()
	require.NoError(t, f.Requests.Wait(t.Context(), infisical.RouteList, 1))
	c.Close()
	c.Close()
	requireReason(t, provider.Unavailable, <-done)
	_, err := c.Revalidate(t.Context(), root, nil, false)
	requireReason(t, provider.Unavailable, err)
}

func TestIdentitiesAreForgotten(t *testing.T) {
	f := start(t)
	first, second := f.connect(), f.connect()
	require.Len(t, f.provider.identities.byKey, 1)
	first.Close()
	second.Close()
	f.clock.Advance(2 * holdOff)
	f.connectWith(credentials("another")).Close()
	f.clock.Advance(2 * holdOff)
	f.connectWith(credentials("yet another")).Close()
	require.Len(t, f.provider.identities.byKey, 1)
}
