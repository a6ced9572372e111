package onepassword_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

const (
	vaults = connect.RouteVaults
	vault  = connect.RouteVault
	items  = connect.RouteItems
	item   = connect.RouteItem
	file   = connect.RouteFileContent
)

func one(t *testing.T, behaviour connect.Behaviour) (*connect.Server, connect.VaultHandle) {
	t.Helper()
	sim := start(t, behaviour)
	v := sim.AddVault("pitower")
	v.AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Concealed("password", "one")}})
	return sim, v
}

// password is what the vault's only item holds.
func (s *store) password(t *testing.T) string {
	t.Helper()
	got, err := s.answer(t, key("app", ""))
	require.NoError(t, err)
	return string(got.Value.Bytes())
}

func TestRequestsOfAVaultByTitle(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := newStore(dial(t, sim, "pitower"))
	requests(t, sim, map[string]int{})

	s.poll(t, false)
	requests(t, sim, map[string]int{vaults: 1, items: 1})
	require.Equal(t, "one", s.password(t))
	requests(t, sim, map[string]int{item: 1})

	before := s.pictures[provider.Scope{Name: "pitower"}]
	for range 3 {
		s.poll(t, false)
		require.Equal(t, "one", s.password(t))
	}
	requests(t, sim, map[string]int{vault: 3})
	require.Same(t, before, s.pictures[provider.Scope{Name: "pitower"}], "an unchanged vault is the same picture")

	sim.SetField("pitower", "app", "password", "two")
	s.poll(t, false)
	require.Equal(t, "two", s.password(t))
	requests(t, sim, map[string]int{vault: 1, items: 1, item: 1})

	s.poll(t, true)
	requests(t, sim, map[string]int{vaults: 1, items: 1})
}

func TestRequestsOfAVaultByID(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	s := newStore(dial(t, sim, v.ID))
	s.poll(t, false)
	requests(t, sim, map[string]int{vault: 1, items: 1})
	s.poll(t, false)
	requests(t, sim, map[string]int{vault: 1})
	s.poll(t, true)
	requests(t, sim, map[string]int{vault: 1, items: 1})
	require.Equal(t, "one", s.password(t))
}

func TestThoroughThatShowsTheSame(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := seen(t, sim, "pitower")
	before := s.pictures[provider.Scope{Name: "pitower"}]
	s.poll(t, true)
	require.Same(t, before, s.pictures[provider.Scope{Name: "pitower"}])
}

// Servers that tell no contentVersion, or 0, cost more requests and never hide a change.
func TestNoContentVersion(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour     connect.Behaviour
		first, steady map[string]int
	}{
		"rows of the list lack it": {connect.Behaviour{VaultRows: connect.RowsBrief},
			map[string]int{vaults: 1, vault: 1, items: 1}, map[string]int{vault: 1}},
		"rows of the list have 0": {connect.Behaviour{VaultRows: connect.RowsZero},
			map[string]int{vaults: 1, vault: 1, items: 1}, map[string]int{vault: 1}},
		"nothing has it": {connect.Behaviour{VaultRows: connect.RowsZero, OmitContentVersion: true},
			map[string]int{vaults: 1, vault: 1, items: 1}, map[string]int{vault: 1, items: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			sim, _ := one(t, c.behaviour)
			s := newStore(dial(t, sim, "pitower"))
			s.poll(t, false)
			requests(t, sim, c.first)
			require.Equal(t, "one", s.password(t))
			sim.Requests.Reset()

			before := s.pictures[provider.Scope{Name: "pitower"}]
			s.poll(t, false)
			requests(t, sim, c.steady)
			require.Same(t, before, s.pictures[provider.Scope{Name: "pitower"}])

			sim.SetField("pitower", "app", "password", "two")
			s.poll(t, false)
			require.Equal(t, "two", s.password(t))
		})
	}
}

func TestOnlyWhatChangedIsLoaded(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	v.AddItem(connect.Item{Title: "other", Fields: []connect.Field{connect.Text("password", "x")}})
	sim.AddFile("pitower", "other", "f", []byte("aaaa"))
	s := seen(t, sim, "pitower")
	other := key("other", "file/f")
	require.Equal(t, "one", s.password(t))
	_, err := s.answer(t, other)
	require.NoError(t, err)
	sim.Requests.Reset()

	sim.SetField("pitower", "app", "password", "two")
	s.poll(t, false)
	require.Equal(t, "two", s.password(t))
	_, err = s.answer(t, other)
	require.NoError(t, err)
	requests(t, sim, map[string]int{vault: 1, items: 1, item: 1})

	// The same id and the same length: only the item's version tells.
	sim.SetFile("pitower", "other", "f", []byte("bbbb"))
	s.poll(t, false)
	got, err := s.answer(t, other)
	require.NoError(t, err)
	require.Equal(t, "bbbb", string(got.Value.Bytes()))
	requests(t, sim, map[string]int{vault: 1, items: 1, item: 1, file: 1})
}

// The counter is read before the list: what changes in between is seen at the next call.
func TestChangeBetweenProbeAndList(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := newStore(dial(t, sim, "pitower"))
	gate := sim.Hold(items, 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.poll(t, false)
	}()
	require.NoError(t, gate.Wait(soon(t), 1))
	sim.SetField("pitower", "app", "password", "two")
	gate.Release()
	<-done
	require.Equal(t, "two", s.password(t))
	sim.Requests.Reset()
	s.poll(t, false)
	requests(t, sim, map[string]int{vault: 1, items: 1})
	s.poll(t, false)
	requests(t, sim, map[string]int{vault: 1})
}

func TestVaultThatIsNamedOtherwise(t *testing.T) {
	t.Run("in another case", func(t *testing.T) {
		sim, _ := one(t, connect.Behaviour{})
		require.Equal(t, "one", seen(t, sim, "PiTower").password(t))
	})
	t.Run("exact before another case", func(t *testing.T) {
		sim, _ := one(t, connect.Behaviour{})
		sim.AddVault("PITOWER")
		require.Equal(t, "one", seen(t, sim, "pitower").password(t))
		_, err := seen(t, sim, "pitoweR").answer(t, key("app", ""))
		require.Contains(t, requireReason(t, provider.Invalid, err).Message, "2 vaults have this title")
	})
	t.Run("by nobody", func(t *testing.T) {
		sim, _ := one(t, connect.Behaviour{})
		_, err := seen(t, sim, "nope").answer(t, key("app", ""))
		requireReason(t, provider.ScopeNotFound, err)
		requests(t, sim, map[string]int{vaults: 1})
	})
	t.Run("by a title that looks like an id", func(t *testing.T) {
		sim, _ := one(t, connect.Behaviour{})
		sim.RenameVault("pitower", likeAnI)
		s := seen(t, sim, likeAnI)
		require.Equal(t, "one", s.password(t))
		sim.Requests.Reset()
		s.poll(t, false)
		requests(t, sim, map[string]int{vault: 1})
	})
}

func TestVaultThatIsRenamedAndReplaced(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	s := seen(t, sim, "pitower")
	sim.Requests.Reset()

	sim.RenameVault("pitower", "old")
	s.poll(t, false)
	_, err := s.answer(t, key("app", ""))
	requireReason(t, provider.ScopeNotFound, err)
	requests(t, sim, map[string]int{vault: 1, vaults: 1})

	sim.AddVault("pitower").AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Text("password", "new vault")}})
	s.poll(t, false)
	require.Equal(t, "new vault", s.password(t))
	requests(t, sim, map[string]int{vaults: 1, items: 1, item: 1})

	// Deleted, and another one of the title made at once.
	sim.DeleteVault("pitower")
	sim.AddVault("pitower").AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Text("password", "third vault")}})
	s.poll(t, false)
	require.Equal(t, "third vault", s.password(t))

	sim.DeleteVault("pitower")
	s.poll(t, false)
	_, err = s.answer(t, key("app", ""))
	requireReason(t, provider.ScopeNotFound, err)
}

func TestVaultIsForbidden(t *testing.T) {
	sim, v := one(t, connect.Behaviour{})
	sim.AddVault("other")
	token := sim.AddToken(connect.Token{Vaults: []string{"other"}})
	for name, want := range map[string]struct {
		reason provider.Reason
		asked  map[string]int
	}{
		"pitower": {provider.ScopeNotFound, map[string]int{vaults: 1}},
		v.ID:      {provider.Forbidden, map[string]int{vault: 3, vaults: 1}},
	} {
		client := connectTo(t, sim.URL(), token, name)
		_, err := client.Revalidate(t.Context(), provider.Scope{Name: name}, nil, false)
		requireReason(t, want.reason, err)
		requests(t, sim, want.asked)
	}
}

// A list that a lagging replica gives takes back nothing.
func TestLaggingReplica(t *testing.T) {
	ahead, v := one(t, connect.Behaviour{})
	app := ahead.SetField("pitower", "app", "password", "two")
	s := seen(t, ahead, "pitower")
	require.Equal(t, "two", s.password(t))

	t.Run("by the vault's counter", func(t *testing.T) {
		ahead.Requests.Reset()
		lag(t, ahead, connect.RouteVault, `{"id":"`+v.ID+`","name":"pitower","contentVersion":2,"items":1}`)
		before := s.pictures[provider.Scope{Name: "pitower"}]
		s.poll(t, false)
		require.Same(t, before, s.pictures[provider.Scope{Name: "pitower"}])
		requests(t, ahead, map[string]int{vault: 1})
	})
	t.Run("by the item's version", func(t *testing.T) {
		lag(t, ahead, connect.RouteItems, `[{"id":"`+app.ID+`","title":"app","version":1,"vault":{"id":"`+v.ID+`"}}]`)
		s.poll(t, true)
		ahead.Requests.Reset()
		require.Equal(t, "two", s.password(t))
		requests(t, ahead, map[string]int{})
	})
	t.Run("an item older than its row is not taken", func(t *testing.T) {
		ahead.Change(func(b *connect.Behaviour) { b.StaleItems = true })
		ahead.SetField("pitower", "app", "password", "three")
		s.poll(t, false)
		ahead.Requests.Reset()
		_, err := s.answer(t, key("app", ""))
		requireReason(t, provider.Unavailable, err)
		requests(t, ahead, map[string]int{item: 1})
		ahead.Change(func(b *connect.Behaviour) { b.StaleItems = false })
		require.Equal(t, "three", s.password(t))
	})
	t.Run("an item newer than its row is taken", func(t *testing.T) {
		ahead.SetField("pitower", "app", "password", "four")
		s.poll(t, false)
		ahead.SetField("pitower", "app", "password", "five")
		got, err := s.answer(t, key("app", ""))
		require.NoError(t, err)
		require.Equal(t, "five", string(got.Value.Bytes()))
		require.Equal(t, "5", got.Version)
	})
}

func TestArchived(t *testing.T) {
	for name, listed := range map[string]bool{"listed as such": true, "not listed": false} {
		t.Run(name, func(t *testing.T) {
			sim, _ := one(t, connect.Behaviour{ListArchived: listed})
			s := seen(t, sim, "pitower")
			id := sim.Item("pitower", "app").ID
			sim.ArchiveItem("pitower", "app")
			s.poll(t, false)
			for _, name := range []string{"app", id} {
				_, err := s.answer(t, key(name, ""))
				require.Equal(t, listed, strings.HasSuffix(requireReason(t, provider.NotFound, err).Message, ": it is archived"))
			}
			found, err := s.answer(t, provider.FindNeed("app", "", nil))
			require.NoError(t, err)
			require.Empty(t, found.Map)
			keys, err := s.List(s)
			require.NoError(t, err)
			require.Empty(t, keys)

			sim.RestoreItem("pitower", "app")
			s.poll(t, false)
			require.Equal(t, "one", s.password(t))
		})
	}
}

func TestAnArchivedNamesakeIsNoDuplicate(t *testing.T) {
	sim, v := one(t, connect.Behaviour{ListArchived: true})
	old := v.AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Text("password", "old")}})
	sim.ArchiveItem("pitower", old.ID)
	require.Equal(t, "one", seen(t, sim, "pitower").password(t))
}
