package template

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	corev1 "k8s.io/api/core/v1"
)

// maxOutput is how long the result of one template may be: what a Secret holds at most.
const maxOutput = corev1.MaxSecretSize

// maxCalls is how deep templates may call templates.
const maxCalls = 100

// run is one execution of a program.
type run struct {
	budget *Budget
	calls  int
	out    strings.Builder
}

// execute renders data within the budget. strict makes a missing key an error.
func (p *program) execute(b *Budget, data any, strict bool) (result string, failure *Error) {
	// The engine hands on runtime errors of its own as panics.
	defer func() {
		if recover() != nil {
			result, failure = "", &Error{Class: ExecutionFailed}
		}
	}()
	if err := b.alive(); err != nil {
		return "", p.explain(err)
	}
	r := &run{budget: b}
	t := template.New(rootName).Funcs(r.functions(p))
	if strict {
		t = t.Option("missingkey=error")
	}
	for name, tree := range p.trees {
		if _, err := t.AddParseTree(name, tree); err != nil {
			return "", &Error{Class: ParseFailed}
		}
	}
	if err := t.Execute(r, data); err != nil {
		return "", p.explain(err)
	}
	return r.out.String(), nil
}

// Write takes output of the engine: the text between actions, and what print let through.
func (r *run) Write(b []byte) (int, error) {
	if r.out.Len()+len(b) > maxOutput {
		return 0, &Error{Class: TooLarge}
	}
	if err := r.budget.produce(int64(len(b))); err != nil {
		return 0, err
	}
	return r.out.Write(b)
}

var _ io.Writer = (*run)(nil)

// functions are what p names, watched, and what instrument put into it.
func (r *run) functions(p *program) template.FuncMap {
	known := functions()
	funcs := template.FuncMap{
		stepFunction:  r.step,
		madeFunction:  r.made,
		rangeFunction: r.ranged,
		enterFunction: r.enter,
		leaveFunction: r.leave,
		printFunction: r.print,
	}
	for name := range p.functions {
		if f, ok := known[name]; ok {
			funcs[name] = r.watch(name, f)
		}
	}
	return funcs
}

func (r *run) step(cost int64) (string, error) {
	return "", r.budget.Spend(cost)
}

// made pays for what a method made of its arguments: a time's Format, a version's SetMetadata.
func (r *run) made(v any) (any, error) {
	weight, err := weigh(reflect.ValueOf(v), r.budget.bytes)
	if err != nil {
		return nil, err
	}
	if err := r.budget.Spend(weight / bytesPerStep); err != nil {
		return nil, err
	}
	return v, r.budget.produce(weight)
}

// ranged pays for what is done before the first iteration: the keys of a map are sorted.
func (r *run) ranged(v any) (any, error) {
	const perKey = 8
	if m := reflect.ValueOf(v); m.Kind() == reflect.Map {
		return v, r.budget.Spend(int64(m.Len()) * perKey)
	}
	return v, nil
}

func (r *run) enter() (string, error) {
	if r.calls++; r.calls > maxCalls {
		return "", &Error{Class: TooDeep}
	}
	return "", nil
}

func (r *run) leave() string {
	r.calls--
	return ""
}

// print makes the text of a value as the engine would, once it is known to be short enough.
func (r *run) print(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "<no value>", nil
	case string:
		return v, nil
	}
	if _, err := weigh(reflect.ValueOf(v), maxOutput*4); err != nil {
		return "", err
	}
	if kind := reflect.TypeOf(v).Kind(); kind == reflect.Func || kind == reflect.Chan {
		return "", &Error{Class: ExecutionFailed}
	}
	return fmt.Sprint(v), nil
}

var (
	missing = regexp.MustCompile(`map has no entry for key "([^"\\]+)"$`)
	calling = regexp.MustCompile(`error calling ([A-Za-z][A-Za-z0-9_]*): `)
)

// explain rebuilds an error of the engine's from its line, its class, and names that the template itself holds. The rest
// of its text may hold values.
func (p *program) explain(err error) *Error {
	message, line := err.Error(), 0
	if m := parsePrefix.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	var own *Error
	if errors.As(err, &own) {
		explained := *own
		explained.Line = line
		return &explained
	}
	if m := missing.FindStringSubmatch(message); m != nil {
		if p.fields[m[1]] {
			return &Error{Line: line, Class: MissingKey, Detail: strconv.Quote(m[1])}
		}
		return &Error{Line: line, Class: MissingKey}
	}
	if m := calling.FindStringSubmatch(message); len(m) == 2 && p.functions[m[1]] {
		return &Error{Line: line, Function: m[1], Class: FunctionFailed}
	}
	return &Error{Line: line, Class: ExecutionFailed}
}
