package infisical

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/wire"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func TestUnchangedListIsTheSamePicture(t *testing.T) {
	for name, behaviour := range map[string]func(*infisical.Behaviour){
		"strong ETags": func(*infisical.Behaviour) {},
		"weak ETags":   func(b *infisical.Behaviour) { b.WeakETags = true },
		"no ETags":     func(b *infisical.Behaviour) { b.OmitETags = true },
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			f.Change(behaviour)
			f.SetSecret(testProject, "dev", "/", "KEY", "one")
			c := f.connect()
			first, err := c.Revalidate(t.Context(), root, nil, false)
			require.NoError(t, err)
			for _, thorough := range []bool{false, true} {
				again, err := c.Revalidate(t.Context(), root, first, thorough)
				require.NoError(t, err)
				require.Same(t, first, again)
			}
			f.SetSecret(testProject, "dev", "/", "KEY", "two")
			changed, err := c.Revalidate(t.Context(), root, first, false)
			require.NoError(t, err)
			require.NotSame(t, first, changed)
			require.Equal(t, "two", string(changed.(*picture).own(address{"/", "KEY"}).value.Bytes()))
			require.Equal(t, "one", string(first.(*picture).own(address{"/", "KEY"}).value.Bytes()))
			f.counts(1, 4, 0)
		})
	}
}

func TestConditionsAreSentWithWhatTheyStandForAlone(t *testing.T) {
	f := start(t)
	c := f.connect()
	first, err := c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	_, err = c.Revalidate(t.Context(), root, first, false)
	require.NoError(t, err)
	_, err = c.Revalidate(t.Context(), root, first, true)
	require.NoError(t, err)
	var conditions []bool
	var statuses []int
	for _, e := range f.Requests.Entries() {
		if e.Route == infisical.RouteList {
			conditions = append(conditions, e.Header.Get("If-None-Match") != "")
			statuses = append(statuses, e.Status)
		}
	}
	require.Equal(t, []bool{false, true, false}, conditions)
	require.Equal(t, []int{200, 304, 200}, statuses)
}

func TestEveryParameterIsSent(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "KEY", "one")
	c := f.connect(in("/app", true), func(store *v1.InfisicalProvider) { store.SecretsScope.ExpandSecretReferences = ptr(false) })
	_, err := c.Revalidate(t.Context(), provider.Scope{Name: "/app", Recursive: true}, nil, false)
	require.NoError(t, err)
	_, _, err = c.get(t.Context(), address{"/app", "KEY"}, 1)
	require.NoError(t, err)
	entries := f.Requests.Entries()
	require.Equal(t, map[string][]string{
		"workspaceSlug": {testProject}, "environment": {"dev"}, "secretPath": {"/app"}, "recursive": {"true"},
		"include_imports": {"true"}, "expandSecretReferences": {"false"}, "viewSecretValue": {"true"},
	}, map[string][]string(entries[1].Query))
	require.Equal(t, map[string][]string{
		"workspaceSlug": {testProject}, "environment": {"dev"}, "secretPath": {"/app"}, "type": {"shared"}, "version": {"1"},
		"include_imports": {"true"}, "expandSecretReferences": {"false"}, "viewSecretValue": {"true"},
	}, map[string][]string(entries[2].Query))
}

func TestReferencesChangeValuesWithoutVersions(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/", "HOST", "one")
	f.SetSecret(testProject, "dev", "/app", "URL", "https://${dev.HOST}/")
	c := f.connect(in("/app", false))
	scope := provider.Scope{Name: "/app"}
	first, err := c.Revalidate(t.Context(), scope, nil, false)
	require.NoError(t, err)
	f.SetSecret(testProject, "dev", "/", "HOST", "two")
	second, err := c.Revalidate(t.Context(), scope, first, false)
	require.NoError(t, err)
	a := address{"/app", "URL"}
	require.Equal(t, "https://one/", string(first.(*picture).own(a).value.Bytes()))
	require.Equal(t, "https://two/", string(second.(*picture).own(a).value.Bytes()))
	require.Equal(t, first.(*picture).own(a).version, second.(*picture).own(a).version)

	literal := f.connect(in("/app", false), func(store *v1.InfisicalProvider) { store.SecretsScope.ExpandSecretReferences = ptr(false) })
	require.Equal(t, "https://${dev.HOST}/", valueOf(t, literal, "URL"))
}

func TestProjectMadeAgainUnderItsSlug(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/", "KEY", "old")
	c := f.connect()
	first, err := c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	f.RecreateProject(testProject)
	second, err := c.Revalidate(t.Context(), root, first, false)
	require.NoError(t, err)
	require.NotSame(t, first, second)
	requireReason(t, provider.NotFound, failureOf(t, c, "KEY"))
	f.SetSecret(testProject, "dev", "/", "KEY", "new")
	require.Equal(t, "new", valueOf(t, c, "KEY"))
	f.DeleteProject(testProject)
	_, err = c.Revalidate(t.Context(), root, second, false)
	requireReason(t, provider.ScopeNotFound, err)
}

func TestWhatHoldsTheKeyIsNotThere(t *testing.T) {
	f := start(t)
	for name, edit := range map[string]func(*v1.InfisicalProvider){
		"folder":      in("/gone", false),
		"environment": func(store *v1.InfisicalProvider) { store.SecretsScope.EnvironmentSlug = "gone" },
		"project":     func(store *v1.InfisicalProvider) { store.SecretsScope.ProjectSlug = "gone" },
	} {
		t.Run(name, func(t *testing.T) {
			c := f.connect(edit)
			requireReason(t, provider.ScopeNotFound, failureOf(t, c, "KEY"))
			requireReason(t, provider.ScopeNotFound, c.Confirm(t.Context(), provider.Need{Kind: provider.KindValue, Key: "KEY"}, nil))
		})
	}
	wrong := f.connect(func(store *v1.InfisicalProvider) { store.HostAPI = ptr(f.url + "/elsewhere") })
	requireReason(t, provider.Unavailable, wrong.Check(t.Context()))
}

// lies are answers that must never read as a list, nor as a secret, nor as the absence of one.
func lies() map[string]harness.Fault {
	return map[string]harness.Fault{
		"nothing":              harness.JSON(200, ""),
		"null":                 harness.JSON(200, "null"),
		"array":                harness.JSON(200, "[]"),
		"empty object":         harness.JSON(200, "{}"),
		"text":                 harness.JSON(200, "s3cret"),
		"secrets null":         harness.JSON(200, `{"secrets":null,"imports":[],"secret":null}`),
		"imports missing":      harness.JSON(200, `{"secrets":[]}`),
		"imported null":        harness.JSON(200, `{"secrets":[],"imports":[{"secretPath":"/x","secrets":null}]}`),
		"secret without key":   harness.JSON(200, `{"secrets":[{"secretValue":"s3cret"}],"imports":[],"secret":{"secretValue":"s3cret"}}`),
		"secret without value": harness.JSON(200, `{"secrets":[{"secretKey":"KEY"}],"imports":[],"secret":{"secretKey":"KEY"}}`),
		"value null":           harness.JSON(200, `{"secrets":[{"secretKey":"KEY","secretValue":null}],"imports":[],"secret":{"secretKey":"KEY","secretValue":null}}`),
		"other secret":         harness.JSON(200, `{"secret":{"secretKey":"OTHER","secretValue":"s3cret"}}`),
		"page":                 harness.HTML(200),
		"no content type":      {Kind: harness.Answer, Header: map[string]string{"Content-Type": ""}, Body: `{"secrets":[],"imports":[]}`},
		"text as content type": {Kind: harness.Answer, Header: map[string]string{"Content-Type": "text/plain"}, Body: `{"secrets":[],"imports":[]}`},
		"204":                  {Kind: harness.Answer, Status: 204},
		"201":                  harness.JSON(201, `{"secrets":[],"imports":[]}`),
		"304 unasked":          {Kind: harness.Answer, Status: 304},
		"302":                  harness.Redirect("http://127.0.0.1:1/elsewhere"),
		"307":                  {Kind: harness.Answer, Status: 307, Header: map[string]string{"Location": "/api/v3/secrets/raw?environment=dev"}},
		"page with 403":        harness.HTML(403),
		"page with 404":        harness.HTML(404),
		"404 of a proxy":       harness.JSON(404, `{"message":"Secret with name 'KEY' not found"}`),
		"404 of a router":      harness.JSON(404, `{"statusCode":404,"error":"Not Found","message":"Route GET:/api/v3/secrets/raw not found"}`),
		"404 null":             harness.JSON(404, `null`),
		"500":                  harness.JSON(500, `{"statusCode":500,"error":"InternalServerError","message":"Something went wrong"}`),
		"502":                  harness.HTML(502),
		"503":                  harness.JSON(503, `{}`),
		"504":                  harness.JSON(504, `{"statusCode":504,"error":"GatewayTimeout","message":"x"}`),
		"cut":                  {Kind: harness.Truncate},
		"reset":                {Kind: harness.Reset},
	}
}

func TestLiesAreUnavailable(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/", "KEY", "s3cret")
	c := f.connect()
	require.NoError(t, c.Check(t.Context()))
	for name, fault := range lies() {
		t.Run(name, func(t *testing.T) {
			lie := f.Faults.Add(fault)
			defer lie.Remove()
			_, err := c.Revalidate(t.Context(), root, nil, false)
			requireReason(t, provider.Unavailable, err)
			requireReason(t, provider.Unavailable, c.Confirm(t.Context(), provider.Need{Kind: provider.KindValue, Key: "KEY"}, nil))
			require.GreaterOrEqual(t, lie.Hits(), 2)
			require.Equal(t, 1, f.Requests.Count(infisical.RouteLogin))
		})
	}
}

func TestRecursiveListWithoutFoldersIsUnavailable(t *testing.T) {
	f := start(t)
	f.Faults.Add(harness.JSON(200, `{"secrets":[{"secretKey":"KEY","secretValue":"v"}],"imports":[]}`).On(infisical.RouteList))
	_, err := f.connect().Revalidate(t.Context(), provider.Scope{Name: "/", Recursive: true}, nil, false)
	requireReason(t, provider.Unavailable, err)
}

func TestHugeAnswersAreCapped(t *testing.T) {
	f := start(t)
	c := f.connect()
	f.Faults.Add(harness.Fault{Kind: harness.Huge, Size: maxListBytes, Route: infisical.RouteList})
	_, err := c.Revalidate(t.Context(), root, nil, false)
	requireReason(t, provider.Unavailable, err)
	require.ErrorContains(t, err, "32 MiB")
}

func TestFailuresByStatus(t *testing.T) {
	f := start(t)
	c := f.connect()
	for name, test := range map[string]struct {
		fault  harness.Fault
		reason provider.Reason
		after  time.Duration
	}{
		"400":          {fault: harness.JSON(400, `{"statusCode":400,"error":"BadRequest","message":"s3cret"}`), reason: provider.Invalid},
		"422":          {fault: harness.JSON(422, `{"statusCode":422,"error":"ValidationFailure","message":[{"message":"s3cret"}]}`), reason: provider.Invalid},
		"403":          {fault: harness.JSON(403, `{"statusCode":403,"error":"PermissionDenied","message":"s3cret"}`), reason: provider.Forbidden},
		"429":          {fault: harness.Throttled(42*time.Second, `{"statusCode":429,"error":"RateLimitExceeded","message":"x"}`), reason: provider.RateLimited, after: 42 * time.Second},
		"429 of a CDN": {fault: harness.HTML(429), reason: provider.RateLimited},
		"503":          {fault: harness.Fault{Kind: harness.Answer, Status: 503, Header: map[string]string{"Retry-After": "7"}}, reason: provider.Unavailable, after: 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f.Faults.Add(test.fault.On(infisical.RouteList).For(1))
			_, err := c.Revalidate(t.Context(), root, nil, false)
			requireReason(t, test.reason, err)
			require.Equal(t, test.after, provider.RetryAfterOf(err))
			require.ErrorContains(t, err, "HTTP "+name[:3])
		})
	}
	f.counts(1, 6, 0)
}

func TestRateLimitOfTheCloud(t *testing.T) {
	f := start(t)
	f.Change(func(b *infisical.Behaviour) { b.RateLimits = &infisical.RateLimits{Read: 10, Write: 10, Secret: 1} })
	c := f.connect()
	_, err := c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	_, err = c.Revalidate(t.Context(), root, nil, false)
	requireReason(t, provider.RateLimited, err)
	require.Positive(t, provider.RetryAfterOf(err))
}

func TestDeadlineReachesTheSocket(t *testing.T) {
	for name, fault := range map[string]harness.Fault{
		"hanging":  {Kind: harness.Hang},
		"trickle":  {Kind: harness.Trickle, Interval: time.Hour},
		"no login": {Kind: harness.Hang, Route: infisical.RouteLogin},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			c := f.connect()
			if fault.Route == "" {
				fault.Route = infisical.RouteList
			}
			f.Faults.Add(fault)
			_, err := c.Revalidate(soon(t), root, nil, false)
			requireReason(t, provider.Unavailable, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

func TestServerThatIsGoneAndComesBack(t *testing.T) {
	f := start(t)
	c := f.connect()
	require.NoError(t, c.Check(t.Context()))
	f.Server.Stop()
	_, err := c.Revalidate(t.Context(), root, nil, false)
	requireReason(t, provider.Unavailable, err)
	require.NoError(t, f.Restart())
	_, err = c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	f.counts(1, 1, 0)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, "0": 0, "42": 42 * time.Second, "999999999": time.Hour,
		now.Add(time.Minute).Format(http.TimeFormat):     time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat):    0,
		now.Add(100 * time.Hour).Format(http.TimeFormat): time.Hour,
	} {
		require.Equal(t, want, wire.RetryAfter(http.Header{"Retry-After": {header}}, now), header)
	}
}
