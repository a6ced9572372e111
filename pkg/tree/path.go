package tree

import (
	"fmt"
	"strconv"
	"strings"
)

// The bounds of a path. They are far above what a manifest needs.
const (
	maxPath  = 512
	maxSteps = 32
	// maxIndex is the last element of a list that a path can lead to. External Secrets Operator allows 10000, and fills up a
	// shorter list with nulls; here an element can only be appended to those that are there.
	maxIndex = 99
)

// Path leads to a field of an object: "spec.items[0].name".
type Path []Step

// Step is one field of a map, or one element of a list.
type Step struct {
	// Name of the field; empty for an element.
	Name string
	// Index of the element, from 0.
	Index int
}

// Parse reads a path. Its errors say what is allowed.
func Parse(text string) (Path, error) {
	if len(text) > maxPath {
		return nil, fmt.Errorf("a path has at most %d characters", maxPath)
	}
	var path Path
	for _, segment := range strings.Split(text, ".") {
		name, indexes, _ := strings.Cut(segment, "[")
		if name == "" || strings.ContainsAny(name, "]/\\\"' \t\r\n") {
			return nil, fmt.Errorf("a path is names with dots between them, with the elements of lists in brackets: spec.items[0].name")
		}
		path = append(path, Step{Name: name})
		if len(indexes) == len(segment)-len(name) {
			continue
		}
		elements, err := parseIndexes(indexes)
		if err != nil {
			return nil, err
		}
		path = append(path, elements...)
	}
	if len(path) > maxSteps {
		return nil, fmt.Errorf("a path has at most %d steps", maxSteps)
	}
	return path, nil
}

// parseIndexes reads what follows the first bracket of a segment: "0]", "0][1]".
func parseIndexes(text string) (Path, error) {
	inner, closed := strings.CutSuffix(text, "]")
	if !closed {
		return nil, fmt.Errorf("a bracket of a path is not closed")
	}
	var path Path
	for _, number := range strings.Split(inner, "][") {
		index, err := strconv.ParseUint(number, 10, 16)
		if err != nil || index > maxIndex {
			return nil, fmt.Errorf("the index of a list is a number from 0 to %d", maxIndex)
		}
		path = append(path, Step{Index: int(index)})
	}
	return path, nil
}
