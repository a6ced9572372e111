package onepassword_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

func connectTo(t *testing.T, url, token string, vaults ...string) provider.Client {
	t.Helper()
	client, err := onepassword.New().Connect(spec(url, vaults...), material(token), nil)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// lag answers one request of a route with a body, as a replica would that is behind.
func lag(t *testing.T, sim *connect.Server, route, body string) {
	t.Helper()
	fault := sim.Faults.Add(harness.JSON(200, body).On(route).For(1))
	t.Cleanup(func() { require.Equal(t, 1, fault.Hits()) })
}

// canary stands in every body that a fault sends: no error may show it.
const canary = "canary-of-the-provider"

// Every fault, at every request that is made: one Reason, one request (three for a 403), nothing of the provider's text.
func TestFaults(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	sim.AddFile("pitower", "app", "f", []byte("file"))
	app := sim.Item("pitower", "app")
	client := dial(t, sim, v.ID)
	scope := provider.Scope{Name: v.ID}
	picture, err := client.Revalidate(t.Context(), scope, nil, false)
	require.NoError(t, err)

	calls := map[string]func(context.Context) error{
		connect.RouteVaults: client.Check,
		connect.RouteVault: func(ctx context.Context) error {
			_, err := client.Revalidate(ctx, scope, picture, false)
			return err
		},
		connect.RouteItems: func(ctx context.Context) error {
			_, err := client.Revalidate(ctx, scope, picture, true)
			return err
		},
		connect.RouteItem: func(ctx context.Context) error {
			_, err := client.Load(ctx, scope, picture, provider.PartID(app.ID+"@2"))
			return err
		},
		connect.RouteFileContent: func(ctx context.Context) error {
			_, err := client.Load(ctx, scope, picture, provider.PartID(app.ID+"@2/"+app.Files[0].ID+"/4"))
			return err
		},
	}
	status := func(code string) string { return `{"status":` + code + `,"message":"` + canary + `"}` }
	secret := `{"password":"` + canary + `"}`
	faults := map[string]struct {
		fault    harness.Fault
		want     provider.Reason
		notFiles bool
		tries    int
	}{
		"400":                       {fault: harness.JSON(400, status("400")), want: provider.Invalid},
		"401":                       {fault: harness.JSON(401, status("401")), want: provider.Unauthenticated},
		"403":                       {fault: harness.JSON(403, status("403")), want: provider.Forbidden, tries: 3},
		"404 of something between":  {fault: harness.HTML(404), want: provider.Unavailable},
		"404 without Connect's own": {fault: harness.JSON(404, secret), want: provider.Unavailable},
		"429":                       {fault: harness.Throttled(7*time.Second, status("429")), want: provider.RateLimited},
		"500":                       {fault: harness.JSON(500, status("500")), want: provider.Unavailable},
		"500 of a string":           {fault: harness.JSON(500, `"`+canary+`"`), want: provider.Unavailable},
		"502 without a status":      {fault: harness.JSON(502, secret), want: provider.Unavailable},
		"503 with another status":   {fault: harness.JSON(503, status("404")), want: provider.Unavailable},
		"503 of HTML":               {fault: harness.HTML(503), want: provider.Unavailable},
		"204":                       {fault: harness.JSON(204, ""), want: provider.Unavailable},
		"200 of HTML":               {fault: harness.HTML(200), want: provider.Unavailable},
		"200 of nothing":            {fault: harness.JSON(200, ""), want: provider.Unavailable},
		"200 of null":               {fault: harness.JSON(200, "null"), want: provider.Unavailable, notFiles: true},
		"200 of an empty object":    {fault: harness.JSON(200, "{}"), want: provider.Unavailable, notFiles: true},
		"200 of [null]":             {fault: harness.JSON(200, "[null]"), want: provider.Unavailable, notFiles: true},
		"200 of a string":           {fault: harness.JSON(200, `"`+canary+`"`), want: provider.Unavailable, notFiles: true},
		"200 of an odd type":        {fault: harness.JSON(200, `{"id":"`+app.ID+`","fields":"`+canary+`"}`), want: provider.Unavailable, notFiles: true},
		"200 of half a document":    {fault: harness.JSON(200, `[{"id":"`+app.ID+`","title":"`+canary), want: provider.Unavailable, notFiles: true},
		"cut":                       {fault: harness.Fault{Kind: harness.Truncate}, want: provider.Unavailable},
		// net/http tries a connection once more that was idle before.
		"reset":    {fault: harness.Fault{Kind: harness.Reset}, want: provider.Unavailable, tries: 2},
		"redirect": {fault: harness.Redirect("http://127.0.0.1:1/" + canary), want: provider.Unavailable},
	}
	for route, do := range calls {
		for name, c := range faults {
			if c.notFiles && route == connect.RouteFileContent {
				continue // A file may hold anything.
			}
			t.Run(name+" at "+route, func(t *testing.T) {
				sim.Faults.Clear()
				require.NoError(t, client.Check(soon(t))) // A connection is idle.
				sim.Requests.Reset()
				sim.Faults.Add(c.fault.On(route))
				failed := requireReason(t, c.want, do(soon(t)))
				require.Equal(t, max(c.tries, 1), sim.Requests.Count(route))
				require.Equal(t, c.want == provider.RateLimited, failed.RetryAfter == 7*time.Second)
				for _, text := range printed(failed) {
					require.NotContains(t, text, canary)
					require.NotContains(t, text, "onepassword-connect://")
				}
			})
		}
	}
	sim.Faults.Clear()
	for route, do := range calls {
		require.NoError(t, do(t.Context()), route)
	}
}

func TestNotFoundIsOfItsOwnLevel(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	s := seen(t, sim, v.ID)
	gone := strings.Repeat("0", 26)

	_, err := dial(t, sim, gone).Revalidate(t.Context(), provider.Scope{Name: gone}, nil, false)
	requireReason(t, provider.Forbidden, err)

	// An item that the list has and Connect does not find is a contradiction, not an absence.
	sim.DeleteItem(v.ID, "app")
	_, err = s.answer(t, key("app", ""))
	requireReason(t, provider.Unavailable, err)

	sim.DeleteVault(v.ID)
	_, err = s.answer(t, key("app", ""))
	requireReason(t, provider.ScopeNotFound, err)
}

// A lone 403 proves nothing: the next answer is taken.
func TestForbiddenNowAndThen(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{ForbidEvery: 2})
	s := seen(t, sim, "pitower")
	require.Equal(t, "one", s.password(t))
	for range 4 {
		s.poll(t, false)
		require.Equal(t, "one", s.password(t))
	}
}

// The SDK would answer a 403 to an item with a look-up by title, and lose the 403.
func TestForbiddenItemIsForbidden(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := seen(t, sim, "pitower")
	sim.Requests.Reset()
	sim.Faults.Add(harness.JSON(403, `{"status":403,"message":"no"}`).On(item))
	_, err := s.answer(t, key("app", ""))
	requireReason(t, provider.Forbidden, err)
	requests(t, sim, map[string]int{item: 3})
}

func TestForbiddenUntilTheContextEnds(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	client := dial(t, sim, v.ID)
	ctx, cancel := context.WithCancel(t.Context())
	sim.Faults.Add(harness.Fault{
		Kind: harness.Answer, Status: 403, Match: func(*http.Request) bool { cancel(); return true },
	})
	_, err := client.Revalidate(ctx, provider.Scope{Name: v.ID}, nil, false)
	require.Error(t, err)
	require.Equal(t, 1, sim.Requests.Total())
}

// An empty list says nothing where the vault counts items.
func TestEmptyListOfAFullVault(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	fault := sim.Faults.Add(harness.JSON(200, "[]").On(items))
	_, err := dial(t, sim, "pitower").Revalidate(t.Context(), provider.Scope{Name: "pitower"}, nil, false)
	requireReason(t, provider.Unavailable, err)
	fault.Remove()
	sim.DeleteItem(v.ID, "app")
	_, err = seen(t, sim, "pitower").answer(t, key("app", ""))
	requireReason(t, provider.NotFound, err)
}

// A row in place of an item would empty every Secret that extracts it.
func TestItemWithoutItsContent(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	app := sim.Item(v.ID, "app")
	s := seen(t, sim, v.ID)
	sim.Faults.Add(harness.JSON(200, `{"id":"`+app.ID+`","title":"app","version":1}`).On(item))
	_, err := s.answer(t, extract("app", ""))
	requireReason(t, provider.Unavailable, err)
}

func TestAnswersThatAreTooLong(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	s := seen(t, sim, v.ID)
	sim.Faults.Add(harness.Fault{Kind: harness.Huge, Size: 5 << 20}.On(item))
	_, err := s.answer(t, key("app", ""))
	require.Contains(t, requireReason(t, provider.Unavailable, err).Message, "longer than 4194304 bytes")

	sim.Faults.Clear()
	sim.AddFile(v.ID, "app", "big", make([]byte, 4<<20+1))
	s.poll(t, false)
	sim.Requests.Reset()
	_, err = s.answer(t, key("app", "file/big"))
	requireReason(t, provider.Invalid, err)
	requests(t, sim, map[string]int{item: 1})
}

// The SDK's HTTP client would follow a redirect past the deadline and the limits, with the token.
func TestRedirectsAreNotFollowed(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	trap, _ := one(t, connect.Behaviour{})
	client := dial(t, sim, "pitower")
	for _, status := range []int{301, 302, 303, 304, 307, 308} {
		for _, location := range []string{trap.URL() + "/v1/vaults", "/v1/vaults", ""} {
			redirect := harness.Redirect(location).For(1)
			redirect.Status = status
			sim.Faults.Add(redirect)
			require.Contains(t, requireReason(t, provider.Unavailable, client.Check(t.Context())).Message, "redirect")
			requests(t, sim, map[string]int{vaults: 1})
		}
	}
	requests(t, trap, map[string]int{})
}

func TestHangEndsWithItsContext(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	client := dial(t, sim, v.ID)
	for name, fault := range map[string]harness.Fault{
		"no answer":         {Kind: harness.Hang},
		"one byte a second": {Kind: harness.Trickle, Interval: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			sim.Faults.Clear()
			sim.Faults.Add(fault)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := client.Revalidate(ctx, provider.Scope{Name: v.ID}, nil, false)
			requireReason(t, provider.Unavailable, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

func TestCancelReachesTheSocket(t *testing.T) {
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(left)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.Error(t, connectTo(t, server.URL, "token", "v").Check(ctx))
	select {
	case <-left:
	case <-soon(t).Done():
		t.Fatal("the server still waits for a client that has gone")
	}
}

func TestClose(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	client := dial(t, sim, "pitower")
	hang := sim.Faults.Add(harness.Fault{Kind: harness.Hang})
	done := make(chan error)
	go func() { done <- client.Check(soon(t)) }()
	require.NoError(t, sim.Requests.Wait(soon(t), vaults, 1))
	client.Close()
	err := <-done
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, requireReason(t, provider.Unavailable, err).Message, "closed")
	hang.Remove()

	client.Close()
	err = client.Check(t.Context())
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, sim.Requests.Total())
}

// What the SDK needs a header for works behind a proxy that drops it.
func TestMissingVersionHeader(t *testing.T) {
	sim, v := one(t, connect.Behaviour{OmitVersion: true})
	sim.AddFile(v.ID, "app", "f", []byte("content"))
	got, err := seen(t, sim, "pitower").answer(t, key("app", "file/f"))
	require.NoError(t, err)
	require.Equal(t, "content", string(got.Value.Bytes()))
}

func TestServerThatIsAway(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := seen(t, sim, "pitower")
	sim.Stop()
	require.Contains(t, requireReason(t, provider.Unavailable, s.Check(t.Context())).Message, "refused")
	require.NoError(t, sim.Restart())
	require.NoError(t, s.Check(t.Context()))
}

func TestUntrustedCertificate(t *testing.T) {
	sim := connect.New(connect.Options{})
	sim.StartTLS()
	t.Cleanup(sim.Close)
	err := dial(t, sim, "v").Check(t.Context())
	require.Contains(t, requireReason(t, provider.Unavailable, err).Message, "certificate is not trusted")
}

func TestCheck(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	require.NoError(t, dial(t, sim, "pitower", v.ID).Check(t.Context()))
	requests(t, sim, map[string]int{vaults: 1})
	requireReason(t, provider.ScopeNotFound, dial(t, sim, "pitower", "nope").Check(t.Context()))
	requireReason(t, provider.Unauthenticated, connectTo(t, sim.URL(), "wrong", "pitower").Check(t.Context()))
}

// Two stores of one process never see each other's token or server.
func TestStoresKeepApart(t *testing.T) {
	blue, _ := one(t, connect.Behaviour{})
	green, _ := one(t, connect.Behaviour{})
	green.SetField("pitower", "app", "password", "green")
	token := green.AddToken(connect.Token{})
	ours := onepassword.New()
	left, err := ours.Connect(spec(blue.URL(), "pitower"), material(connect.DefaultToken), nil)
	require.NoError(t, err)
	right, err := ours.Connect(spec(green.URL(), "pitower"), material(token), nil)
	require.NoError(t, err)
	defer left.Close()
	defer right.Close()

	errs := make(chan error)
	for range 20 {
		for client, want := range map[provider.Client]string{left: "one", right: "green"} {
			go func() {
				s := newStore(client)
				s.poll(t, true)
				got, err := s.answer(t, key("app", ""))
				if err == nil && string(got.Value.Bytes()) != want {
					err = errors.New("a value of the other store")
				}
				errs <- err
			}()
		}
	}
	for range 40 {
		require.NoError(t, <-errs)
	}
	for _, entry := range append(blue.Requests.Entries(), green.Requests.Entries()...) {
		require.ElementsMatch(t, []string{"Accept", "Accept-Encoding", "Authorization", "User-Agent"}, names(entry.Header))
	}
}

func names(h http.Header) []string {
	var out []string
	for name := range h {
		out = append(out, name)
	}
	return out
}
