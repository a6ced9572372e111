package secret

import (
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ownFields is what one field manager last wrote of an object, by the API server's own records (metadata.managedFields).
type ownFields struct {
	data, labels, annotations []string
	// typed is set for the manager that created the Secret: the type of a Secret never changes.
	typed bool
}

// fieldsOf reads the records of a manager. A record that is not readable names no field: nothing is removed for it.
func fieldsOf(object metav1.Object, manager string) ownFields {
	var own ownFields
	for _, entry := range object.GetManagedFields() {
		if entry.Manager != manager || entry.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Data     map[string]any  `json:"f:data"`
			Type     json.RawMessage `json:"f:type"`
			Metadata struct {
				Labels      map[string]any `json:"f:labels"`
				Annotations map[string]any `json:"f:annotations"`
			} `json:"f:metadata"`
		}
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			continue
		}
		own.data = appendKeys(own.data, fields.Data)
		own.labels = appendKeys(own.labels, fields.Metadata.Labels)
		own.annotations = appendKeys(own.annotations, fields.Metadata.Annotations)
		own.typed = own.typed || fields.Type != nil
	}
	return own
}

// appendKeys takes the keys out of one level of a set of fields: "f:" and the key; "." is the level itself.
func appendKeys(keys []string, level map[string]any) []string {
	for field := range level {
		if key, ok := strings.CutPrefix(field, "f:"); ok {
			keys = append(keys, key)
		}
	}
	return keys
}
