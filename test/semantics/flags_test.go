package semantics

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
)

const operating = "docs/operations/operate.md"

// flagRow is a row of a table with the columns Flag, Default and what it does.
var flagRow = regexp.MustCompile("^\\| `--([a-z0-9-]+)` \\| ([^|]*) \\| [^|]+ \\|$")

// TestEveryFlagIsDescribed holds the tables of flags against those that the server has: each flag of its own has one row with
// its default. Those that every API server of Kubernetes has are described there.
func TestEveryFlagIsDescribed(t *testing.T) {
	body, err := os.ReadFile(root + "/" + operating)
	require.NoError(t, err)
	described := map[string]string{}
	for line := range strings.SplitSeq(string(body), "\n") {
		if found := flagRow.FindStringSubmatch(line); found != nil {
			require.NotContains(t, described, found[1], "the flag has two rows")
			described[found[1]] = strings.Trim(found[2], "`")
		}
	}
	require.Equal(t, ownFlags(), described)
}

// ownFlags are the flags that a generic API server does not have, with their defaults; "none" stands for an empty one.
func ownFlags() map[string]string {
	generic := pflag.NewFlagSet("generic", pflag.ContinueOnError)
	genericoptions.NewRecommendedOptions("", serializer.NewCodecFactory(runtime.NewScheme()).LegacyCodec()).AddFlags(generic)
	logsapi.AddFlags(logs.NewOptions(), generic)

	own := map[string]string{}
	for _, set := range options.New().Flags().FlagSets {
		set.VisitAll(func(flag *pflag.Flag) {
			if generic.Lookup(flag.Name) != nil {
				return
			}
			own[flag.Name] = flag.DefValue
			if flag.DefValue == "" || flag.DefValue == "[]" {
				own[flag.Name] = "none"
			}
		})
	}
	return own
}
