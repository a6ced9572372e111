// Package audit keeps secret values out of this server's own audit log, whatever the operator's policy says.
package audit

import (
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Clamp lowers the level of requests for one subresource of a group to Metadata: their answers hold values, and a policy of
// RequestResponse would write those to the log. It returns nil for nil, which stands for auditing that is off.
func Clamp(evaluator audit.PolicyRuleEvaluator, group, subresource string) audit.PolicyRuleEvaluator {
	if evaluator == nil {
		return nil
	}
	return clamp{PolicyRuleEvaluator: evaluator, group: group, subresource: subresource}
}

type clamp struct {
	audit.PolicyRuleEvaluator
	group, subresource string
}

func (c clamp) EvaluatePolicyRule(attributes authorizer.Attributes) audit.RequestAuditConfig {
	config := c.PolicyRuleEvaluator.EvaluatePolicyRule(attributes)
	if attributes.GetAPIGroup() == c.group && attributes.GetSubresource() == c.subresource &&
		auditinternal.LevelMetadata.Less(config.Level) {
		config.Level = auditinternal.LevelMetadata
	}
	return config
}
