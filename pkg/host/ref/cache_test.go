package ref

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
)

// What is not there takes up memory too: however many names are asked for, the cache stays within its bounds.
func TestTheCacheOfWhatIsMissingIsBounded(t *testing.T) {
	c := newCache(64 << 10)
	for i := range 5000 {
		object := host.Object{Kind: host.KindSecret, Namespace: "team", Name: fmt.Sprint("absent-", i)}
		f, _ := c.board(object)
		c.land(object, f, &entry{object: object, err: missing(object), until: time.Now()})
	}
	require.LessOrEqual(t, len(c.entries), 64<<10/entryBytes)
	require.LessOrEqual(t, c.bytes, 64<<10)
	require.Empty(t, c.flights)
	require.Equal(t, len(c.entries), c.order.Len())
}
