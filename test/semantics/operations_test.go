package semantics

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
)

const troubleshooting = "docs/operations/troubleshooting.md"

// firstColumns reads what stands in backticks in the first column of the tables of a page, by the heading of that column.
func firstColumns(t *testing.T, page string) map[string][]string {
	t.Helper()
	body, err := os.ReadFile(root + "/" + page)
	require.NoError(t, err)
	columns := map[string][]string{}
	heading := ""
	for line := range strings.SplitSeq(string(body), "\n") {
		cell, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		switch {
		case !isRow || !strings.HasPrefix(line, "|"):
			if !strings.HasPrefix(line, "|---") {
				heading = ""
			}
		case heading == "":
			heading = cell
		default:
			columns[heading] = append(columns[heading], inQuotes(cell)...)
		}
	}
	return columns
}

// constants reads the texts of a Go file's constants whose names begin with one of the prefixes.
func constants(t *testing.T, path string, prefixes ...string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), root+"/"+path, nil, 0)
	require.NoError(t, err)
	var texts []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			isWanted := slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name.Name, prefix) })
			if !isWanted || i >= len(spec.Values) {
				continue
			}
			if literal, ok := spec.Values[i].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				texts = append(texts, text)
			}
		}
		return true
	})
	require.NotEmpty(t, texts, "%s has no constants %v", path, prefixes)
	return texts
}

// TestEveryReasonIsExplained holds the page for people in trouble against the words that conditions, events and live reads
// can have: each has a row, and no row is about another one.
func TestEveryReasonIsExplained(t *testing.T) {
	columns := firstColumns(t, troubleshooting)
	const reasons = "pkg/apis/externalsecrets/v1/reasons.go"
	events := append(constants(t, reasons, "Event"), constants(t, reasons, "ReasonStore", "ReasonInvalid")...)
	for heading, want := range map[string][]string{
		"Reason":  constants(t, reasons, "Reason"),
		"Event":   append(events, fence.EventReason),
		"State":   constants(t, "pkg/apis/externalsecrets/v1/live_types.go", "Live"),
		"Message": constants(t, "pkg/materializer/verdict.go", "message", "failed"),
	} {
		require.ElementsMatch(t, want, columns[heading], "the column %s of %s", heading, troubleshooting)
	}
	for _, reason := range constants(t, "pkg/provider/reason.go", "NotFound", "Scope", "Forbidden", "Un", "Rate", "Invalid") {
		require.Contains(t, columns["State"], reason, "a reason of providers is a state of live reads")
	}
}

// statusOfReason finds the rows of the table in which the secret subresource looks up the status of a failure.
var statusOfReason = regexp.MustCompile(`provider\.(\w+):\s+\{http\.Status(\w+),`)

// TestEveryStatusIsTold holds the column that says how the secret subresource answers against what it does.
func TestEveryStatusIsTold(t *testing.T) {
	codes := map[string]string{}
	for code := 400; code < 600; code++ {
		codes[strings.ReplaceAll(http.StatusText(code), " ", "")] = strconv.Itoa(code)
	}
	source, err := os.ReadFile(root + "/pkg/registry/externalsecret/errors.go")
	require.NoError(t, err)
	page, err := os.ReadFile(root + "/" + troubleshooting)
	require.NoError(t, err)
	found := statusOfReason.FindAllStringSubmatch(string(source), -1)
	require.Len(t, found, len(constants(t, "pkg/provider/reason.go", "NotFound", "Scope", "Forbidden", "Un", "Rate", "Invalid")))
	for _, row := range found {
		require.NotEmpty(t, codes[row[2]], row[2])
		require.Contains(t, string(page), "\n| `"+row[1]+"` | "+codes[row[2]]+" |")
	}
}
