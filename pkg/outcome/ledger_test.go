package outcome

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// However many come and go, the Ledger holds nothing of them after a while.
func TestTheLedgerStaysSmall(t *testing.T) {
	l, now := NewLedger(), time.Now()
	for i := range 5000 {
		uid := types.UID(fmt.Sprint(i))
		l.Record(uid, Entry{ResourceVersion: "1"})
		l.observe(uid, v1.LiveInSync, reading{})
		l.forget(uid, now)
		l.forget(uid, now)
	}
	require.Empty(t, l.written)
	require.Empty(t, l.read)
	require.Len(t, l.gone, 5000)
	l.forget("last", now.Add(remembered+time.Second))
	require.Len(t, l.gone, 1)
	require.Len(t, l.departures, 1)
}
