package template

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// TestSlowCalls renders single calls that would take minutes or gigabytes: what one call does cannot be interrupted, so that
// each has to be refused before it is made.
func TestSlowCalls(t *testing.T) {
	const november = "{{ $t := toDate `2006-01-02` `2020-11-11` }}"
	data := map[string]string{
		"long": strings.Repeat("x", 8<<20), "zeros": strings.Repeat("\x00", 8<<20), "leaves": strings.Repeat(fixture(t, "leaf.pem"), 5000),
		"aliases": "a: &a " + strings.Repeat("x", 20_000) + "\nb: [" + strings.Repeat("*a,", 10_000) + "]\n",
	}
	for name, tc := range map[string]struct {
		text string
		want Class
	}{
		"classes of characters":  {`{{ regexMatch "` + strings.Repeat(`\\pL`, 3000) + `" "" }}`, FunctionFailed},
		"a set to trim":          {`{{ trimAll (print (repeat 1000000 "y") "éx") (repeat 1000000 "x") }}`, TooManySteps},
		"long products":          {"{{ mulf" + strings.Repeat(" 1e308", 20_000) + " }}", TooManySteps},
		"long quotients":         {"{{ divf" + strings.Repeat(" 1e-300", 20_000) + " }}", TooManySteps},
		"long sums":              {"{{ addf" + strings.Repeat(" 1e-300 1e300", 20_000) + " }}", TooManySteps},
		"a long version":         {`{{ semver (print "1.2.3-" .long) }}`, TooLarge},
		"many constraints":       {`{{ semverCompare (repeat 200000 ">1||") "1.2.3" }}`, TooLarge},
		"a shuffle":              {`{{ range 9 }}{{ $x := shuffle $.long }}{{ end }}`, TooManySteps},
		"JSON of zeros":          {`{{ toJson .zeros }}`, TooLarge},
		"YAML of zeros":          {`{{ toYaml .zeros }}`, TooLarge},
		"YAML of many":           {`{{ $x := until 90000 }}{{ toYaml (list $x $x $x $x $x $x) }}`, TooLarge},
		"an argument of many":    {`{{ $x := print .long .long }}{{ quote $x $x }}`, TooLarge},
		"many leaves":            {`{{ filterCertChain "leaf" .leaves }}`, TooManySteps},
		"sorted maps":            {`{{ $m := splitn "," 90000 (repeat 90000 "x,") }}{{ range 90000 }}{{ range $m }}{{ break }}{{ end }}{{ end }}`, TooManySteps},
		"a method in a loop":     {november + "{{ $x := `1` }}{{ range 40 }}{{ $x = $t.Format $x }}{{ end }}", TooLarge},
		"methods inside methods": {november + "{{ len " + strings.Repeat("($t.Format ", 40) + "`1`" + strings.Repeat(")", 40) + "}}", TooLarge},
		"methods in a pipeline":  {november + "{{ `1` " + strings.Repeat("| $t.Format ", 40) + "| len }}", TooLarge},
		"comparisons":            {"{{ eq" + strings.Repeat(" .long", 5000) + " }}", ParseFailed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, tc.text, data)
			var failure *Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, tc.want, failure.Class)
		})
	}
	out, err := execute(t, `{{ (fromYaml .aliases).Error }}`, data)
	require.NoError(t, err)
	require.Equal(t, "not a YAML map", out)
	// Keys and values are YAML as well.
	_, err = Render(context.Background(), externalSecret(&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To("{{ .aliases }}")}}}),
		values(data), nil)
	require.ErrorContains(t, err, string(TooLarge))
}

// TestManySources renders one long source again and again: parsing it takes of the budget, too.
func TestManySources(t *testing.T) {
	items := make([]v1.TemplateRefItem, 5000)
	for i := range items {
		items[i] = v1.TemplateRefItem{Key: "k"}
	}
	es := externalSecret(&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{configMap("cm", items...)}})
	_, err := Render(context.Background(), es, nil, Sources{{ConfigMap, "cm", "k"}: value.FromString(strings.Repeat("{{/* "+strings.Repeat("x", 90)+" */}}", 9000))})
	require.ErrorContains(t, err, string(TooManySteps))
}

// TestExpressionsThatLookAhead finds all matches of expressions that look at all that is left for each of them, with a
// twentieth of the budget: that is enough to see it run out.
func TestExpressionsThatLookAhead(t *testing.T) {
	data := map[string]string{"x": strings.Repeat("x", 90_000), "spaced": strings.Repeat("x ", 90_000)}
	for _, text := range []string{
		`{{ regexFindAll "x*y|x" .x -1 }}`,
		`{{ regexReplaceAll "x*y|x" .x "" }}`,
		`{{ mustRegexReplaceAllLiteral "(x|xx)*?y|x" .x "" }}`,
		`{{ regexSplit "x*y|x" .x -1 }}`,
		`{{ mustRegexReplaceAll "\\bx.*y|x" .spaced "" }}`,
		`{{ range 100000 }}{{ $x := regexMatch "` + strings.Repeat("x{999}", 9) + `" "" }}{{ end }}`,
	} {
		p, failure := compile(text)
		require.Nil(t, failure)
		b := NewBudget(context.Background())
		b.deadline = b.deadline.Add(time.Hour)
		b.steps = maxSteps / 20
		_, failure = p.execute(b, data, true)
		require.NotNil(t, failure, text)
		require.Equal(t, TooManySteps, failure.Class, text)
	}
}

// TestGuardsLetThrough renders what looks like the above and is honest.
func TestGuardsLetThrough(t *testing.T) {
	for text, want := range map[string]string{
		`{{ regexReplaceAll "\\s+" (repeat 20000 "word ") "" | len }}`:                   "80000",
		`{{ regexReplaceAll "(?m)^" (repeat 10000 "word\n") "  " | len }}`:               "70002",
		`{{ regexReplaceAll "[^a-z0-9]+" "A b.C" "-" }}`:                                 "-b-",
		`{{ regexSplit "," (repeat 9999 "x,") -1 | len }}`:                               "10000",
		`{{ (fromYaml "a: &a [x, z]\nb: *a\nc: {<<: {d: 1}}").b | join "&*" }}`:          "x&*z",
		`{{ (toDate "2006-01-02" "2020-11-11").Format "2 Jan 2006" }}`:                   "11 Nov 2020",
		`{{ with (semver "1.2.3").SetMetadata "m" }}{{ .String }}{{ end }}`:              "1.2.3+m",
		`{{ range $i, $x := dict "b" 2 "a" 1 }}{{ $i }}{{ $x }}{{ else }}-{{ end }}`:     "a1b2",
		`{{ range $x := 3 }}{{ $x }}{{ end }}`:                                           "012",
		`{{ mulf 1.5 2 | addf 0.25 0.5 }}`:                                               "3.75",
		`{{ trimAll "/é" "/é/path/" }}`:                                                  "path",
		`{{ $x := fromJson "{\"n\":null}" }}{{ if eq $x.n nil }}null{{ else }}{{ end }}`: "null",
		`{{ if eq "b" "a" "b" "c" }}one of them{{ else if ne 1 2 }}{{ end }}`:            "one of them",
		`{{ index (list "x" "y") 1 }}{{ index (dict "a" (dict "b" "z")) "a" "b" }}`:      "yz",
	} {
		got, err := execute(t, text, nil)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}
