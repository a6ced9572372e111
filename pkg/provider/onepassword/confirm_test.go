package onepassword_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// Only Connect's own word that there is no such item makes a key gone.
func TestConfirm(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour connect.Behaviour
		change    func(*connect.Server)
		gone      bool
		asked     int
	}{
		"nothing happened": {change: func(*connect.Server) {}, asked: 1},
		"deleted":          {change: func(sim *connect.Server) { sim.DeleteItem("pitower", "app") }, gone: true, asked: 1},
		"renamed":          {change: func(sim *connect.Server) { sim.RenameItem("pitower", "app", "other") }, asked: 1},
		"archived":         {behaviour: connect.Behaviour{ListArchived: true}, change: func(sim *connect.Server) { sim.ArchiveItem("pitower", "app") }, asked: 1},
		"vault deleted":    {change: func(sim *connect.Server) { sim.DeleteVault("pitower") }, asked: 1},
		"token revoked":    {change: func(sim *connect.Server) { sim.RevokeToken(connect.DefaultToken) }, asked: 1},
		"forbidden":        {change: fault(harness.JSON(403, `{"status":403,"message":"item not found"}`)), asked: 3},
		"forbidden once": {change: func(sim *connect.Server) {
			sim.DeleteItem("pitower", "app")
			fault(harness.JSON(403, `{"status":403,"message":"no"}`).For(1))(sim)
		}, gone: true, asked: 2},
		"404 of a proxy":        {change: fault(harness.HTML(404)), asked: 1},
		"404 without a status":  {change: fault(harness.JSON(404, `{"message":"item x not found"}`)), asked: 1},
		"404 of another level":  {change: fault(harness.JSON(404, `{"status":404,"message":"vault x not found"}`)), asked: 1},
		"404 that says nothing": {change: fault(harness.JSON(404, `{"status":404,"message":"Not Found"}`)), asked: 1},
		"410":                   {change: fault(harness.JSON(410, `{"status":410,"message":"item x not found"}`)), asked: 1},
		"500 with the words":    {change: fault(harness.JSON(500, `{"status":500,"message":"item x not found"}`)), asked: 1},
		"500 that claims a 404": {change: fault(harness.JSON(500, `{"status":404,"message":"item x not found"}`)), asked: 1},
		"200 with the words":    {change: fault(harness.JSON(200, `{"status":404,"message":"item x not found"}`)), asked: 1},
		"200 of null":           {change: fault(harness.JSON(200, `null`)), asked: 1},
		"200 of nothing":        {change: fault(harness.JSON(200, ``)), asked: 1},
		// net/http tries a connection once more that was idle before.
		"connection reset": {change: fault(harness.Fault{Kind: harness.Reset}), asked: 2},
	} {
		t.Run(name, func(t *testing.T) {
			sim, _ := one(t, c.behaviour)
			s := seen(t, sim, "pitower")
			last, err := s.answer(t, key("app", ""))
			require.NoError(t, err)
			c.change(sim)
			sim.Requests.Reset()
			err = s.Confirm(soon(t), key("app", ""), &last)
			require.Equal(t, c.gone, err == nil, err)
			requests(t, sim, map[string]int{item: c.asked})
		})
	}
}

func fault(f harness.Fault) func(*connect.Server) {
	return func(sim *connect.Server) { sim.Faults.Add(f) }
}

func TestConfirmNeedsEvidence(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := seen(t, sim, "pitower")
	sim.Requests.Reset()
	require.Error(t, s.Confirm(t.Context(), key("app", ""), nil))
	require.Error(t, s.Confirm(t.Context(), key("app", ""), &provider.Answer{}))
	require.Error(t, s.Confirm(t.Context(), provider.FindNeed("app", "", nil), &provider.Answer{ID: "a/b"}))
	requests(t, sim, map[string]int{})
}

// An item that moved within the store's vaults is found by its title again, and only its old id is gone.
func TestMovedItem(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	sim.AddVault("second")
	s := seen(t, sim, "pitower", "second")
	sim.MoveItem("pitower", "app", "second")
	s.poll(t, false)
	require.Equal(t, "one", s.password(t))
}

// While Connect has not caught up, a deleted item is neither absent nor gone.
func TestConfirmWhileConnectLags(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := seen(t, sim, "pitower")
	last, err := s.answer(t, key("app", ""))
	require.NoError(t, err)
	sim.Change(func(b *connect.Behaviour) { b.Lag = connect.UntilSync })
	sim.DeleteItem("pitower", "app")
	s.poll(t, true)
	require.Equal(t, "one", s.password(t))
	require.Error(t, s.Confirm(t.Context(), key("app", ""), &last))

	sim.Sync()
	s.poll(t, false)
	_, err = s.answer(t, key("app", ""))
	requireReason(t, provider.NotFound, err)
	require.NoError(t, s.Confirm(t.Context(), key("app", ""), &last))
}
