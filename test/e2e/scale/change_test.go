package scale

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// What changes is read once and written to those that take it; nobody else is touched.
func TestOneItemChanges(t *testing.T) {
	const item = 7
	vault, folder := both(t)
	j := newJournal(t)
	began := time.Now()
	var secrets, statuses []string
	for _, c := range []*crowd{vault, folder} {
		c.requests()
		c.Provider.Set(0, item, "changed")
	}
	for _, c := range []*crowd{vault, folder} {
		touched := c.on(item)
		require.Len(t, touched, size.Secrets/items)
		_, err := c.secrets.Wait(t.Context(), touched, func(fleet.Member) string { return "changed" })
		require.NoError(t, err)
		for _, m := range touched {
			secrets = append(secrets, keyOf("secrets", m))
			statuses = append(statuses, keyOf("externalsecrets", m))
		}
	}
	host, own := j.settled()
	for _, c := range []*crowd{vault, folder} {
		requests := c.requests()
		// One poll may have been cut, and one that is thorough makes two requests.
		polls := pollsIn(time.Since(began)) + 2
		require.LessOrEqual(t, total(requests), polls+3, "%s: %v", c.Name, requests)
	}
	events, others := split(host, "events/")
	records, others := split(others, recordKey)
	require.LessOrEqual(t, len(records), len(statuses), "the record of the store")
	require.ElementsMatch(t, secrets, others, "writes to the host")
	require.LessOrEqual(t, len(events), len(secrets), "events")
	require.ElementsMatch(t, statuses, own, "writes to the server's etcd")
}

// split parts keys by whether they have a prefix.
func split(keys []string, prefix string) (with, without []string) {
	for _, key := range keys {
		if strings.HasPrefix(key, prefix) {
			with = append(with, key)
		} else {
			without = append(without, key)
		}
	}
	return with, without
}
