package secret

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// The wanted hashes were computed with Python's hashlib.sha3_224 over texts written out by hand, such as
// "map[password:[104 117 110 116 101 114 50] user:[97 108 105 99 101]]".
func TestMarks(t *testing.T) {
	long := "a-rather-long-external-secret"
	for name, test := range map[string]struct{ got, want string }{
		"data hash": {
			DataHash(map[string][]byte{"user": []byte("alice"), "password": []byte("hunter2")}),
			"bfc8ffe1876085c460bb5c0df41c8cfffc24266ca517115b0764726b",
		},
		"data hash of values": {
			HashOf(map[string]value.Value{"user": value.FromString("alice"), "password": value.FromString("hunter2")}),
			"bfc8ffe1876085c460bb5c0df41c8cfffc24266ca517115b0764726b",
		},
		"data hash of no data":    {DataHash(nil), "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b"},
		"data hash of empty data": {DataHash(map[string][]byte{}), "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b"},
		"created-by":              {CreatedBy("payments", "orders-db"), "fc9e533a5755b7b8408b90acb88b5973bddba76adf8b867a83fd21ce"},
		"field manager":           {FieldManager("orders-db"), "externalsecrets.external-secrets.io/orders-db"},
		"field manager of 27 characters": {
			FieldManager(strings.Repeat("n", 27)), "externalsecrets.external-secrets.io/" + strings.Repeat("n", 27),
		},
		"field manager of 29 characters": {
			FieldManager(long), "externalsecrets.external-secrets.io/sha3/105a9962d06b95a8700898a9548b651caa175ff14ff9fccc1e389625",
		},
		"synced resource version": {
			SyncedResourceVersion(&metav1.ObjectMeta{
				Generation:  3,
				Annotations: map[string]string{"team": "core", "force-sync": "1753"},
				Labels:      map[string]string{"app": "orders"},
			}),
			"3-339462cbd9a68bd9a3e02a7a0ccf61cdb6615c86315bd3b7724c5935",
		},
		"synced resource version without metadata": {
			SyncedResourceVersion(&metav1.ObjectMeta{Generation: 1}),
			"1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2",
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, test.got) })
	}
}

func TestFieldManagersOfTheLimit(t *testing.T) {
	require.Len(t, FieldManager(strings.Repeat("n", 27)), 63)
	require.Contains(t, FieldManager(strings.Repeat("n", 28)), "/sha3/")
	// An API server takes field managers of up to 128 characters.
	require.Less(t, len(FieldManager(strings.Repeat("n", 253))), 128)
}

func TestIntact(t *testing.T) {
	data := map[string][]byte{"k": []byte("v")}
	written := func() *corev1.Secret {
		return &corev1.Secret{Data: data, ObjectMeta: metav1.ObjectMeta{
			Labels:      map[string]string{LabelManaged: LabelManagedValue},
			Annotations: map[string]string{AnnotationDataHash: DataHash(data)},
		}}
	}
	require.True(t, Intact(written()))

	edited := written()
	edited.Data = map[string][]byte{"k": []byte("other")}
	require.False(t, Intact(edited))

	unmarked := written()
	unmarked.Labels = nil
	require.False(t, Intact(unmarked))
}
