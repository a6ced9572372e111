package externalsecret

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

func items(from, to int) []string {
	var keys []string
	for i := from; i < to; i++ {
		keys = append(keys, fmt.Sprint("item-", i))
	}
	return keys
}

// A dry run has fifty items fetched at most, whole keys alone, and says which keys it has not looked at.
func TestDryRunFetchesFew(t *testing.T) {
	withVault(t, 200, source.Config{}, func(t *testing.T, v *vault) {
		ctx, _ := asUser(t.Context(), "alice")
		dryRun := func(es *v1.ExternalSecret) *v1.LiveStatus {
			live := v.live.dryRun(ctx, es)
			synctest.Wait()
			return live
		}
		require.Equal(t, v1.LiveVirtual, dryRun(secretOf(items(0, 50)...)).State)
		_, loads := v.counts()
		require.Equal(t, 50, loads)

		// What is held costs nothing.
		require.Equal(t, v1.LiveVirtual, dryRun(secretOf(items(0, 100)...)).State)
		_, loads = v.counts()
		require.Equal(t, 100, loads)

		live := dryRun(secretOf(items(90, 160)...))
		require.Equal(t, v1.LiveUnknown, live.State)
		require.Contains(t, live.Message, "no more than 50 items are for one dry run")
		_, loads = v.counts()
		require.Equal(t, 150, loads)

		time.Sleep(time.Millisecond)
		// Of a key that needs more none is fetched.
		find := secretOf()
		find.Spec.DataFrom = []v1.ExternalSecretDataFrom{{Find: &v1.Find{Name: &v1.FindName{RegExp: ptr.To(".*")}}}}
		v.set(func() {
			for i := range 51 {
				v.items[fmt.Sprint("more-", i)] = true
			}
		})
		ctx, _ = asUser(t.Context(), "alice")
		require.Equal(t, v1.LiveUnknown, dryRun(find).State)
		_, loads = v.counts()
		require.Equal(t, 150, loads)

		// A live read of a stored object is not bounded so.
		require.Equal(t, v1.LiveVirtual, v.live.get(ctx, secretOf(items(100, 200)...)).State)
	})
}

func TestWarningsAreFewAndQuick(t *testing.T) {
	t.Run("of a new object, from a provider that hangs", func(t *testing.T) {
		withVault(t, 1, source.Config{}, func(t *testing.T, v *vault) {
			v.set(func() { v.hangs = true })
			ctx, warned := asUser(t.Context(), "alice")
			began := time.Now()
			v.live.warn(ctx, secretOf("absent"), true)
			require.Equal(t, 2*time.Second, time.Since(began))
			require.Empty(t, *warned)
		})
	})
	t.Run("of an update, from what is held", func(t *testing.T) {
		withVault(t, 1, source.Config{}, func(t *testing.T, v *vault) {
			ctx, warned := asUser(t.Context(), "alice")
			v.live.warn(ctx, secretOf("absent"), false)
			require.Empty(t, *warned, "nothing is held")
			v.live.get(ctx, secretOf("item-0"))
			v.live.warn(ctx, secretOf("absent"), false)
			require.Len(t, *warned, 1)
			require.Contains(t, (*warned)[0], `key "absent"`)
			revalidations, _ := v.counts()
			require.Equal(t, 1, revalidations, "the read's")
		})
	})
	t.Run("of many keys", func(t *testing.T) {
		withVault(t, 1, source.Config{}, func(t *testing.T, v *vault) {
			ctx, warned := asUser(t.Context(), "alice")
			v.live.warn(ctx, secretOf("a", "b", "c", "d", "e", "f", "g"), true)
			require.Len(t, *warned, mostWarnings)
			revalidations, _ := v.counts()
			require.Equal(t, 1, revalidations, "a picture as young as the request is not asked for again")
		})
	})
	t.Run("of a namespace in which nothing is written", func(t *testing.T) {
		withVault(t, 1, source.Config{}, func(t *testing.T, v *vault) {
			v.live.Covers = func(namespace string) error { return &host.Outside{Namespace: namespace} }
			ctx, warned := asUser(t.Context(), "alice")
			es := secretOf("item-0")
			es.Spec.Target.CreationPolicy = ptr.To(v1.CreationOwner)
			v.live.warn(ctx, es, true)
			require.Len(t, *warned, 1)
			require.Contains(t, (*warned)[0], "no Secret is written: namespace team is not one of --watch-namespaces")
			es.Spec.Target.CreationPolicy = ptr.To(v1.CreationNone)
			v.live.warn(ctx, es, true)
			require.Len(t, *warned, 1, "none is wanted")
		})
	})
	t.Run("none while a provider does not answer", func(t *testing.T) {
		withVault(t, 1, source.Config{}, func(t *testing.T, v *vault) {
			ctx, _ := asUser(t.Context(), "alice")
			v.live.get(ctx, secretOf("item-0"))
			v.set(func() { v.hangs = true })
			time.Sleep(10 * time.Second)
			ctx, warned := asUser(t.Context(), "alice")
			v.live.get(ctx, secretOf("item-0"))
			asked, _ := v.counts()
			began := time.Now()
			for _, created := range []bool{true, false} {
				v.live.warn(ctx, secretOf("absent"), created)
			}
			require.Empty(t, *warned)
			require.Equal(t, began, time.Now())
			after, _ := v.counts()
			require.Equal(t, asked, after)
		})
	})
	t.Run("none from an old picture where the budget is used up", func(t *testing.T) {
		tight := source.Config{Rates: map[string]int{"vault.example.com": 4}}
		withVault(t, 1, tight, func(t *testing.T, v *vault) {
			ctx, warned := asUser(t.Context(), "alice")
			v.live.warn(ctx, secretOf("absent"), true)
			require.Len(t, *warned, 1)
			time.Sleep(10 * time.Second)
			v.set(func() { v.items["absent"] = true })
			ctx, warned = asUser(t.Context(), "alice")
			v.live.warn(ctx, secretOf("absent"), true)
			require.Empty(t, *warned, "it may have come since, and has")
		})
	})
}

// The user of the request pays: what one has used up others still have.
func TestTheUserOfARequestPays(t *testing.T) {
	tight := source.Config{Rates: map[string]int{"vault.example.com": 40}}
	withVault(t, 1, tight, func(t *testing.T, v *vault) {
		es := secretOf("item-0")
		fresh := func(user string) bool {
			time.Sleep(time.Millisecond)
			ctx, _ := asUser(t.Context(), user)
			live := v.live.get(ctx, es)
			require.Equal(t, v1.LiveVirtual, live.State, live.Message)
			return live.ObservedTime == nil
		}
		for fresh("greedy") {
			continue
		}
		revalidations, _ := v.counts()
		require.LessOrEqual(t, revalidations, 5)
		require.True(t, fresh("modest"))
		list := &v1.ExternalSecretList{Items: []v1.ExternalSecret{*es}}
		time.Sleep(6 * time.Second)
		ctx, _ := asUser(t.Context(), "greedy")
		require.NotNil(t, v.live.list(ctx, list).Items[0].Status.Live)
	})
}
