package pattern

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompile(t *testing.T) {
	p, err := Compile(`^db-(.*)$`)
	require.NoError(t, err)
	require.Equal(t, "x", p.ReplaceAllString("db-x", "$1"))
	require.Positive(t, p.Cost(0))
	require.Greater(t, p.Cost(1000), p.Cost(10))
}

func TestCompileErrors(t *testing.T) {
	for name, tc := range map[string]struct{ expr, want string }{
		"does not parse":  {"canary(", "does not parse: missing closing )"},
		"too long":        {strings.Repeat("a", MaxSource+1), "longer than 10000 bytes"},
		"repeats":         {strings.Repeat("x{1000}", 11), "repeats too much"},
		"nested repeats":  {"(((canary{10}){10}){10}){10}", "does not parse: invalid repeat count"},
		"repeats of long": {"(" + strings.Repeat("canary", 100) + "){1000}", "repeats too much"},
		"open repeats":    {strings.Repeat("x{1000,}", 11), "repeats too much"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(tc.expr)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

// TestCostOfAll counts what finding all matches takes.
func TestCostOfAll(t *testing.T) {
	const most = 1_000_000
	xs := strings.Repeat("x", 10_000)
	for name, tc := range map[string]struct {
		expr, text string
		low, high  int64
	}{
		"linear":                     {`x`, xs, 10_000, 100_000},
		"greedy":                     {`x*`, xs, 10_000, 100_000},
		"nothing":                    {`y`, xs, 10_000, 100_000},
		"empty":                      {``, xs, 10_000, 100_000},
		"looks ahead":                {`x*y|x`, xs, 0, 0},
		"looks ahead lazily":         {`x*?y|x`, xs, 0, 0},
		"looks back":                 {`\bx`, strings.Repeat("x ", 5000), 10_000, 300_000},
		"looks back and ahead":       {`\bx.*y|x`, strings.Repeat("x ", 5000), 0, 0},
		"once from the beginning":    {`^x.*y|x$`, xs, 10_000, 300_000},
		"lines":                      {`(?m)^`, strings.Repeat("x\n", 5000), 10_000, 300_000},
		"longer than what is spent":  {`x{500}`, strings.Repeat("x", most), 0, 0},
		"many, and not looked ahead": {`[a-z]+`, strings.Repeat("word ", 5000), 10_000, 300_000},
		"bytes that are no text":     {`x*`, strings.Repeat("\xff", 1000), 1000, 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Compile(tc.expr)
			require.NoError(t, err)
			cost, ok := p.CostOfAll(tc.text, most)
			require.Equal(t, tc.high > 0, ok)
			require.GreaterOrEqual(t, cost, tc.low)
			require.LessOrEqual(t, cost, tc.high)
		})
	}
}

// TestClassesCount compiles classes of characters, which are one instruction and large.
func TestClassesCount(t *testing.T) {
	_, err := Compile(`^[\pL\pN]{1,99}$`)
	require.NoError(t, err)
	_, err = Compile(strings.Repeat(`\pL`, 3000))
	require.ErrorContains(t, err, "repeats too much")
}
