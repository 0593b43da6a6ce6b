package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
)

// Path is a parsed path: the steps from the document to a value. The zero Path is the document itself.
type Path struct{ steps []step }

// step goes to a member, or, when index is not negative, to an element.
type step struct {
	key   string
	index int
}

// Error says where a path cannot be read.
type Error struct {
	Offset int // bytes from the start of the path
	Cause  string
}

func (e *Error) Error() string { return fmt.Sprintf("JSON path at byte %d: %s", e.Offset, e.Cause) }

// Parse reads a path: $, then .key, ["key"], ['key'] or [0] for every step. A key without quotes ends at a dot or a
// bracket. Wildcards and filters are not part of json_extract's paths. Source: Trino, JSON functions, json_extract.
func Parse(text string) (Path, error) {
	if text == "" || text[0] != '$' {
		return Path{}, &Error{0, "expected $"}
	}
	var p Path
	for i := 1; i < len(text); {
		var s step
		var err error
		switch text[i] {
		case '.':
			s, i, err = dotted(text, i+1)
		case '[':
			s, i, err = bracketed(text, i+1)
		default:
			err = &Error{i, "expected . or ["}
		}
		if err != nil {
			return Path{}, err
		}
		p.steps = append(p.steps, s)
	}
	return p, nil
}

func dotted(text string, i int) (step, int, error) {
	n := strings.IndexAny(text[i:], `.[]"'*?() `+"\t\r\n")
	if n < 0 {
		n = len(text) - i
	}
	if n == 0 {
		return step{}, i, &Error{i, "expected a key"}
	}
	if i+n < len(text) && text[i+n] != '.' && text[i+n] != '[' {
		return step{}, i, &Error{i + n, fmt.Sprintf("%q is not allowed in a key without quotes", text[i+n])}
	}
	return step{key: text[i : i+n], index: -1}, i + n, nil
}

func bracketed(text string, i int) (step, int, error) {
	if i >= len(text) {
		return step{}, i, &Error{i, "expected a key or a number"}
	}
	s := step{index: -1}
	if q := text[i]; q == '"' || q == '\'' {
		var key strings.Builder
		for i++; ; i++ {
			if i >= len(text) {
				return s, i, &Error{i, "key is not closed"}
			}
			c := text[i]
			if c == q {
				break
			}
			if c == '\\' && i+1 < len(text) && (text[i+1] == q || text[i+1] == '\\') {
				i++
				c = text[i]
			}
			key.WriteByte(c)
		}
		s.key = key.String()
		i++
	} else {
		end := i
		for end < len(text) && '0' <= text[end] && text[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(text[i:end])
		if err != nil {
			// Without quotes and not a number: a key, as in $[key].
			n := strings.IndexAny(text[i:], `.[]"'*?() `)
			if n <= 0 || text[i+n] != ']' {
				return s, i, &Error{i, "expected a key or a number"}
			}
			s.key = text[i : i+n]
			i += n
		} else {
			s.index = n
			i = end
		}
	}
	if i >= len(text) || text[i] != ']' {
		return s, i, &Error{i, "expected ]"}
	}
	return s, i + 1, nil
}

// Member is the path of a member of p's value.
func (p Path) Member(key string) Path {
	return Path{append(p.steps[:len(p.steps):len(p.steps)], step{key: key, index: -1})}
}

// String writes the path so that Parse reads the same one.
func (p Path) String() string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range p.steps {
		switch {
		case s.index >= 0:
			fmt.Fprintf(&b, "[%d]", s.index)
		case strings.ContainsAny(s.key, `.[]"'*?() `+"\t\r\n\\") || s.key == "":
			b.WriteString(`["` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.key) + `"]`)
		default:
			b.WriteString("." + s.key)
		}
	}
	return b.String()
}
