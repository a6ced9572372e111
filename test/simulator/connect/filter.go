package connect

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// A filter is `attribute eq "value"` and nothing else; the value is quoted as
// a JSON string is.
var filterPattern = regexp.MustCompile(`^\s*([A-Za-z]+)\s+(?i:eq)\s+("(?:[^"\\]|\\.)*")\s*$`)

// parseFilter returns attribute and value of a request's filter; the attribute
// is empty when there is no filter.
func parseFilter(r *http.Request, attributes ...string) (attribute, value string, err error) {
	if !r.URL.Query().Has("filter") {
		return "", "", nil
	}
	parts := filterPattern.FindStringSubmatch(r.URL.Query().Get("filter"))
	if parts == nil {
		return "", "", failf(http.StatusBadRequest, "Invalid filter")
	}
	attribute = strings.ToLower(parts[1])
	if !slices.Contains(attributes, attribute) {
		return "", "", failf(http.StatusBadRequest, "Invalid filter attribute")
	}
	if err := json.Unmarshal([]byte(parts[2]), &value); err != nil {
		return "", "", failf(http.StatusBadRequest, "Invalid filter value")
	}
	return attribute, value, nil
}
