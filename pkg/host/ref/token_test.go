package ref

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

const tokenCanary = "t0ken"

var (
	robot    = host.Object{Kind: host.KindServiceAccount, Namespace: "team", Name: "robot"}
	robotRef = provider.Reference{
		Purpose: "account", ServiceAccount: true, Name: "robot", Audiences: []string{"https://vault"}, Field: "provider.p.serviceAccountRef",
	}
)

// accountOf is the Material of a reference to a service account for a store of a namespace.
func accountOf(t *testing.T, r *Reader, namespace string, reference provider.Reference) (value.Value, error) {
	t.Helper()
	material, err := r.Material(t.Context(), namespace, []provider.Reference{reference})
	return material[reference.Purpose], err
}

func TestMaterialOfAServiceAccountSaysWhoItIs(t *testing.T) {
	f := newFakeHost()
	f.put(robot, "uid", "u-1")
	r, _ := newReader(f)
	first, err := accountOf(t, r, "team", robotRef)
	require.NoError(t, err)
	for range 5 {
		_, err := r.Token(t.Context(), first)
		require.NoError(t, err)
		again, err := accountOf(t, r, "team", robotRef)
		require.NoError(t, err)
		require.True(t, first.Equal(again), "a token is no part of it")
	}
	require.Equal(t, 1, f.count(robot), "a steady host is read once")

	other := robotRef
	other.Audiences = []string{"https://elsewhere"}
	elsewhere, err := accountOf(t, r, "team", other)
	require.NoError(t, err)
	require.False(t, first.Equal(elsewhere), "another audience is another credential")

	f.put(robot, "uid", "u-2")
	recreated, err := accountOf(t, r, "team", robotRef)
	require.NoError(t, err)
	require.False(t, first.Equal(recreated), "another service account of the name is another credential")
	f.drop(robot)
	_, err = accountOf(t, r, "team", robotRef)
	require.EqualError(t, err, "ServiceAccount team/robot does not exist")
	require.Equal(t, provider.Invalid, provider.ReasonOf(err))
}

func TestServiceAccountsFollowTheRuleOfNamespaces(t *testing.T) {
	f := newFakeHost()
	f.put(robot, "uid", "u-1")
	f.put(host.Object{Kind: host.KindServiceAccount, Namespace: "else", Name: "robot"}, "uid", "u-2")
	r, _ := newReader(f)
	in := func(namespace string) provider.Reference {
		reference := robotRef
		reference.Namespace = namespace
		return reference
	}
	for name, test := range map[string]struct {
		store     string
		reference provider.Reference
		problem   string
	}{
		"own namespace":             {store: "team", reference: in("")},
		"own namespace by name":     {store: "team", reference: in("team")},
		"another one":               {store: "team", reference: in("else"), problem: "reads its own namespace team alone"},
		"cluster":                   {store: "", reference: in("else")},
		"cluster without namespace": {store: "", reference: in(""), problem: "must name the namespace of the ServiceAccount"},
		"no audience":               {store: "team", reference: provider.Reference{ServiceAccount: true, Name: "robot"}, problem: "names no audience"},
		"no name":                   {store: "team", reference: provider.Reference{ServiceAccount: true, Audiences: []string{"a"}}, problem: "names no ServiceAccount"},
		"a way elsewhere": {store: "team", reference: provider.Reference{ServiceAccount: true, Name: "..", Audiences: []string{"a"}},
			problem: "is not a name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := accountOf(t, r, test.store, test.reference)
			if test.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.problem)
		})
	}
	require.Equal(t, []host.Object{robot}, Dependencies("team", []provider.Reference{robotRef}))
}

func TestToken(t *testing.T) {
	f := newFakeHost()
	f.put(robot, "uid", "u-1")
	r, _ := newReader(f)
	account, err := accountOf(t, r, "team", robotRef)
	require.NoError(t, err)
	require.Empty(t, f.tokens, "who logs in is known without a token")
	token, err := r.Token(t.Context(), account)
	require.NoError(t, err)
	require.Equal(t, "t0ken[https://vault]", string(token.Bytes()))
	require.Len(t, f.tokens, 1)
	require.Equal(t, "team/robot/u-1", f.tokens[0].Namespace+"/"+f.tokens[0].Name+"/"+string(f.tokens[0].UID))

	for _, forged := range []string{"", "null", "{}", "text"} {
		_, err := r.Token(t.Context(), value.FromString(forged))
		require.Equal(t, provider.Invalid, provider.ReasonOf(err))
	}
	require.Len(t, f.tokens, 1)
	require.Equal(t, []provider.Reason{""}, f.counted)
}

// TestTokensForTheHostItselfAreNotHandedOut: what the host accepts it alone knows, whatever the audience is called.
func TestTokensForTheHostItselfAreNotHandedOut(t *testing.T) {
	f := newFakeHost()
	f.put(robot, "uid", "u-1")
	f.audiences = []string{"https://vault"}
	r, _ := newReader(f)
	account, err := accountOf(t, r, "team", robotRef)
	require.NoError(t, err)
	token, err := r.Token(t.Context(), account)
	require.Zero(t, token.Len())
	require.Equal(t, provider.Invalid, provider.ReasonOf(err))
	require.ErrorContains(t, err, `the cluster itself accepts tokens of ServiceAccount team/robot for ["https://vault"]`)
	require.NotContains(t, err.Error(), tokenCanary)
	require.Equal(t, []provider.Reason{provider.Invalid}, f.counted)
}

func TestTokensThatTheHostDoesNotIssue(t *testing.T) {
	resource := corev1.Resource("serviceaccounts")
	for name, test := range map[string]struct {
		err    error
		reason provider.Reason
	}{
		"forbidden": {apierrors.NewForbidden(resource, "robot", nil), provider.Invalid},
		"gone":      {apierrors.NewNotFound(resource, "robot"), provider.Invalid},
		"replaced":  {apierrors.NewConflict(resource, "robot", nil), provider.Unavailable},
		"throttled": {apierrors.NewTooManyRequests("", 1), provider.Unavailable},
		"away":      {errors.New("no answer"), provider.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeHost()
			f.put(robot, "uid", "u-1")
			f.noToken = test.err
			r, _ := newReader(f)
			account, err := accountOf(t, r, "team", robotRef)
			require.NoError(t, err)
			token, err := r.Token(t.Context(), account)
			require.Equal(t, test.reason, provider.ReasonOf(err))
			require.Zero(t, token.Len())
			require.Equal(t, []provider.Reason{test.reason}, f.counted)
		})
	}
}

func TestFewTokensAreRequestedAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost()
		f.put(robot, "uid", "u-1")
		r, _ := newReader(f)
		account, err := accountOf(t, r, "team", robotRef)
		require.NoError(t, err)

		var now, most atomic.Int64
		gate := make(chan struct{})
		f.set(func(f *fakeHost) {
			f.block = func(ctx context.Context) error {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				select {
				case <-gate:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
		var running sync.WaitGroup
		for range 20 {
			running.Go(func() {
				_, err := r.Token(t.Context(), account)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		close(gate)
		running.Wait()
		require.EqualValues(t, maxTokenRequests, most.Load())
	})
}
