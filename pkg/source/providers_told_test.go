package source_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// A change at either provider names exactly the owners whose needs it touches.
func TestChangesAtBothProvidersTellWhomTheyTouch(t *testing.T) {
	op, inf, spec, folder, material := twoStores(t)
	for _, title := range []string{"first", "second"} {
		op.AddItem("pitower", connect.Item{Title: title, Tags: []string{title}, Fields: []connect.Field{
			{Label: "user", Value: "alice"}, {Label: "password", Value: "old"},
		}})
	}
	const project = "home-lab-iwi-y"
	inf.SetSecret(project, "prod", "/", "DB", `{"user":"alice","password":"old"}`)
	one := func(key, property string) []provider.Need {
		return []provider.Need{{Kind: provider.KindValue, Key: key, Property: property}}
	}
	for name, c := range map[string]struct {
		provider *v1.SecretStoreProvider
		owners   map[types.UID][]provider.Need
		changes  []func()
		told     [][]types.UID
	}{
		"1Password": {
			provider: spec,
			owners: map[types.UID][]provider.Need{
				"first": one("first", "password"), "second": one("second", "password"), "tagged": {provider.FindNeed("", "^pass", map[string]string{"second": ""})},
				"described": {{Kind: provider.KindMap, Key: "first", Metadata: true}}, "absent": one("absent", ""),
			},
			changes: []func(){
				func() { op.SetField("pitower", "second", "password", "new") },
				func() { op.AddItem("pitower", connect.Item{Title: "unrelated"}) },
				func() {
					op.AddItem("pitower", connect.Item{Title: "absent", Fields: []connect.Field{{Label: "password", Value: "here"}}})
				},
				func() { op.DeleteItem("pitower", "first") },
			},
			told: [][]types.UID{{"second", "tagged"}, nil, {"absent"}, {"described", "first"}},
		},
		"Infisical": {
			provider: folder,
			owners: map[types.UID][]provider.Need{
				"host": one("SMTP_HOST", ""), "user": one("DB", "user"), "matching": {provider.FindNeed("", "^SMTP_P", nil)}, "absent": one("ABSENT", ""),
			},
			changes: []func(){
				func() { inf.SetSecret(project, "prod", "/", "SMTP_PASSWORD", "new") },
				func() { inf.SetSecret(project, "prod", "/", "UNRELATED", "new") },
				func() { inf.SetSecret(project, "prod", "/", "ABSENT", "here") },
				func() { inf.DeleteSecret(project, "prod", "/", "SMTP_HOST") },
			},
			told: [][]types.UID{{"matching"}, nil, {"absent"}, {"host"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sources := source.New(source.Config{Providers: builtin.All(nil), PollInterval: time.Hour})
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = sources.Run(ctx)
			}()
			defer func() { stop(); <-ended }()
			var mu sync.Mutex
			told := map[types.UID]int{}
			sources.Subscribe(func(c source.Change) {
				mu.Lock()
				defer mu.Unlock()
				for _, owner := range c.Owners {
					told[owner]++
				}
			})
			src, err := sources.Get(source.Store{UID: "store", Kind: v1.SecretStoreKind, Namespace: "team", Name: "s", Provider: c.provider}, material)
			require.NoError(t, err)
			for owner, needs := range c.owners {
				src.Want(owner, "team", needs)
				src.Inputs(t.Context(), needs, time.Time{})
			}
			// One that every change touches tells when it was sifted.
			everything := []provider.Need{provider.FindNeed("", ".*", nil)}
			src.Want("everything", "team", everything)
			src.Inputs(t.Context(), everything, time.Now())
			for i, change := range c.changes {
				change()
				src.Inputs(t.Context(), everything, time.Now())
				require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return told["everything"] > 0 }, 10*time.Second, time.Millisecond)
				mu.Lock()
				delete(told, "everything")
				others := slices.Sorted(maps.Keys(told))
				clear(told)
				mu.Unlock()
				require.Equal(t, c.told[i], others, i)
				for _, needs := range c.owners {
					src.Inputs(t.Context(), needs, time.Time{})
				}
			}
		})
	}
}
