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
