package onepassword_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// Only Connect's own word that there is no such item, and its absence from every list, make a key gone. What is known to be
// elsewhere is said to be. A token reaches a vault of the store, "pitower", and one that is not, "private".
func TestConfirm(t *testing.T) {
	asked := func(gets, listsOfVaults, lists int) map[string]int {
		counts := map[string]int{item: gets, vaults: listsOfVaults, items: lists}
		for route, n := range counts {
			if n == 0 {
				delete(counts, route)
			}
		}
		return counts
	}
	archive := func(sim *connect.Server) { sim.ArchiveItem("pitower", "app") }
	remove := func(sim *connect.Server) { sim.DeleteItem("pitower", "app") }
	addTo := func(vault string) func(*connect.Server) {
		return func(sim *connect.Server) {
			remove(sim)
			sim.AddItem(vault, connect.Item{Title: "app", Fields: []connect.Field{connect.Text("x", "y")}})
		}
	}
	for name, c := range map[string]struct {
		behaviour connect.Behaviour
		change    func(*connect.Server)
		gone      bool
		// says is what of an error users are to read: Reason Invalid.
		says  string
		asked map[string]int
	}{
		"deleted":                       {change: remove, gone: true, asked: asked(1, 1, 2)},
		"left out of the list":          {change: func(*connect.Server) {}, says: "still there", asked: asked(1, 0, 0)},
		"renamed":                       {change: func(sim *connect.Server) { sim.RenameItem("pitower", "app", "other") }, says: "was renamed", asked: asked(1, 0, 0)},
		"archived, listed and readable": {behaviour: connect.Behaviour{ListArchived: true, ReadArchived: true}, change: archive, says: "was archived", asked: asked(1, 0, 0)},
		"archived, readable":            {behaviour: connect.Behaviour{ReadArchived: true}, change: archive, says: "was archived", asked: asked(1, 0, 0)},
		"archived, listed":              {behaviour: connect.Behaviour{ListArchived: true}, change: archive, says: `listed in vault "pitower"`, asked: asked(1, 1, 1)},
		"archived and hidden, which looks like deleted": {change: archive, gone: true, asked: asked(1, 1, 2)},
		"moved to another vault":                        {change: func(sim *connect.Server) { sim.MoveItem("pitower", "app", "private") }, says: "the store does not name", asked: asked(1, 1, 2)},
		"made anew in another vault":                    {change: addTo("private"), says: "the store does not name", asked: asked(1, 1, 2)},
		"made anew in its own":                          {change: addTo("pitower"), says: `listed in vault "pitower"`, asked: asked(1, 1, 1)},
		"deleted, beside an archived one of its title": {behaviour: connect.Behaviour{ListArchived: true}, change: func(sim *connect.Server) {
			remove(sim)
			sim.AddItem("pitower", connect.Item{Title: "app"})
			archive(sim)
		}, gone: true, asked: asked(1, 1, 2)},
		"too many vaults to search": {change: func(sim *connect.Server) {
			remove(sim)
			for n := range 100 {
				sim.AddVault(fmt.Sprint(n))
			}
		}, says: "reaches 102 vaults", asked: asked(1, 1, 0)},
		"another vault that cannot be listed": {change: func(sim *connect.Server) {
			remove(sim)
			fault(harness.JSON(500, `{"status":500,"message":"x"}`).For(1).On(items))(sim)
		}, asked: asked(1, 1, 1)},
		"an empty list of a vault that counts items": {change: func(sim *connect.Server) {
			sim.AddItem("private", connect.Item{Title: "z"})
			remove(sim)
			fault(harness.JSON(200, `[]`).On(items))(sim)
		}, asked: asked(1, 1, 2)},
		"vaults that cannot be listed": {change: func(sim *connect.Server) {
			remove(sim)
			fault(harness.JSON(500, `{"status":500,"message":"x"}`).On(vaults))(sim)
		}, asked: asked(1, 1, 0)},
		"vault deleted": {change: func(sim *connect.Server) { sim.DeleteVault("pitower") }, asked: asked(1, 0, 0)},
		"vault renamed": {change: func(sim *connect.Server) { remove(sim); sim.RenameVault("pitower", "other") }, asked: asked(1, 1, 0)},
		"token revoked": {change: func(sim *connect.Server) { sim.RevokeToken(connect.DefaultToken) }, asked: asked(1, 0, 0)},
		"forbidden":     {change: fault(harness.JSON(403, `{"status":403,"message":"item not found"}`)), asked: asked(3, 0, 0)},
		"forbidden once": {change: func(sim *connect.Server) {
			remove(sim)
			fault(harness.JSON(403, `{"status":403,"message":"no"}`).For(1))(sim)
		}, gone: true, asked: asked(2, 1, 2)},

		"404 of a proxy":        {change: fault(harness.HTML(404)), asked: asked(1, 0, 0)},
		"404 without a status":  {change: fault(harness.JSON(404, `{"message":"item x not found"}`)), asked: asked(1, 0, 0)},
		"404 of another level":  {change: fault(harness.JSON(404, `{"status":404,"message":"vault x not found"}`)), asked: asked(1, 0, 0)},
		"404 that says nothing": {change: fault(harness.JSON(404, `{"status":404,"message":"Not Found"}`)), asked: asked(1, 0, 0)},
		"404 of a lagging replica, where lists have the item": {change: fault(harness.JSON(404, `{"status":404,"message":"item x not found"}`).On(item)), says: "listed", asked: asked(1, 1, 1)},
		"410":                   {change: fault(harness.JSON(410, `{"status":410,"message":"item x not found"}`)), asked: asked(1, 0, 0)},
		"500 with the words":    {change: fault(harness.JSON(500, `{"status":500,"message":"item x not found"}`)), asked: asked(1, 0, 0)},
		"500 that claims a 404": {change: fault(harness.JSON(500, `{"status":404,"message":"item x not found"}`)), asked: asked(1, 0, 0)},
		"200 with the words":    {change: fault(harness.JSON(200, `{"status":404,"message":"item x not found"}`)), asked: asked(1, 0, 0)},
		"200 of null":           {change: fault(harness.JSON(200, `null`)), asked: asked(1, 0, 0)},
		"200 of nothing":        {change: fault(harness.JSON(200, ``)), asked: asked(1, 0, 0)},
		// net/http tries a connection once more that was idle before.
		"connection reset": {change: fault(harness.Fault{Kind: harness.Reset}), asked: asked(2, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			sim, _ := one(t, c.behaviour)
			sim.AddVault("private")
			s := seen(t, sim, "pitower")
			last, err := s.answer(t, key("app", ""))
			require.NoError(t, err)
			c.change(sim)
			sim.Requests.Reset()
			err = s.Confirm(soon(t), key("app", ""), &last)
			require.Equal(t, c.gone, err == nil, err)
			requests(t, sim, c.asked)
			if c.gone {
				return
			}
			require.NotContains(t, err.Error(), "private", "the name of a vault that is not the store's")
			if c.says != "" {
				require.Contains(t, requireReason(t, provider.Invalid, err).Message, c.says)
			} else {
				require.NotEqual(t, provider.Invalid, provider.ReasonOf(err), err)
			}
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

// A key that is an item's id is looked for under its last title as well: an item that is moved gets a new id.
func TestConfirmOfAnID(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*connect.Server)
		gone   bool
	}{
		"deleted": {func(sim *connect.Server) { sim.DeleteItem("pitower", "with/slash") }, true},
		"moved":   {func(sim *connect.Server) { sim.MoveItem("pitower", "with/slash", "private") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			sim, v := one(t, connect.Behaviour{})
			sim.AddVault("private")
			id := v.AddItem(connect.Item{Title: "with/slash", Fields: []connect.Field{connect.Text("password", "x")}}).ID
			s := seen(t, sim, "pitower")
			last, err := s.answer(t, key(id, ""))
			require.NoError(t, err)
			c.change(sim)
			s.poll(t, false)
			_, err = s.answer(t, key(id, ""))
			requireReason(t, provider.NotFound, err)
			err = s.Confirm(soon(t), key(id, ""), &last)
			require.Equal(t, c.gone, err == nil, err)
		})
	}
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
