package template

import (
	"fmt"
	"sync"
)

// functions is every function of the template language but those of Go's own that need no watching.
var functions = sync.OnceValue(func() map[string]function {
	return map[string]function{"print": {call: fmt.Sprint}}
})

// names fills the map that the parser asks for.
var names = sync.OnceValue(func() map[string]any {
	m := map[string]any{}
	for name := range functions() {
		m[name] = true
	}
	return m
})
