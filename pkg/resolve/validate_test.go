package resolve

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func TestValidate(t *testing.T) {
	merge := v1.Rewrite{Merge: &v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON)}}
	good := externalSecret([]v1.ExternalSecretData{bind("a", "one")}, extract("x", byRegexp("a", "b"), byTransform("{{ .value }}")), find("^x"))
	require.Empty(t, Validate(&good.Spec, field.NewPath("spec")))

	bad := externalSecret([]v1.ExternalSecretData{bind("a/b", "one"), {SecretKey: "b", SourceRef: &v1.SourceRef{GeneratorRef: &v1.GeneratorRef{}}}},
		find("("), extract("x", byRegexp("(", ""), byTransform("{{"), merge, v1.Rewrite{}), v1.ExternalSecretDataFrom{})
	var got []string
	for _, err := range Validate(&bad.Spec, field.NewPath("spec")) {
		got = append(got, err.Error())
	}
	require.Equal(t, []string{
		"spec.data[1]: Invalid value: sourceRef.generatorRef names a generator, and this server has no generators: name a store",
		"spec.dataFrom[2]: Invalid value: one of extract and find is required",
		`spec.data[0].secretKey: Invalid value: "a/b": only ASCII letters, digits, '-', '_' and '.' are allowed`,
		`spec.dataFrom[0].find.name.regexp: Invalid value: "(": the regular expression does not parse: missing closing )`,
		`spec.dataFrom[1].rewrite[0].regexp.source: Invalid value: "(": the regular expression does not parse: missing closing )`,
		"spec.dataFrom[1].rewrite[1].transform.template: Invalid value: line 1: the template does not parse: unclosed action",
		"spec.dataFrom[1].rewrite[2].merge.into: Required value: the strategy JSON needs the key that the merged object gets",
		"spec.dataFrom[1].rewrite[3]: Invalid value: exactly one of merge, regexp and transform is required",
	}, got)
}
