package pattern

import (
	"io"
	"regexp/syntax"
	"unicode/utf8"
)

// CostOfAll is about how many steps it takes to find every match in text, one after the other; false where it is more than
// most. It takes no more than about most steps itself.
//
// Finding the next match is linear in the text, but finding all may take its square: "x*y|x" looks at all that is left for
// each x that it finds. So the search is made, for its length alone, through a reader that counts.
func (p *Pattern) CostOfAll(text string, most int64) (int64, bool) {
	steps := p.Cost(0)
	if p.looksBack {
		return p.boundOfAll(text, most)
	}
	for at, last := 0, -1; at <= len(text); {
		m := &meter{text: text[at:], left: (most-steps)/p.size + 1}
		found := p.FindReaderIndex(m)
		if steps += p.Cost(m.read); steps > most || m.left < 0 {
			return 0, false
		}
		if found == nil {
			break
		}
		begin, end := at+found[0], at+found[1]
		if begin == end || end == last {
			// An empty match: the search goes on after the next character.
			_, width := utf8.DecodeRuneInString(text[end:])
			end += max(width, 1)
		}
		at, last = end, end
	}
	return steps, true
}

// boundOfAll is for expressions that look at what is before a match: a search from the middle of the text is not the same
// for them. Every match may look at all that is left, or at as much as the expression can match.
func (p *Pattern) boundOfAll(text string, most int64) (int64, bool) {
	perMatch := p.Cost(min(len(text), p.longest))
	once := p.Cost(len(text))
	if once > most {
		return 0, false
	}
	allowed := min((most-once)/perMatch, int64(len(text))+1)
	matches := int64(len(p.FindAllStringIndex(text, int(allowed)+1)))
	if matches > allowed {
		return 0, false
	}
	return once + matches*perMatch, true
}

// meter reads text and counts its bytes. It ends early when it has read as much as it may.
type meter struct {
	text string
	read int
	left int64
}

// ReadRune implements io.RuneReader.
func (m *meter) ReadRune() (rune, int, error) {
	if m.read >= len(m.text) {
		return 0, 0, io.EOF
	}
	r, width := utf8.DecodeRuneInString(m.text[m.read:])
	m.read += width
	if m.left -= int64(width); m.left < 0 {
		return 0, 0, io.EOF
	}
	return r, width, nil
}

// unbounded is the length of what may be of any length.
const unbounded = 1 << 30

// shape tells whether tree looks at what is before a match, and how many bytes a match has at most.
func shape(tree *syntax.Regexp) (looksBack bool, longest int) {
	switch tree.Op {
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true, 0
	case syntax.OpLiteral:
		return false, utf8.UTFMax * len(tree.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false, utf8.UTFMax
	}
	for _, sub := range tree.Sub {
		back, length := shape(sub)
		looksBack = looksBack || back
		if tree.Op == syntax.OpAlternate {
			longest = max(longest, length)
		} else {
			longest += length
		}
	}
	switch tree.Op {
	case syntax.OpStar, syntax.OpPlus:
		longest = unbounded
	case syntax.OpRepeat:
		if tree.Max < 0 {
			longest = unbounded
		} else {
			longest *= tree.Max
		}
	}
	return looksBack, min(longest, unbounded)
}
