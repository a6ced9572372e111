package tree

import "strings"

// Prune takes away, in place, the fields of an object that a field manager wrote and that are not in the tree. own is that
// manager's set of fields as the API server records them (FieldsV1). Fields that others wrote stay.
func (t Tree) Prune(object, own map[string]any) {
	prune(object, own, t.fields())
}

func prune(object, own map[string]any, desired any) {
	wanted, _ := desired.(map[string]any)
	for key, below := range own {
		name, ok := strings.CutPrefix(key, "f:")
		standing, exists := object[name]
		if !ok || !exists {
			continue
		}
		owned, _ := below.(map[string]any)
		if isLeftOver(standing, owned, wanted[name]) {
			delete(object, name)
		}
	}
}

// isLeftOver tells whether a field is to go as a whole. It prunes a map whose parts have managers of their own.
func isLeftOver(standing any, owned map[string]any, wanted any) bool {
	_, ownsItself := owned["."]
	switch standing := standing.(type) {
	case map[string]any:
		if len(owned) == 0 {
			pruneWhole(standing, wanted)
		}
		prune(standing, owned, wanted)
		return len(standing) == 0 && wanted == nil
	case []any:
		return wanted == nil && (ownsItself || len(owned) == 0)
	}
	return wanted == nil
}

// pruneWhole is for a map that has one manager for all of it.
func pruneWhole(standing map[string]any, wanted any) {
	fields, _ := wanted.(map[string]any)
	for name := range standing {
		if _, ok := fields[name]; !ok {
			delete(standing, name)
		}
	}
}
