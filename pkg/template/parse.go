package template

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
)

const (
	// maxText is the longest template. A ConfigMap or Secret holds no longer one.
	maxText = 1 << 20
	// maxActions bounds how deep the parser can be led, one level per action.
	maxActions = 10_000
	// rootName is the engine's name of every template: it appears in messages before the line.
	rootName = "t"
)

// The functions that instrument puts into a parse tree. No user can name them: the parser does not know them.
const (
	stepFunction  = "_step"
	madeFunction  = "_made"
	rangeFunction = "_range"
	enterFunction = "_enter"
	leaveFunction = "_leave"
	printFunction = "_print"
)

// program is a parsed template that keeps to a Budget when it runs. It is immutable.
type program struct {
	trees map[string]*parse.Tree
	// functions that the template names, besides those of the language that need no watching.
	functions map[string]bool
	// fields that the template names, as in .field.
	fields map[string]bool
	// compares is set by instrument where it meets a comparison; failure by what it cannot bound.
	compares bool
	failure  *Error
}

// compileCost is how many steps it takes to parse a template and to make it run, about.
func compileCost(text string) int64 {
	const perTemplate, perAction, perStep = 20, 4, 64
	return perTemplate + int64(strings.Count(text, "{{"))*perAction + int64(len(text))/perStep
}

// compile parses text and puts the budget into it.
func compile(text string) (p *program, failure *Error) {
	if len(text) > maxText {
		return nil, &Error{Class: ParseFailed, Detail: fmt.Sprintf("it is longer than %d bytes", maxText)}
	}
	if strings.Count(text, "{{") > maxActions {
		return nil, &Error{Class: ParseFailed, Detail: fmt.Sprintf("it has more than %d actions", maxActions)}
	}
	// The parser hands on runtime errors of its own as panics.
	defer func() {
		if recover() != nil {
			p, failure = nil, &Error{Class: ParseFailed}
		}
	}()
	trees := map[string]*parse.Tree{}
	root := parse.New(rootName)
	if _, err := root.Parse(text, "", "", trees, language, names()); err != nil {
		return nil, parseError(err)
	}
	if trees[rootName] == nil {
		trees[rootName] = root
	}
	p = &program{trees: trees, functions: map[string]bool{}, fields: map[string]bool{}}
	for _, tree := range trees {
		p.instrument(tree)
	}
	if p.failure != nil {
		return nil, p.failure
	}
	return p, nil
}

// language names the functions of the template language itself. The values only fill the map that the parser asks for.
var language = func() map[string]any {
	m := map[string]any{}
	for _, name := range strings.Fields("and or not len index slice call eq ne lt le gt ge print printf println html js urlquery") {
		m[name] = true
	}
	return m
}()

var (
	parsePrefix = regexp.MustCompile(`^template: ` + rootName + `:(\d+):(?:\d+:)? ?`)
	noFunction  = regexp.MustCompile(`^function "([A-Za-z_][A-Za-z0-9_]*)" not defined$`)
)

// parseError takes the parser's message apart. It quotes the template, whose reader may be shown it or not: the caller
// drops Detail and Function where the template is not part of a spec.
func parseError(err error) *Error {
	message, line := err.Error(), 0
	if m := parsePrefix.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	if m := noFunction.FindStringSubmatch(message); m != nil {
		return &Error{Line: line, Function: m[1], Class: UnknownFunction}
	}
	const longest = 200
	if len(message) > longest {
		message = strings.ToValidUTF8(message[:longest], "") + "..."
	}
	return &Error{Line: line, Class: ParseFailed, Detail: message}
}

// randomFunction is the first function by name that gives another result another time, if the template names one.
func (p *program) randomFunction() (string, bool) {
	known := functions()
	for _, name := range slices.Sorted(maps.Keys(p.functions)) {
		if known[name].random {
			return name, true
		}
	}
	return "", false
}
