package template

import (
	"reflect"
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
)

// regexNames are sprig's functions that take an expression and a text.
func regexNames() []string {
	var all []string
	for _, name := range strings.Fields("Match Find FindAll ReplaceAll ReplaceAllLiteral Split") {
		all = append(all, "regex"+name, "mustRegex"+name)
	}
	return all
}

// guardRegex spends what compiling and matching take, and what replacing makes.
func guardRegex(name string) guard {
	one := strings.HasSuffix(name, "Match") || strings.HasSuffix(name, "Find")
	return func(b *Budget, args []reflect.Value) error {
		source, text := args[0].String(), args[1].String()
		p, err := compileRegex(b, source)
		if err != nil {
			return err
		}
		const perStep = 64
		if one {
			return b.Spend(p.Cost(len(text)) / perStep)
		}
		cost, ok := p.CostOfAll(text, b.steps*perStep)
		if !ok {
			return &Error{Class: TooManySteps}
		}
		if err := b.Spend(cost / perStep); err != nil {
			return err
		}
		matches := int64(len(p.FindAllStringIndex(text, maxElements+1)))
		if !strings.Contains(name, "Replace") || matches > maxElements {
			return b.elements(matches)
		}
		replacement := args[2].String()
		if err := b.product(matches, int64(len(replacement))); err != nil {
			return err
		}
		// All matches together are no longer than the text, and each reference may repeat them.
		return b.product(int64(strings.Count(replacement, "$")), int64(len(text)))
	}
}

// compileRegex spends what parsing and compiling take, here and in the function.
func compileRegex(b *Budget, source string) (*pattern.Pattern, error) {
	if err := b.Spend(int64(min(len(source), pattern.MaxSource))); err != nil {
		return nil, err
	}
	p, err := pattern.Compile(source)
	if err != nil {
		return nil, &Error{Class: FunctionFailed, Detail: "the regular expression cannot be used"}
	}
	const perStep = 4
	return p, b.Spend(p.Size() / perStep)
}

// guardTrim is for functions that look every character of a text up in a set of characters.
func guardTrim(b *Budget, args []reflect.Value) error {
	const perStep = 64
	set, text := int64(args[0].Len()), int64(args[1].Len())
	return b.Spend(set / perStep * text / perStep)
}

// guardFormat spends for the widths that a format asks for and for arguments that it uses more than once, and refuses verbs
// that would show where a value is in memory, another place each time.
func guardFormat(b *Budget, args []reflect.Value) error {
	format := args[0].String()
	places := showsPlaces(args[1])
	var widths, verbs int64
	literal := false
	for _, after := range strings.SplitAfter(format, "%")[1:] {
		if literal {
			literal = false
			continue
		}
		verb, width, err := directive(after)
		if err != nil {
			return err
		}
		literal = verb == '%'
		verbs++
		widths += width
		// These ask a value for its text, which versions and times have.
		const texts = "svqxXT%"
		if verb == 'p' || places && (strings.IndexByte(texts, verb) < 0 || strings.Contains(format, "#")) {
			return &Error{Class: FunctionFailed, Detail: "a verb would show a place in memory"}
		}
	}
	if strings.Contains(format, "*") {
		if err := starWidths(args[1]); err != nil {
			return err
		}
	}
	if err := b.produce(widths); err != nil {
		return err
	}
	if !strings.Contains(format, "[") {
		return nil
	}
	weight, err := weigh(args[1], maxBytes)
	if err != nil {
		return err
	}
	return b.product(verbs, weight)
}

// directive reads what follows a '%': the verb, 's' where there is none, and the widths and precisions that it asks for,
// all together.
func directive(after string) (verb byte, widths int64, err error) {
	for i := 0; i < len(after); i++ {
		switch c := after[i]; {
		case c == '*':
			widths += maxWidth
		case isDigit(c):
			width := int64(0)
			for ; i < len(after) && isDigit(after[i]); i++ {
				if width = width*10 + int64(after[i]-'0'); width > maxWidth {
					return 0, 0, &Error{Class: TooLarge, Detail: "a width or precision is over 4096"}
				}
			}
			widths += width
			i--
		case strings.IndexByte("+-# .[]", c) < 0:
			return c, widths, nil
		}
	}
	return 's', widths, nil
}

// showsPlaces tells whether verbs of numbers would show a place in memory in v: versions and times are behind pointers or
// have some inside. Only what has been weighed may be asked.
func showsPlaces(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return showsPlaces(v.Elem())
	case reflect.Pointer, reflect.Struct:
		return true
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if showsPlaces(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if showsPlaces(it.Value()) {
				return true
			}
		}
	}
	return false
}

// starWidths refuses numbers that would be a width where the format has one as an argument.
func starWidths(args reflect.Value) error {
	for i := range args.Len() {
		arg := args.Index(i).Elem()
		if arg.CanInt() && (arg.Int() > maxWidth || arg.Int() < -maxWidth) || arg.CanUint() && arg.Uint() > maxWidth {
			return &Error{Class: TooLarge, Detail: "a width or precision is over 4096"}
		}
	}
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// nesting is how deep v is nested. Only what has been weighed may be measured.
func nesting(v reflect.Value) int64 {
	deepest := int64(0)
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return nesting(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			deepest = max(deepest, nesting(v.Index(i)))
		}
		return deepest + 1
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			deepest = max(deepest, nesting(it.Value()))
		}
		return deepest + 1
	}
	return deepest
}
