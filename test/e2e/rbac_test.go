package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const serverUser = "system:serviceaccount:external-secrets:external-secrets-apiserver"

// may asks kube-apiserver whether a user may do something: "get group/resource/sub".
func may(t *testing.T, user, namespace, verb, group, resource, subresource string) bool {
	t.Helper()
	review, err := env.Host(t).AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: verb, Group: group, Resource: resource, Subresource: subresource, Name: "one",
			},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	return review.Status.Allowed
}

func bind(t *testing.T, namespace, user, clusterRole string) {
	t.Helper()
	_, err := env.Host(t).RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: clusterRole},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// TestRolesOfUsers asks what the roles of a cluster allow once ours are part of
// them.
func TestRolesOfUsers(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	createExternalSecret(t, namespace, "one")
	const group = "external-secrets.io"
	for _, test := range []struct {
		role string
		yes  []string
		no   []string
	}{
		{
			role: "view",
			yes:  []string{"get externalsecrets", "list secretstores", "watch externalsecrets"},
			no: []string{"create externalsecrets", "patch externalsecrets", "delete secretstores", "get externalsecrets/secret",
				"create externalsecrets/refresh", "get secretstores/keys", "update externalsecrets/status", "use secretstores"},
		},
		{
			role: "edit",
			yes: []string{"get externalsecrets", "create externalsecrets", "deletecollection externalsecrets", "update secretstores",
				"create externalsecrets/refresh"},
			no: []string{"get externalsecrets/secret", "get secretstores/keys", "update externalsecrets/status", "patch secretstores/status",
				"create clustersecretstores", "use secretstores", "use clustersecretstores"},
		},
		{
			role: "admin",
			yes:  []string{"create externalsecrets", "create secretstores"},
			no: []string{"get externalsecrets/secret", "get secretstores/keys", "update externalsecrets/status", "create clustersecretstores",
				"use secretstores", "use clustersecretstores"},
		},
		{
			role: "external-secrets-store-user",
			yes:  []string{"use secretstores", "use clustersecretstores"},
			no:   []string{"get secretstores", "update secretstores", "get secretstores/keys", "create externalsecrets"},
		},
		{
			role: "external-secrets-live-value-reader",
			yes:  []string{"get externalsecrets/secret"},
			no:   []string{"get externalsecrets", "list externalsecrets/secret"},
		},
		{
			role: "external-secrets-store-keys-reader",
			yes:  []string{"get secretstores/keys"},
			no:   []string{"get secretstores", "get externalsecrets"},
		},
	} {
		user := "user-of-" + test.role
		bind(t, namespace, user, test.role)
		allowed := func(question string) bool {
			verb, what, _ := strings.Cut(question, " ")
			resource, subresource, _ := strings.Cut(what, "/")
			return may(t, user, namespace, verb, group, resource, subresource)
		}
		framework.Eventually(t, test.role+" allows what it should", func(context.Context) error {
			for _, question := range test.yes {
				if !allowed(question) {
					return errors.New("it does not allow: " + question)
				}
			}
			return nil
		})
		for _, question := range test.no {
			require.False(t, allowed(question), "%s must not allow: %s", test.role, question)
		}
	}

	viewer := env.Kubectl(t).In(namespace).As("user-of-view")
	framework.Eventually(t, "the server goes by it", func(context.Context) error {
		_, _, err := viewer.Do("", "get", "es", "one")
		return err
	})
	require.Contains(t, viewer.Fails("", "delete", "es", "one"), "forbidden")
	require.Contains(t, viewer.Fails("", "patch", "es", "one", "--type=merge", "-p", `{"metadata":{"labels":{"a":"b"}}}`), "forbidden")
	require.Contains(t, viewer.Fails("", "get", "es", "-A"), "forbidden")
	require.Contains(t, viewer.Fails("", "get", "--raw", groupPath("namespaces", namespace, "externalsecrets", "one", "secret")), "forbidden")
}

// TestRightsOfTheServer lists rights that nobody needs who serves this API.
func TestRightsOfTheServer(t *testing.T) {
	t.Parallel()
	for _, question := range []string{
		"deletecollection /secrets", "patch /secrets", "create /configmaps", "update /configmaps", "get /pods", "create /pods",
		"create /serviceaccounts", "update /serviceaccounts", "impersonate /serviceaccounts", "impersonate /users", "delete /namespaces", "create rbac.authorization.k8s.io/roles",
		"bind rbac.authorization.k8s.io/clusterroles", "get external-secrets.io/externalsecrets", "update external-secrets.io/externalsecrets",
		"create admissionregistration.k8s.io/validatingwebhookconfigurations", "get coordination.k8s.io/leases",
		"patch apiregistration.k8s.io/apiservices", "get /secrets/proxy",
	} {
		verb, what, _ := strings.Cut(question, " ")
		parts := append(strings.Split(what, "/"), "")
		require.False(t, may(t, serverUser, "kube-system", verb, parts[0], parts[1], parts[2]), question)
	}
	for _, question := range []string{"get /secrets", "create /secrets", "update /secrets", "delete /secrets", "list /configmaps", "watch /serviceaccounts", "create /serviceaccounts/token"} {
		verb, what, _ := strings.Cut(question, " ")
		resource, subresource, _ := strings.Cut(strings.TrimPrefix(what, "/"), "/")
		require.True(t, may(t, serverUser, "default", verb, "", resource, subresource), question)
	}
	require.True(t, may(t, serverUser, "external-secrets", "update", "coordination.k8s.io", "leases", ""))
}
