package manifests

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// TestAuditPolicy reads the example as the server does, and asks it what it records.
func TestAuditPolicy(t *testing.T) {
	loaded, err := policy.LoadPolicyFromFile(filepath.Join(artifacts, "audit", "policy.yaml"))
	require.NoError(t, err)
	evaluator := policy.NewPolicyRuleEvaluator(loaded)
	for question, level := range map[string]auditinternal.Level{
		"ann get externalsecrets/secret":             auditinternal.LevelMetadata,
		"ann get secretstores/keys":                  auditinternal.LevelMetadata,
		"ann get clustersecretstores/keys":           auditinternal.LevelMetadata,
		"ann create secretstores":                    auditinternal.LevelRequest,
		"ann patch clustersecretstores":              auditinternal.LevelRequest,
		"ann create externalsecrets":                 auditinternal.LevelMetadata,
		"ann create externalsecrets/refresh":         auditinternal.LevelMetadata,
		"ann deletecollection externalsecrets":       auditinternal.LevelMetadata,
		"ann get externalsecrets":                    auditinternal.LevelNone,
		"ann watch secretstores":                     auditinternal.LevelNone,
		"system:apiserver update secretstores":       auditinternal.LevelNone,
		"system:apiserver patch externalsecrets":     auditinternal.LevelNone,
		"system:anonymous get /readyz":               auditinternal.LevelNone,
		"prometheus get /metrics":                    auditinternal.LevelNone,
		"system:serviceaccount:x:y list /openapi/v3": auditinternal.LevelNone,
	} {
		parts := strings.Split(question, " ")
		attributes := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: parts[0]}, Verb: parts[1], APIGroup: v1.GroupName, APIVersion: "v1"}
		if strings.HasPrefix(parts[2], "/") {
			attributes.Path = parts[2]
		} else {
			attributes.ResourceRequest = true
			attributes.Resource, attributes.Subresource, _ = strings.Cut(parts[2], "/")
			require.Contains(t, served, parts[2])
		}
		config := evaluator.EvaluatePolicyRule(&attributes)
		require.Equal(t, level, config.Level, question)
	}
}
