package app

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A flag that two sections have is that of whichever comes first, which is another one at each start.
func TestEachFlagIsInOneSection(t *testing.T) {
	lines := map[string]int{}
	for line := range strings.Lines(NewCommand(t.Context()).UsageString()) {
		if name := strings.TrimLeft(strings.TrimPrefix(strings.TrimSpace(line), "-v, "), " "); strings.HasPrefix(name, "--") {
			flag, _, _ := strings.Cut(name, " ")
			lines[flag]++
		}
	}
	require.Greater(t, len(lines), 50)
	for flag, count := range lines {
		require.Equal(t, 1, count, "%s", flag)
	}
}
