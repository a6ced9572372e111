package options

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
)

// maxNamespaces bounds the watches: there are three for each namespace that is named.
const maxNamespaces = 200

func (o *Options) addNamespacesFlag(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.WatchNamespaces, host.FlagNamespaces, o.WatchNamespaces,
		"Namespaces whose Secrets, ConfigMaps and service accounts the server reads, and in which it writes Secrets; comma-separated or given again, all without it. "+
			"Rights to them are needed in these alone. ExternalSecrets and stores of other namespaces are served all the same: no Secret is written for them, and credentials that are there are not read.")
}

// watchNamespaces are the namespaces that are named, each once, nil for all.
func (o *Options) watchNamespaces() []string {
	return slices.Compact(slices.Sorted(slices.Values(o.WatchNamespaces)))
}

func (o *Options) validateNamespaces() []error {
	var errs []error
	for _, name := range o.WatchNamespaces {
		if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
			errs = append(errs, fmt.Errorf("--%s: %q is not the name of a namespace: %s", host.FlagNamespaces, name, strings.Join(problems, "; ")))
		}
	}
	switch n := len(o.watchNamespaces()); {
	case n > maxNamespaces:
		errs = append(errs, fmt.Errorf("--%s must name at most %d namespaces, names %d", host.FlagNamespaces, maxNamespaces, n))
	case n == 0 && o.WatchNamespaces != nil:
		errs = append(errs, fmt.Errorf("--%s must name a namespace, or not be given", host.FlagNamespaces))
	}
	return errs
}
