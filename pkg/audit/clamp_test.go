package audit

import (
	"testing"

	"github.com/stretchr/testify/require"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// policy is a policy of one rule.
type policy auditinternal.Level

func (p policy) EvaluatePolicyRule(authorizer.Attributes) audit.RequestAuditConfig {
	return audit.RequestAuditConfig{Level: auditinternal.Level(p), OmitManagedFields: true}
}

func TestClamp(t *testing.T) {
	const group = "external-secrets.io"
	for name, c := range map[string]struct {
		policy             auditinternal.Level
		group, subresource string
		level              auditinternal.Level
	}{
		"answers with values":         {auditinternal.LevelRequestResponse, group, "secret", auditinternal.LevelMetadata},
		"requests for values":         {auditinternal.LevelRequest, group, "secret", auditinternal.LevelMetadata},
		"what is low enough stays":    {auditinternal.LevelMetadata, group, "secret", auditinternal.LevelMetadata},
		"what is off stays off":       {auditinternal.LevelNone, group, "secret", auditinternal.LevelNone},
		"other subresources are free": {auditinternal.LevelRequestResponse, group, "status", auditinternal.LevelRequestResponse},
		"so is the object":            {auditinternal.LevelRequestResponse, group, "", auditinternal.LevelRequestResponse},
		"so are other groups":         {auditinternal.LevelRequestResponse, "apps", "secret", auditinternal.LevelRequestResponse},
	} {
		t.Run(name, func(t *testing.T) {
			got := Clamp(policy(c.policy), group, "secret").EvaluatePolicyRule(authorizer.AttributesRecord{
				APIGroup: c.group, Resource: "externalsecrets", Subresource: c.subresource, ResourceRequest: true,
			})
			require.Equal(t, c.level, got.Level)
			require.True(t, got.OmitManagedFields, "the rest of the policy holds")
		})
	}
	require.Nil(t, Clamp(nil, group, "secret"), "auditing that is off stays off")
}
