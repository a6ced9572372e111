package secretstore

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// table renders stores with the columns of External Secrets Operator's CRDs.
type table struct{}

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: "Name of the store."},
	{Name: "Age", Type: "date", Description: "Time since the store was created."},
	{Name: "Status", Type: "string", Description: "Reason of the Ready condition."},
	{Name: "Capabilities", Type: "string", Description: "What the store can do."},
	{Name: "Ready", Type: "string", Description: "Whether the store can be used."},
}

// ConvertToTable renders one store or a list.
func (table) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	out := &metav1.Table{}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		out.ColumnDefinitions = columns
	}
	if view, ok := viewOf(object); ok {
		out.ResourceVersion = view.meta.ResourceVersion
		out.Rows = append(out.Rows, row(object, view))
		return out, nil
	}
	list, err := meta.ListAccessor(object)
	if err != nil {
		return nil, fmt.Errorf("render a table: %T is not a store", object)
	}
	out.ResourceVersion, out.Continue, out.RemainingItemCount = list.GetResourceVersion(), list.GetContinue(), list.GetRemainingItemCount()
	err = meta.EachListItem(object, func(item runtime.Object) error {
		out.Rows = append(out.Rows, row(item, mustView(item)))
		return nil
	})
	return out, err
}

func row(obj runtime.Object, view store) metav1.TableRow {
	var reason, ready string
	for _, c := range view.status.Conditions {
		if c.Type == v1.SecretStoreReady {
			reason, ready = ptr.Deref(c.Reason, ""), string(c.Status)
		}
	}
	return metav1.TableRow{
		Cells: []any{
			view.meta.Name, metatable.ConvertToHumanReadableDateType(view.meta.CreationTimestamp),
			cell(reason), cell(ptr.Deref(view.status.Capabilities, "")), cell(ready),
		},
		Object: runtime.RawExtension{Object: obj},
	}
}

// cell is a column's text; a column that has no value is null, as a CRD's is.
func cell(text string) any {
	if text == "" {
		return nil
	}
	return text
}
