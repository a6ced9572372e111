package template

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBombs renders templates that would eat the machine. Each has to end with the class of the bound that stopped it; one
// that nothing stops ends with the time limit of the test.
func TestBombs(t *testing.T) {
	for text, want := range map[string]Class{
		`{{ range 300000000 }}{{ end }}`:                                                                     TooManySteps,
		`{{ range 300000000 }}{{ continue }}{{ end }}`:                                                       TooManySteps,
		`{{ range until 90000 }}{{ range until 90000 }}{{ end }}{{ end }}`:                                   TooManySteps,
		`{{ range 300000000 }}{{ if eq 1 2 }}{{ end }}{{ end }}`:                                             TooManySteps,
		`{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}`:                                  TooDeep,
		`{{ template "t" . }}`:                                                                               TooDeep,
		`{{ define "x" }}{{ template "t" . }}{{ end }}{{ template "x" . }}`:                                  TooDeep,
		`{{ repeat 1000000000 "x" }}`:                                                                        TooLarge,
		`{{ repeat 9223372036854775807 "xx" }}`:                                                              TooLarge,
		`{{ range 100 }}{{ repeat 1000000 "x" }}{{ end }}`:                                                   TooLarge,
		`{{ until 1000000000 }}`:                                                                             TooLarge,
		`{{ untilStep 0 9223372036854775807 4611686018427387904 }}`:                                          TooLarge,
		`{{ untilStep 0 1000000000 1 }}`:                                                                     TooLarge,
		`{{ untilStep 0 -1000000000 -1 }}`:                                                                   TooLarge,
		`{{ seq 1000000000 }}`:                                                                               TooLarge,
		`{{ seq 0 -1000000000 }}`:                                                                            TooLarge,
		`{{ seq 0 1 1000000000 }}`:                                                                           TooLarge,
		`{{ randBytes 1000000000 }}`:                                                                         TooLarge,
		`{{ randAlphaNum 1000000000 }}`:                                                                      TooLarge,
		`{{ randAscii 1000000000 }}`:                                                                         TooLarge,
		`{{ indent 1000000000 "x" }}`:                                                                        TooLarge,
		`{{ nindent 100000 (repeat 100000 "\n") }}`:                                                          TooLarge,
		`{{ replace "" (repeat 100000 "x") (repeat 100000 "y") }}`:                                           TooLarge,
		`{{ join (repeat 100000 "x") (until 10000) }}`:                                                       TooLarge,
		`{{ wrapWith 1 (repeat 100000 "x") (repeat 100000 "y") }}`:                                           TooLarge,
		`{{ printf "%1000000000d" 1 }}`:                                                                      TooLarge,
		`{{ printf "%.1000000000f" 1.0 }}`:                                                                   TooLarge,
		`{{ printf "%*d" 1000000000 1 }}`:                                                                    TooLarge,
		`{{ printf (repeat 100000 "%[1]s") (repeat 100000 "x") }}`:                                           TooLarge,
		`{{ printf (repeat 100000 "%4096d") 1 }}`:                                                            TooLarge,
		`{{ splitList "" (repeat 1000000 "x") }}`:                                                            TooLarge,
		`{{ split "" (repeat 1000000 "x") }}`:                                                                TooLarge,
		`{{ regexReplaceAll "" (repeat 100000 "x") (repeat 100000 "y") }}`:                                   TooLarge,
		`{{ regexReplaceAll ".+" (repeat 100000 "x") (repeat 1000 "$0") }}`:                                  TooLarge,
		`{{ regexFindAll "" (repeat 1000000 "x") -1 }}`:                                                      TooLarge,
		`{{ regexMatch (repeat 9 "x{1000}") (repeat 1000000 "x") }}`:                                         TooManySteps,
		`{{ regexMatch (repeat 900 "x{1000}") "x" }}`:                                                        FunctionFailed,
		`{{ regexMatch "((x{30}){30}){30}" "x" }}`:                                                           FunctionFailed,
		`{{ uniq (until 90000) }}`:                                                                           TooManySteps,
		`{{ $x := "xxxxxxxx" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}`:                                TooLarge,
		`{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ $x }}`:                             TooLarge,
		`{{ $x := list }}{{ range 60 }}{{ $x = list $x }}{{ end }}{{ range 60 }}{{ $x = list $x }}{{ end }}`: TooDeep,
		`{{ $x := list 1 }}{{ range 90000 }}{{ $x = append $x 1 }}{{ end }}`:                                 TooManySteps,
		`{{ $d := dict }}{{ $_ := set $d "x" $d }}{{ $d }}`:                                                  TooDeep,
		`{{ $a := dict }}{{ $b := dict "a" $a }}{{ $_ := set $a "b" $b }}{{ toJson $a }}`:                    TooDeep,
		`{{ $c := dict }}{{ $l := list $c $c $c $c $c $c $c $c $c $c }}{{ $_ := set $c "x" (repeat 1000000 "x") }}{{ $l }}`: TooLarge,
		`{{ fromJson (repeat 2000 "[") }}{{ fromJson (print (repeat 2000 "[") (repeat 2000 "]")) }}`:                        TooDeep,
		`{{ fromYaml (repeat 2000000 "x") }}`:             TooLarge,
		`{{ chunk 0 (list 1) }}`:                          FunctionFailed,
		`{{ (repeat 2000000 "x") }}`:                      TooLarge,
		`{{ . | toJson | len | repeat 100000000 | len }}`: ExecutionFailed,
	} {
		t.Run(text, func(t *testing.T) {
			_, err := execute(t, text, map[string]string{"a": canary})
			var failure *Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, want, failure.Class)
			require.NotContains(t, err.Error(), canary)
		})
	}
}

// TestYAMLAliases feeds the laughs of a billion to the parser of YAML.
func TestYAMLAliases(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		b.WriteString(strings.NewReplacer("N", string(rune('a'+i)), "M", string(rune('a'+i-1))).Replace(
			"N0: &N0 [*M0,*M0,*M0,*M0,*M0,*M0,*M0,*M0,*M0,*M0]\n"))
	}
	out, err := execute(t, `{{ (fromYaml .in).Error }}`, map[string]string{"in": b.String()})
	require.NoError(t, err)
	require.Equal(t, "not a YAML map", out)
}

// TestNestedSource gives the parser sources that could lead it deep.
func TestNestedSource(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses": "{{ " + strings.Repeat("(", 500_000) + "1" + strings.Repeat(")", 500_000) + " }}",
		"ifs":         strings.Repeat("{{if 1}}", 20_000) + strings.Repeat("{{end}}", 20_000),
		"long":        strings.Repeat("x", maxText+1),
		"open":        strings.Repeat("{{(", 9_000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, text, nil)
			require.ErrorContains(t, err, string(ParseFailed))
			require.Less(t, len(err.Error()), 400)
		})
	}
	// Deep, and within the bounds.
	out, err := execute(t, strings.Repeat("{{if 1}}", 4_000)+"x"+strings.Repeat("{{end}}", 4_000), nil)
	require.NoError(t, err)
	require.Equal(t, "x", out)
}

// TestNoGoroutineStays counts goroutines after renders that were stopped.
func TestNoGoroutineStays(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		_, err := execute(t, `{{ range 300000000 }}{{ end }}`, nil)
		require.Error(t, err)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

func TestContextStopsRender(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p, failure := compile(`{{ range 300000000 }}{{ end }}`)
	require.Nil(t, failure)
	_, failure = p.execute(NewBudget(ctx), nil, true)
	require.Equal(t, Canceled, failure.Class)
	require.ErrorIs(t, failure, context.Canceled)

	ctx, cancel = context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	_, failure = p.execute(NewBudget(ctx), nil, true)
	require.Equal(t, DeadlineExceeded, failure.Class)
	require.ErrorIs(t, failure, context.DeadlineExceeded)
}

// TestTimeStopsRender has used up its time before it begins.
func TestTimeStopsRender(t *testing.T) {
	p, failure := compile(`{{ range 10 }}{{ (now).Format "2006" }}{{ end }}`)
	require.Nil(t, failure)
	b := NewBudget(context.Background())
	b.deadline = time.Unix(0, 0)
	_, failure = p.execute(b, nil, true)
	require.Equal(t, DeadlineExceeded, failure.Class)
}

// TestBudgetIsShared renders twice from one budget that is enough for one.
func TestBudgetIsShared(t *testing.T) {
	p, failure := compile(`{{ range 40000 }}{{ end }}`)
	require.Nil(t, failure)
	b := NewBudget(context.Background())
	_, failure = p.execute(b, nil, true)
	require.Nil(t, failure)
	for range 5 {
		_, failure = p.execute(b, nil, true)
	}
	require.NotNil(t, failure)
	require.Equal(t, TooManySteps, failure.Class)
}

// TestLargeButHonest renders what a large configuration takes.
func TestLargeButHonest(t *testing.T) {
	data := map[string]string{"list": strings.Repeat("host.example.com,", 5000), "value": strings.Repeat("v", 500_000)}
	out, err := execute(t, `{{ range $i, $h := splitList "," .list }}{{ $i }}: {{ $h | upper | quote }}
{{ end }}`, data)
	require.NoError(t, err)
	require.Equal(t, 5001, strings.Count(out, "\n"))
	out, err = execute(t, `{{ .value | b64enc }}`, data)
	require.NoError(t, err)
	require.Len(t, out, 666_668)
}

// TestCostlyFunctions has too little left for functions that are slow by design.
func TestCostlyFunctions(t *testing.T) {
	for _, call := range []string{
		`bcrypt "x"`, `htpasswd "x" "y"`, `derivePassword 1 "long" "p" "u" "s"`, `genPrivateKey "rsa"`, `genPrivateKey "dsa"`,
		`genCA "x" 1`, `genSelfSignedCert "x" nil nil 1`, `genCAWithKey "x" 1 "y"`, `rsaDecrypt "None" "" "" ""`, `pkcs12key .archive`,
		`range 9999 }}{{ genPrivateKey "ecdsa" }}{{ end`,
	} {
		t.Run(call, func(t *testing.T) {
			p, failure := compile("{{ " + call + " }}")
			require.Nil(t, failure)
			b := NewBudget(context.Background())
			b.effort = 1
			_, failure = p.execute(b, map[string]string{"archive": fixture(t, "modern.p12")}, true)
			require.NotNil(t, failure)
			require.Equal(t, TooCostly, failure.Class)
		})
	}
}
