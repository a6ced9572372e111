package template

import (
	"errors"
	"reflect"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// maxAliased is how much a text may come to whose aliases are written out.
const maxAliased = 4 << 20

// parseYAML reads YAML that is no longer than maxTree. An alias may stand for much more than it takes to write, so a text
// that may have some is first read into values that share what they stand for, and these are weighed as if they did not.
func parseYAML(text string, into any) error {
	if strings.ContainsRune(text, '&') && strings.ContainsRune(text, '*') {
		var shared any
		if err := goyaml.Unmarshal([]byte(text), &shared); err != nil {
			return err
		}
		if _, err := weigh(reflect.ValueOf(shared), maxAliased); err != nil {
			return errors.New("aliases stand for too much")
		}
	}
	return yaml.Unmarshal([]byte(text), into)
}

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
