package materializer

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

// From nothing to all Secrets over one vault costs the list of vaults, that of items, each item once, and the polls that fall
// into the time, however long the ExternalSecrets take to come.
func TestRequestsFromNothing(t *testing.T) {
	const items = 200
	op, _ := seed.HomeCluster().Servers(connect.Options{}, infisical.Options{})
	url := op.Start()
	t.Cleanup(op.Close)
	f := newFixture(t)
	f.provider = onepassword.New()
	f.host.token = "demo-connect-token"
	f.addStore(func(s *v1.SecretStore) {
		s.Name = "connect"
		s.Spec.Provider.OnePassword.ConnectHost, s.Spec.Provider.OnePassword.Vaults = url, map[string]int64{"pitower": 1}
	})
	for i := range items {
		op.AddItem("pitower", connect.Item{Title: fmt.Sprint("item-", i), Fields: []connect.Field{{Label: "password", Value: "value"}}})
	}
	f.start()
	defer func() { f.stop() }()
	require.Eventually(t, func() bool { return f.statusWrites("connect") > 0 }, time.Minute, time.Millisecond, "the store is checked first")
	op.Requests.Reset()
	began := time.Now()
	for i := range items {
		f.add(of(fmt.Sprint("es-", i), fmt.Sprint("item-", i)), func(es *v1.ExternalSecret) { es.Spec.SecretStoreRef.Name = ptr.To("connect") })
		// The fake's watch takes a hundred events at a time.
		require.Eventually(t, func() bool { return f.host.count("create") > i-20 }, time.Minute, time.Millisecond)
	}
	require.Eventually(t, func() bool { return f.host.count("create") == items }, time.Minute, 10*time.Millisecond)
	counts := op.Requests.Counts()
	require.Equal(t, items, counts[connect.RouteItem])
	require.LessOrEqual(t, counts[connect.RouteVaults], 1)
	require.Equal(t, 1, counts[connect.RouteItems])
	// A poll looks whether something changed, nine tenths of an interval after the last at the soonest.
	require.LessOrEqual(t, counts[connect.RouteVault], int(time.Since(began)*10/(poll*9)))
}
