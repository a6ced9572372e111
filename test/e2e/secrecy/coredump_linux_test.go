package secrecy

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoCoreDumps looks at the limits of the server's process. pkg/coredump tests what no limit shows.
func TestNoCoreDumps(t *testing.T) {
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", env.Server.PID()))
	require.NoError(t, err)
	found := false
	for line := range strings.SplitSeq(string(limits), "\n") {
		if fields := strings.Join(strings.Fields(line), " "); strings.HasPrefix(fields, "Max core file size") {
			found = true
			require.Equal(t, "Max core file size 0 0 bytes", fields)
		}
	}
	require.True(t, found)
}
