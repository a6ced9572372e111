package template

import (
	"strings"

	"sigs.k8s.io/yaml"
)

// toYAML is v as YAML without the last line end; nothing where v cannot be written, as in ESO.
func toYAML(v any) string {
	b, err := yaml.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(b), "\n")
}

// fromYAML reads a YAML map. What is none comes back as a map with the key Error, as in ESO.
func fromYAML(text string) map[string]any {
	m := map[string]any{}
	if err := parseYAML(text, &m); err != nil {
		return map[string]any{"Error": "not a YAML map"}
	}
	return m
}
