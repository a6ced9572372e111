package externalsecret

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// kubectl shows of an Invalid its causes, and of everything else the message.
func TestEveryFailureSaysWhyInKubectl(t *testing.T) {
	es := &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Name: "db"}}
	failures := map[string]error{"unprocessable": unprocessable(es, "the template does not parse")}
	for reason := range codes {
		failures[string(reason)] = statusOf(es, reason, provider.Errorf(reason, "the template does not parse"))
	}
	for name, err := range failures {
		t.Run(name, func(t *testing.T) {
			var status apierrors.APIStatus
			require.True(t, errors.As(err, &status))
			shown := status.Status().Message
			if apierrors.IsInvalid(err) {
				require.Equal(t, int32(http.StatusUnprocessableEntity), status.Status().Code)
				require.Len(t, status.Status().Details.Causes, 1)
				shown = status.Status().Details.Causes[0].Message
			}
			require.Contains(t, shown, "the template does not parse")
		})
	}
}
