package infisical

import "strings"

const (
	listPath  = "/api/v3/secrets/raw"
	loginPath = "/api/v1/auth/"
)

// routeOf is the route of a request, one of few whatever the names in it are. What stands before /api is the store's.
func routeOf(method, path string) string {
	if strings.Contains(path, listPath+"/") {
		return method + " " + listPath + "/{name}"
	}
	if strings.HasSuffix(path, listPath) {
		return method + " " + listPath
	}
	if at := strings.LastIndex(path, loginPath); at >= 0 {
		return method + " " + path[at:]
	}
	return method + " other"
}
