package externalsecret

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// Table renders ExternalSecrets with the columns of External Secrets Operator's CRD, then LIVE and AGE.
type Table struct {
	// LastObserved is the state that a live read last found for an object, for rows that carry none: those of a watch.
	LastObserved func(types.UID) v1.LiveState
}

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: "Name of the ExternalSecret."},
	{Name: "StoreType", Type: "string", Description: "Kind of the store that entries are taken from."},
	{Name: "Store", Type: "string", Description: "Name of the store that entries are taken from."},
	{Name: "Refresh Interval", Type: "string", Description: "The longest that a change may wait before the Secret is written."},
	{Name: "Status", Type: "string", Description: "Reason of the Ready condition."},
	{Name: "Ready", Type: "string", Description: "Whether the Secret stands as the spec says."},
	{Name: "Last Sync", Type: "date", Description: "When the Secret was last written or confirmed."},
	{Name: "Live", Type: "string", Description: "What the provider shows now, as against the written Secret."},
	{Name: "Age", Type: "date", Description: "Time since the ExternalSecret was created."},
}

// ConvertToTable renders one ExternalSecret or a list.
func (t Table) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		table.ColumnDefinitions = columns
	}
	switch o := object.(type) {
	case *v1.ExternalSecretList:
		table.ListMeta = o.ListMeta
		for i := range o.Items {
			table.Rows = append(table.Rows, t.row(&o.Items[i]))
		}
	case *v1.ExternalSecret:
		table.ResourceVersion = o.ResourceVersion
		table.Rows = append(table.Rows, t.row(o))
	default:
		if !meta.IsListType(object) {
			return nil, fmt.Errorf("render a table: %T is not an ExternalSecret", object)
		}
	}
	return table, nil
}

func (t Table) row(es *v1.ExternalSecret) metav1.TableRow {
	var kind, store, reason, ready string
	if ref := es.Spec.SecretStoreRef; ref != nil {
		kind, store = ptr.Deref(ref.Kind, ""), ptr.Deref(ref.Name, "")
	}
	for _, c := range es.Status.Conditions {
		if c.Type == v1.ExternalSecretReady {
			reason, ready = ptr.Deref(c.Reason, ""), string(c.Status)
		}
	}
	return metav1.TableRow{
		Cells: []any{
			es.Name, cell(kind), cell(store), cell(ptr.Deref(es.Spec.RefreshInterval, "")), cell(reason), cell(ready),
			age(es.Status.RefreshTime), cell(string(t.live(es))), age(&es.CreationTimestamp),
		},
		Object: runtime.RawExtension{Object: es},
	}
}

func (t Table) live(es *v1.ExternalSecret) v1.LiveState {
	if es.Status.Live != nil {
		return es.Status.Live.State
	}
	if t.LastObserved == nil {
		return ""
	}
	return t.LastObserved(es.UID)
}

// cell is a column's text; a column that has no value is null, as a CRD's is.
func cell(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// age is how kubectl shows a date column.
func age(at *metav1.Time) any {
	if at.IsZero() {
		return nil
	}
	return metatable.ConvertToHumanReadableDateType(*at)
}
