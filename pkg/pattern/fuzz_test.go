package pattern

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

// FuzzCompile compiles any expression: the program of what is taken is as small as Cost supposes, it matches as Go's own
// does, and no error shows the expression.
func FuzzCompile(f *testing.F) {
	for _, expr := range []string{
		"", "^db-(.*)$", "(?i)[a-z]+|\\d{3}", "x{1000}", "(x{30}){30}", "(?P<n>a*)*", "(", "[^\\x00-\\x{10FFFF}]", "a{2,}", "\\pL",
		"(?:(?:(?:x?)?)?)?", "(|a)*", "[[:word:]]{0,9}", "\\Qa.b\\E", "(?s).", "((((((((((x{2}){2}){2}){2}){2}){2}){2}){2}){2}){2}",
	} {
		f.Add(expr, "db-x 123 xxx")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if _, err := Compile("canary-7f3a" + expr); err != nil && strings.Contains(err.Error(), "canary") {
			t.Fatalf("the error shows the expression: %v", err)
		}
		p, err := Compile(expr)
		if err != nil {
			return
		}
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatalf("an expression that does not parse was compiled: %v", err)
		}
		program, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		// A repetition, an alternative and a group take up to three instructions where one was counted.
		if n := int64(len(program.Inst)); n > 3*p.size+8 {
			t.Fatalf("%d instructions, where %d were counted", n, p.size)
		}
		if p.MatchString(text) != regexp.MustCompile(expr).MatchString(text) || p.Cost(len(text)) <= 0 {
			t.Fatalf("cost %d", p.Cost(len(text)))
		}
		const most = 1_000_000
		if cost, ok := p.CostOfAll(text, most); ok && (cost < p.Cost(len(text)) || cost > most) {
			t.Fatalf("%d steps of %d", cost, most)
		}
	})
}
