package connect

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// categories are those that the API takes.
var categories = []string{
	"LOGIN", "PASSWORD", "API_CREDENTIAL", "SERVER", "DATABASE", "CREDIT_CARD", "MEMBERSHIP",
	"PASSPORT", "SOFTWARE_LICENSE", "OUTDOOR_LICENSE", "SECURE_NOTE", "WIRELESS_ROUTER",
	"BANK_ACCOUNT", "DRIVER_LICENSE", "IDENTITY", "REWARD_PROGRAM", "DOCUMENT", "EMAIL_ACCOUNT",
	"SOCIAL_SECURITY_NUMBER", "MEDICAL_RECORD", "SSH_KEY", "CUSTOM",
}

func readItem(r *http.Request) (Item, error) {
	var item Item
	if err := json.NewDecoder(r.Body).Decode(&item); err != nil {
		return item, failf(http.StatusBadRequest, "Invalid request body")
	}
	if !slices.Contains(categories, item.Category) {
		return item, failf(http.StatusBadRequest, "Invalid item category")
	}
	return item, nil
}

// operation is one step of a JSON patch.
type operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// patchItem applies the operations that the API documents: whole items,
// attributes, tags by index, fields by id, and attributes of fields.
func (s *Server) patchItem(c *call) (any, error) {
	var operations []operation
	if err := json.NewDecoder(c.Body).Decode(&operations); err != nil {
		return nil, failf(http.StatusBadRequest, "Invalid request body")
	}
	if len(operations) == 0 {
		return s.full(c.item.item), nil
	}
	patched := c.item.item.clone()
	for _, op := range operations {
		if err := op.apply(patched); err != nil {
			return nil, err
		}
	}
	return s.save(c, func(stored *Item) { *stored = *patched })
}

func (op operation) apply(item *Item) error {
	if !slices.Contains([]string{"add", "remove", "replace"}, op.Op) {
		return failf(http.StatusBadRequest, "Invalid patch operation")
	}
	steps := strings.Split(strings.Trim(op.Path, "/"), "/")
	switch {
	case steps[0] == "fields" && len(steps) > 1:
		return op.applyToField(item, steps[1], steps[2:])
	case steps[0] == "fields" && op.Op == "add":
		var field Field
		if err := op.decode(&field); err != nil {
			return err
		}
		item.Fields = append(item.Fields, field)
		return nil
	case steps[0] == "tags" && len(steps) == 2 && op.Op == "remove":
		n, err := strconv.Atoi(steps[1])
		if err != nil || n < 0 || n >= len(item.Tags) {
			return failf(http.StatusBadRequest, "Invalid patch path")
		}
		item.Tags = slices.Delete(item.Tags, n, n+1)
		return nil
	case len(steps) == 1:
		return op.merge(item, steps[0])
	}
	return failf(http.StatusBadRequest, "Invalid patch path")
}

func (op operation) applyToField(item *Item, id string, steps []string) error {
	n := slices.IndexFunc(item.Fields, func(f Field) bool { return f.ID == id })
	if n < 0 {
		return failf(http.StatusBadRequest, "The item doesn't have a %s field.", id)
	}
	switch {
	case len(steps) == 1:
		return op.merge(&item.Fields[n], steps[0])
	case len(steps) > 1:
		return failf(http.StatusBadRequest, "Invalid patch path")
	case op.Op == "remove":
		item.Fields = slices.Delete(item.Fields, n, n+1)
		return nil
	}
	field := Field{}
	if err := op.decode(&field); err != nil {
		return err
	}
	field.ID = id
	item.Fields[n] = field
	return nil
}

// merge sets one attribute of an item or field, by its name in JSON; an empty
// name stands for all attributes that the value has.
func (op operation) merge(target any, attribute string) error {
	value := op.Value
	if op.Op == "remove" {
		value = json.RawMessage("null")
	}
	if attribute == "" {
		return op.decode(target)
	}
	if op.Op == "remove" && attribute == "value" {
		value = json.RawMessage(`""`) // null would leave the string as it is.
	}
	document, err := json.Marshal(map[string]json.RawMessage{attribute: value})
	if err == nil {
		err = json.Unmarshal(document, target)
	}
	if err != nil {
		return failf(http.StatusBadRequest, "Invalid patch value")
	}
	return nil
}

func (op operation) decode(target any) error {
	if err := json.Unmarshal(op.Value, target); err != nil {
		return failf(http.StatusBadRequest, "Invalid patch value")
	}
	return nil
}
