package options_test

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
)

func TestProviderRates(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want map[string]int
		// message is of the error, empty for none.
		message string
	}{
		"none":         {want: map[string]int{}},
		"one":          {args: []string{"us.infisical.com=300"}, want: map[string]int{"us.infisical.com": 300}},
		"several":      {args: []string{"us.infisical.com=300", "10.0.0.1=60"}, want: map[string]int{"us.infisical.com": 300, "10.0.0.1": 60}},
		"in one":       {args: []string{"a.example.com=1, b.example.com=2"}, want: map[string]int{"a.example.com": 1, "b.example.com": 2}},
		"IPv6":         {args: []string{"::1=7"}, want: map[string]int{"::1": 7}},
		"capitals":     {args: []string{"US.infisical.com=300"}, want: map[string]int{"us.infisical.com": 300}},
		"no limit":     {args: []string{"us.infisical.com=0"}, want: map[string]int{"us.infisical.com": 0}},
		"no number":    {args: []string{"us.infisical.com"}, message: "must be host=requests-per-minute"},
		"empty":        {args: []string{""}, message: "must be host=requests-per-minute"},
		"a word":       {args: []string{"us.infisical.com=many"}, message: "must be a number from 0, for no limit, to 1000000"},
		"negative":     {args: []string{"us.infisical.com=-1"}, message: "must be a number"},
		"a fraction":   {args: []string{"us.infisical.com=1.5"}, message: "must be a number"},
		"too many":     {args: []string{"us.infisical.com=1000001"}, message: "must be a number"},
		"a URL":        {args: []string{"https://us.infisical.com=3"}, message: "must be a host name or an address, without scheme, port and path"},
		"a port":       {args: []string{"vault.example.com:8080=3"}, message: "must be a host name"},
		"no host":      {args: []string{"=3"}, message: "must be a host name"},
		"a host twice": {args: []string{"a.example.com=1", "A.example.com=2"}, message: "given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options.New()
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			for _, set := range o.Flags().FlagSets {
				flags.AddFlagSet(set)
			}
			var args []string
			for _, a := range c.args {
				args = append(args, "--provider-rate="+a)
			}
			err := flags.Parse(args)
			if c.message != "" {
				require.ErrorContains(t, err, c.message)
				require.ErrorContains(t, err, "--provider-rate")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, o.ProviderRates)
		})
	}
}
