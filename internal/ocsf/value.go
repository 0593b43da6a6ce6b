package ocsf

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// value checks one value, or one element of a list, against its type.
func (c *check) value(value any, path string, a *Attribute) {
	if a.object != nil {
		obj, ok := value.(map[string]any)
		if !ok {
			c.add(CodeWrongType, path, "want %s (object), have %s", a.object.name, typeOf(value))
			return
		}
		if d := a.object.deprecated; d != nil {
			c.add(CodeObjectDeprecated, path, "object %q is deprecated: %s", a.object.name, d.Message)
		}
		c.attributes(obj, path, a.object)
		c.constraints(obj, path, a.object)
		return
	}
	if !a.base.accepts(value) {
		c.add(CodeWrongType, path, "want %s, have %s", a.Type, typeOf(value))
		return
	}
	c.limits(value, path, a.base)
}

// accepts says whether the value is of the type's primitive.
func (t *dataType) accepts(value any) bool {
	switch t.primitive {
	case "json_t":
		return true
	case "boolean_t":
		_, ok := value.(bool)
		return ok
	case "string_t":
		_, ok := value.(string)
		return ok
	case "float_t":
		return isNumber(value)
	default: // integer_t and long_t
		_, ok := integer(value)
		return ok
	}
}

// limits checks what a type demands beyond its primitive.
func (c *check) limits(value any, path string, t *dataType) {
	if t.Values != nil && !slices.Contains(t.Values, value) {
		c.add(CodeNotInTypeValues, path, "not among the values of %s", t.name)
	}
	if t.Range != nil {
		if n, ok := integer(value); ok && (n < t.Range[0] || n > t.Range[1]) {
			c.add(CodeExceedsRange, path, "%d is outside %d to %d of %s", n, t.Range[0], t.Range[1], t.name)
		}
	}
	text, ok := value.(string)
	if !ok {
		return
	}
	if t.MaxLen > 0 && len(text) > t.MaxLen && utf8.RuneCountInString(text) > t.MaxLen {
		c.add(CodeExceedsMaxLen, path, "%d characters, %s takes %d", utf8.RuneCountInString(text), t.name, t.MaxLen)
	}
	if t.regex != nil && !t.regex.MatchString(text) {
		c.add(CodeRegexNotMatched, path, "does not look like %s", t.name)
	}
}

const other = "99" // the enumeration value whose word is the source's own

func (c *check) enum(obj map[string]any, value any, path string, a *Attribute) {
	id, ok := enumKey(value)
	if !ok {
		return // not a scalar: reported as a wrong type
	}
	v, known := a.enum[id]
	if !known {
		c.add(CodeEnumValueUnknown, path, "%s is not defined for %q", id, a.Name)
		return
	}
	if v.Deprecated != nil {
		c.add(CodeEnumValueDeprecated, path, "%s is deprecated: %s", id, v.Deprecated.Message)
	}
	word, there := obj[a.Sibling]
	if a.Sibling == "" || !there || word == nil {
		return
	}
	siblingPath := path[:len(path)-len(a.Name)] + a.Sibling
	switch {
	case id == other && word == v.Caption:
		c.add(CodeEnumSiblingSuspicious, siblingPath, "%q beside %s = 99 should be the source's own word", word, a.Name)
	case id != other && word != v.Caption:
		c.add(CodeEnumSiblingIncorrect, siblingPath, "want %q beside %s = %s, have %q", v.Caption, a.Name, id, word)
	}
}

func (c *check) enumArray(obj map[string]any, list any, path string, a *Attribute) {
	var words []any
	sibling := obj[a.Sibling]
	each(sibling, func(_ int, w any) { words = append(words, w) })
	each(list, func(i int, value any) {
		at := "[" + strconv.Itoa(i) + "]"
		id, ok := enumKey(value)
		if !ok {
			return
		}
		v, known := a.enum[id]
		if !known {
			c.add(CodeEnumArrayValueUnknown, path+at, "%s is not defined for %q", id, a.Name)
			return
		}
		if v.Deprecated != nil {
			c.add(CodeEnumArrayValueDeprecated, path+at, "%s is deprecated: %s", id, v.Deprecated.Message)
		}
		if a.Sibling == "" || sibling == nil || id == other {
			return
		}
		siblingPath := path[:len(path)-len(a.Name)] + a.Sibling + at
		switch {
		case i >= len(words) || words[i] == nil:
			c.add(CodeEnumArraySiblingMissing, siblingPath, "want %q beside %s", v.Caption, path+at)
		case words[i] != v.Caption:
			c.add(CodeEnumArraySiblingWrong, siblingPath, "want %q beside %s, have %q", v.Caption, path+at, words[i])
		}
	})
}

// enumKey is how the schema writes a value as the key of an enumeration.
func enumKey(value any) (string, bool) {
	if s, ok := value.(string); ok {
		return s, true
	}
	if n, ok := integer(value); ok {
		return strconv.FormatInt(n, 10), true
	}
	return "", false
}

// integer returns whole numbers, whichever Go type holds them.
func integer(value any) (int64, bool) {
	switch n := value.(type) {
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case float64:
		// 2^63 is the first whole float64 that no longer fits.
		if n == math.Trunc(n) && n >= math.MinInt64 && n < -math.MinInt64 {
			return int64(n), true
		}
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

func isNumber(value any) bool {
	switch value.(type) {
	case int, int32, int64, float64, json.Number:
		return true
	}
	return false
}

func isList(value any) bool {
	switch value.(type) {
	case []any, []map[string]any, []string:
		return true
	}
	return false
}

// each calls f for the elements of a list, whichever Go type holds it, and never for anything else.
func each(value any, f func(i int, element any)) {
	switch list := value.(type) {
	case []any:
		for i, e := range list {
			f(i, e)
		}
	case []map[string]any:
		for i, e := range list {
			f(i, e)
		}
	case []string:
		for i, e := range list {
			f(i, e)
		}
	}
}

// typeOf names a value's type in the schema's words.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean_t"
	case string:
		return "string_t"
	case map[string]any:
		return "object"
	}
	if isList(value) {
		return "array"
	}
	if _, ok := integer(value); ok {
		return "integer_t"
	}
	if isNumber(value) {
		return "float_t"
	}
	return "unknown type"
}
