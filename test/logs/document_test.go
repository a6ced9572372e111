package logs

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

const (
	root     = "../.."
	document = root + "/docs/operations/logs-and-traces.md"
)

var quoted = regexp.MustCompile("`([^`]*)`")

// table is the cells of a table of the document that begins with a heading.
func table(t *testing.T, heading string) [][]string {
	t.Helper()
	body, err := os.ReadFile(document)
	require.NoError(t, err)
	_, after, found := strings.Cut(string(body), "\n"+heading+"\n")
	require.True(t, found, "the document has no table %q", heading)
	var rows [][]string
	for line := range strings.SplitSeq(after, "\n") {
		switch {
		case strings.HasPrefix(line, "|---"):
		case strings.HasPrefix(line, "|"):
			rows = append(rows, strings.Split(strings.Trim(line, "|"), " | "))
		default:
			return rows
		}
	}
	return rows
}

func inQuotes(cell string) []string {
	var all []string
	for _, found := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, found[1])
	}
	return all
}

func TestTheDocumentHasEveryLine(t *testing.T) {
	var described []string
	keys := map[string]bool{}
	for _, row := range table(t, "| Message | Level | Keys | When |") {
		used := inQuotes(row[2])
		for _, key := range used {
			keys[key] = true
		}
		slices.Sort(used)
		described = append(described, strings.Join([]string{inQuotes(row[0])[0], strings.TrimSpace(row[1]), strings.Join(used, " ")}, " | "))
	}
	code := slices.Collect(maps.Values(logged(t)))
	slices.Sort(code)
	slices.Sort(described)
	require.Equal(t, slices.Compact(code), described)

	var explained []string
	for _, row := range table(t, "| Key | What it is |") {
		explained = append(explained, inQuotes(row[0])...)
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(keys)), explained)
}

func TestTheDocumentHasEverySpan(t *testing.T) {
	var spans, attributes []string
	for _, row := range table(t, "| Span | What it is | Attributes |") {
		spans = append(spans, inQuotes(row[0])...)
		attributes = append(attributes, inQuotes(row[2])...)
	}
	var names []string
	for _, name := range tracing.Names() {
		names = append(names, string(name))
	}
	require.ElementsMatch(t, names, spans)
	slices.Sort(attributes)
	require.ElementsMatch(t, tracing.Keys(), slices.Compact(attributes))
}
