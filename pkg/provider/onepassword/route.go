package onepassword

import (
	"net/http"
	"strings"
)

// routes are the paths of Connect that are asked, with what each id is of.
var routes = [][]string{
	{"v1", "vaults"},
	{"v1", "vaults", "{vault}"},
	{"v1", "vaults", "{vault}", "items"},
	{"v1", "vaults", "{vault}", "items", "{item}"},
	{"v1", "vaults", "{vault}", "items", "{item}", "files"},
	{"v1", "vaults", "{vault}", "items", "{item}", "files", "{file}"},
	{"v1", "vaults", "{vault}", "items", "{item}", "files", "{file}", "content"},
}

// routeOf is the route of a GET, one of few whatever the ids are: Connect chose them.
func routeOf(path string) string {
	asked := strings.Split(strings.Trim(path, "/"), "/")
	for _, route := range routes {
		if follows(asked, route) {
			return http.MethodGet + " /" + strings.Join(route, "/")
		}
	}
	return http.MethodGet + " other"
}

func follows(path, route []string) bool {
	if len(path) != len(route) {
		return false
	}
	for i, part := range route {
		if part != path[i] && !strings.HasPrefix(part, "{") {
			return false
		}
	}
	return true
}
