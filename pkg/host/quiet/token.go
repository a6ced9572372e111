package quiet

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// tokenSeconds is the shortest life of a token that an API server grants.
const tokenSeconds = 600

const kindServiceAccount = "ServiceAccount"

// GetServiceAccount reads a ServiceAccount at its most recent.
func (c *Client) GetServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	return do(ctx, subject{"reading", kindServiceAccount, namespace, name}, func(ctx context.Context) (*corev1.ServiceAccount, error) {
		return c.core.ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
	})
}

// RequestToken requests a token of the service account of exactly this UID. Another one of the name is a Conflict, of hosts
// that look at the UID; to older ones the name is all.
func (c *Client) RequestToken(ctx context.Context, namespace, name string, uid types.UID, audiences []string) (value.Value, error) {
	what := subject{"requesting a token of", kindServiceAccount, namespace, name}
	if len(audiences) == 0 {
		// The API server would take its own.
		return value.Value{}, &Error{message: what.String() + ": no audience is named"}
	}
	return do(ctx, what, func(ctx context.Context) (value.Value, error) {
		answer, err := c.core.ServiceAccounts(namespace).CreateToken(ctx, name, &authenticationv1.TokenRequest{
			ObjectMeta: metav1.ObjectMeta{UID: uid},
			Spec:       authenticationv1.TokenRequestSpec{Audiences: audiences, ExpirationSeconds: ptr.To[int64](tokenSeconds)},
		}, metav1.CreateOptions{})
		if err != nil {
			return value.Value{}, err
		}
		return value.FromString(answer.Status.Token), nil
	})
}

// Accepts tells whether the host itself would let in whoever shows the token, which is one of the service account.
func (c *Client) Accepts(ctx context.Context, namespace, name string, token value.Value) (bool, error) {
	return do(ctx, subject{"reviewing a token of", kindServiceAccount, namespace, name}, func(ctx context.Context) (bool, error) {
		// Without audiences a review is against those of the API server.
		answer, err := c.authentication.TokenReviews().Create(ctx, &authenticationv1.TokenReview{
			Spec: authenticationv1.TokenReviewSpec{Token: string(token.Bytes())},
		}, metav1.CreateOptions{})
		if err != nil {
			return false, err
		}
		return answer.Status.Authenticated, nil
	})
}
