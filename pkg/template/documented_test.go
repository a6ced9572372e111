package template

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFunctionsAreDocumented holds the list in docs/semantics.md against the functions that there are, but for those that
// are Go's own.
func TestFunctionsAreDocumented(t *testing.T) {
	body, err := os.ReadFile("../../docs/semantics.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(body), "\n## Templates\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var documented []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "    ") {
			documented = append(documented, strings.Fields(line)...)
		}
	}
	ofGo := map[string]bool{"print": true, "printf": true, "println": true, "html": true, "js": true, "urlquery": true}
	var there []string
	for name := range functions() {
		if !ofGo[name] {
			there = append(there, name)
		}
	}
	require.ElementsMatch(t, there, documented)
}
