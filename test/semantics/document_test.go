package semantics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// row describes fields. Its fields may end in ".*", which stands for all below.
type row struct {
	line   int
	fields []string
	// values are what stands in backticks in the column of values.
	values []string
	text   string
	tests  []string
}

var quoted = regexp.MustCompile("`([^`]*)`")

// document reads the tables of docs/semantics.md that have the columns Field, Values, What it does and Test, by the
// headings that they stand below.
func document(t *testing.T) map[string][]row {
	t.Helper()
	body, err := os.ReadFile(root + "/docs/semantics.md")
	require.NoError(t, err)
	tables := map[string][]row{}
	var heading string
	var inside bool
	for i, line := range strings.Split(string(body), "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			heading, inside = strings.TrimPrefix(line, "## "), false
		case strings.HasPrefix(line, "| Field | Values |"):
			inside = true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "|---"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			require.Len(t, cells, 4, "line %d: a row has four columns", i+1)
			tables[heading] = append(tables[heading], row{
				line: i + 1, fields: inQuotes(cells[0]), values: inQuotes(cells[1]), text: cells[2], tests: inQuotes(cells[3]),
			})
		}
	}
	return tables
}

func inQuotes(cell string) []string {
	var all []string
	for _, found := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, found[1])
	}
	return all
}

// describes tells whether the row is about the field at path.
func (r row) describes(path string) bool {
	return r.exactly(path) || slices.ContainsFunc(r.fields, func(field string) bool {
		above, ok := strings.CutSuffix(field, "*")
		return ok && strings.HasPrefix(path, above)
	})
}

// exactly tells whether the row names the field itself, and not all below something.
func (r row) exactly(path string) bool { return slices.Contains(r.fields, path) }
