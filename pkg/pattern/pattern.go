// Package pattern compiles regular expressions that users wrote, within bounds.
//
// Go's expressions (RE2) match in time linear in the text, but a few characters of source may ask for a program of
// millions of instructions ("(x{1000}){...}"): its size is counted before anything is compiled.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

const (
	// MaxSource is the longest source of an expression, in bytes.
	MaxSource = 10_000
	// MaxSize is the largest program that an expression may compile to, in instructions, about.
	MaxSize = 10_000
)

// Pattern is a compiled expression and what it costs to match.
type Pattern struct {
	*regexp.Regexp
	size int64
	// looksBack tells whether it asks what is before a match; longest is how many bytes a match has at most.
	looksBack bool
	longest   int
}

// Compile parses and compiles expr. Its errors hold no part of expr, which may have been made from a secret value.
func Compile(expr string) (*Pattern, error) {
	if len(expr) > MaxSource {
		return nil, fmt.Errorf("the regular expression is longer than %d bytes", MaxSource)
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the regular expression does not parse: %s", code(err))
	}
	n := size(tree)
	if n > MaxSize {
		return nil, fmt.Errorf("the regular expression repeats too much: it comes to more than %d steps", MaxSize)
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("the regular expression does not compile: %s", code(err))
	}
	p := &Pattern{Regexp: re, size: n}
	p.looksBack, p.longest = shape(tree)
	return p, nil
}

// Size is about how many instructions it was compiled to.
func (p *Pattern) Size() int64 { return p.size }

// Cost is about how many steps it takes at worst to find one match in n bytes.
func (p *Pattern) Cost(n int) int64 {
	return p.size * (int64(n) + 1)
}

// size is about how many instructions tree compiles to. It stops counting beyond MaxSize.
func size(tree *syntax.Regexp) int64 {
	n := int64(1)
	switch tree.Op {
	case syntax.OpLiteral:
		n = int64(len(tree.Rune))
	case syntax.OpCharClass:
		// A class is one instruction, but "\pL" is one of 1300 characters, which are copied whenever it is compiled.
		const perInstruction = 32
		n += int64(len(tree.Rune)) / perInstruction
	}
	for _, sub := range tree.Sub {
		if n += size(sub); n > MaxSize {
			return MaxSize + 1
		}
	}
	if tree.Op == syntax.OpRepeat {
		// One for the repetition itself was counted above.
		n = 1 + (n-1)*int64(max(tree.Min, tree.Max, 1))
	}
	return min(n, MaxSize+1)
}

// code is the parser's word for what is wrong, without the expression that it quotes.
func code(err error) string {
	var e *syntax.Error
	if errors.As(err, &e) {
		return e.Code.String()
	}
	return "not in Go's syntax (RE2)"
}
