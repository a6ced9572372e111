package semantics

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryFieldIsDescribed holds the tables against the schema: each field that holds a value has a row, and a row that
// names it has all of its values.
func TestEveryFieldIsDescribed(t *testing.T) {
	tables := document(t)
	for kind, fields := range kinds(t) {
		for _, field := range fields {
			rows := slices.DeleteFunc(slices.Clone(tables[kind]), func(r row) bool { return !r.describes(field.path) })
			if len(rows) == 0 {
				if field.leaf {
					t.Errorf("%s: no row describes %s", kind, field.path)
				}
				continue
			}
			for _, r := range rows {
				for _, value := range field.values {
					if r.exactly(field.path) && !slices.Contains(r.values, value) {
						t.Errorf("line %d: %s of %s has the value %q, which the row does not name", r.line, field.path, kind, value)
					}
				}
			}
		}
	}
}

// TestEveryRowIsOfTheSchema finds rows of fields that are no more.
func TestEveryRowIsOfTheSchema(t *testing.T) {
	schema := kinds(t)
	for kind, rows := range document(t) {
		for _, r := range rows {
			require.NotEmpty(t, r.fields, "line %d names no field", r.line)
			for _, name := range r.fields {
				known := slices.ContainsFunc(schema[kind], func(f schemaField) bool {
					return row{fields: []string{name}}.describes(f.path)
				})
				if !known {
					t.Errorf("line %d: %s has no field %s", r.line, kind, name)
				}
			}
		}
	}
}

// TestEveryRowIsProven looks for the tests that rows name as folder.Test.
func TestEveryRowIsProven(t *testing.T) {
	for _, rows := range document(t) {
		for _, r := range rows {
			if len(r.tests) == 0 {
				t.Errorf("line %d: no test proves it", r.line)
			}
			for _, name := range r.tests {
				if err := findTest(name); err != nil {
					t.Errorf("line %d: %v", r.line, err)
				}
			}
		}
	}
}

// namedTest is a test as the pages name it.
var namedTest = regexp.MustCompile("`((?:pkg|test|cmd|hack)[a-z0-9/]*\\.(?:Test|Fuzz)\\w+)`")

// TestEveryNamedTestExists looks for the tests that all pages name, the tables of other columns included.
func TestEveryNamedTestExists(t *testing.T) {
	seen := 0
	for _, page := range pages(t) {
		body, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, found := range namedTest.FindAllStringSubmatch(string(body), -1) {
			seen++
			if err := findTest(found[1]); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	require.Greater(t, seen, 100, "the pages name their tests")
}

// TestWhatIsMissing lets no row put off what users may ask for, but for what this server was never meant to do.
func TestWhatIsMissing(t *testing.T) {
	meant := []string{"generatorRef", "azureAuth", "gcpIdTokenAuth", "gcpIamAuth", "ociAuth", "awsAuth"}
	for _, rows := range document(t) {
		for _, r := range rows {
			if !strings.Contains(strings.ToLower(r.text), "not implemented") {
				continue
			}
			known := slices.ContainsFunc(meant, func(name string) bool { return strings.Contains(strings.Join(r.fields, " "), name) })
			require.True(t, known, "line %d is not implemented", r.line)
		}
	}
}

func findTest(name string) error {
	folder, test, ok := strings.Cut(name, ".")
	if !ok || !strings.HasPrefix(test, "Test") && !strings.HasPrefix(test, "Fuzz") {
		return fmt.Errorf("%q is not folder.Test", name)
	}
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.Contains(string(body), "\nfunc "+test+"(") {
			return nil
		}
	}
	return fmt.Errorf("there is no test %s in %s", test, folder)
}
