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

// From nothing to all Secrets over one vault costs the list of vaults, that of items, at most one more of these, and each item
// once, however long the ExternalSecrets take to come.
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
	op.Requests.Reset()
	for i := range items {
		f.add(of(fmt.Sprint("es-", i), fmt.Sprint("item-", i)), func(es *v1.ExternalSecret) { es.Spec.SecretStoreRef.Name = ptr.To("connect") })
		time.Sleep(time.Millisecond)
	}
	require.Eventually(t, func() bool { return f.host.count("create") == items }, 30*time.Second, 10*time.Millisecond)
	counts := op.Requests.Counts()
	require.Equal(t, items, counts[connect.RouteItem])
	delete(counts, connect.RouteItem)
	total := 0
	for _, n := range counts {
		total += n
	}
	require.LessOrEqual(t, total, 3, "%v", counts)
}
