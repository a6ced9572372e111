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
	for _, c := range []*crowd{vault, folder} {
		t.Run(c.Name, func(t *testing.T) {
			j := newJournal(t)
			c.requests()
			began := time.Now()
			c.Provider.Set(0, item, "changed")
			touched := c.on(item)
			_, err := c.secrets.Wait(t.Context(), touched, func(fleet.Member) string { return "changed" })
			require.NoError(t, err)
			j.calm()

			requests := c.requests()
			// Polls come a little early, one may have been cut, and a thorough one makes two requests.
			polls := int(time.Since(began)/(pollInterval*9/10)) + 2
			require.LessOrEqual(t, total(requests), polls+3, requests)

			var secrets, statuses []string
			for _, m := range touched {
				secrets = append(secrets, keyOf("secrets", m))
				statuses = append(statuses, keyOf("externalsecrets", m))
			}
			host, own := j.written()
			var events int
			var others []string
			for _, key := range host {
				if strings.HasPrefix(key, "events/") {
					events++
				} else {
					others = append(others, key)
				}
			}
			require.ElementsMatch(t, secrets, others, "writes to the host")
			require.LessOrEqual(t, events, len(touched), "events")
			require.ElementsMatch(t, statuses, own, "writes to the server's etcd")
		})
	}
}
