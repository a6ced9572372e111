package materialize

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// materializer is the role, and its binding, that let the server write Secrets.
const materializer = "external-secrets-apiserver:materializer"

// TestSecretsAreWrittenWhereTheServerMay binds the right to write in one namespace, where it is bound in all else. It does
// not run beside tests that have Secrets written.
func TestSecretsAreWrittenWhereTheServerMay(t *testing.T) {
	here, elsewhere := newFixture(t), newFixture(t)
	rbac := env.Host(t).RbacV1()
	binding, err := rbac.ClusterRoleBindings().Get(t.Context(), materializer, metav1.GetOptions{})
	require.NoError(t, err)
	server := binding.Subjects[0]
	_, err = rbac.RoleBindings(here.Namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: materializer}, RoleRef: binding.RoleRef, Subjects: binding.Subjects,
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, rbac.ClusterRoleBindings().Delete(t.Context(), materializer, metav1.DeleteOptions{}))

	t.Run("in some namespaces", func(t *testing.T) {
		mayWrite(t, server, elsewhere.Namespace, false)
		mayWrite(t, server, here.Namespace, true)
		for _, f := range []*fixture{here, elsewhere} {
			f.Kubectl.Apply(app("app", ""))
		}
		here.holds(t, "app", "password", framework.FirstPassword)
		condition := elsewhere.ready(t, "app", corev1.ConditionFalse, "SecretSyncedError")
		require.Contains(t, ptr.Deref(condition.Message, ""), "the host cluster does not allow it: missing rights")
		live := elsewhere.Kubectl.Run("get", "externalsecret", "app", "--subresource=secret", "-o", "jsonpath={.data.password}")
		require.Equal(t, base64.StdEncoding.EncodeToString([]byte(framework.FirstPassword)), live, "it is read live all the same")
		_, err := elsewhere.secret(t, "app")
		require.True(t, apierrors.IsNotFound(err), "%v", err)
	})

	_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: materializer}, RoleRef: binding.RoleRef, Subjects: binding.Subjects,
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	mayWrite(t, server, elsewhere.Namespace, true)
	elsewhere.holds(t, "app", "password", framework.FirstPassword)
}

// mayWrite waits until the host says so.
func mayWrite(t *testing.T, subject rbacv1.Subject, namespace string, want bool) {
	t.Helper()
	framework.Eventually(t, "the right to write is as it was bound", func(ctx context.Context) error {
		review, err := env.Host(t).AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
			Spec: authorizationv1.SubjectAccessReviewSpec{
				User:               "system:serviceaccount:" + subject.Namespace + ":" + subject.Name,
				ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "create", Resource: "secrets"},
			},
		}, metav1.CreateOptions{})
		if err == nil && review.Status.Allowed != want {
			err = errors.New("it is not")
		}
		return err
	})
}
