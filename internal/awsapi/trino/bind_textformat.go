package trino

import (
	"regexp"
	"strings"
)

// conversion is one % of format's text: flags, width, precision and letter.
var conversion = regexp.MustCompile(`%([-0,+]*)([0-9]{0,3})(\.[0-9]{1,2})?([a-zA-Z%])`)

// textFormat translates format('%s has %d', …): Java's formats of text, whole and other numbers. Each becomes a text of its
// own, as NULL is written null.
func (b *binder) textFormat(args []value, pos Pos) value {
	if args[0].text == nil {
		fail(args[0].pos, "Write the text itself.", "argument 1 of format must be a constant")
	}
	text, next, last := *args[0].text, 1, 0
	var parts []string
	for _, m := range conversion.FindAllStringSubmatchIndex(text, -1) {
		parts = append(parts, b.plainFormat(text[last:m[0]], args[0].pos)...)
		last = m[1]
		spec, flags, letter := text[m[0]:m[1]], text[m[2]:m[3]], text[m[8]:m[9]]
		switch {
		case spec == "%%":
			parts = append(parts, "'%'")
			continue
		case spec == "%n":
			parts = append(parts, "chr(10)")
			continue
		case next >= len(args):
			fail(args[0].pos, "Give one argument for each %.", "format has no argument for %s", spec)
		}
		parts = append(parts, b.formatted(args[next], spec, flags, letter))
		next++
	}
	parts = append(parts, b.plainFormat(text[last:], args[0].pos)...)
	if len(parts) == 0 {
		return textValue("", pos)
	}
	return value{sql: "(" + strings.Join(parts, " || ") + ")", typ: typeVarchar, pos: pos}
}

// plainFormat is what stands between conversions.
func (b *binder) plainFormat(text string, pos Pos) []string {
	if strings.Contains(text, "%") {
		fail(pos, "Use %s, %d, %f, %x and %%; %% is a percent sign.", "format has a %% that cannot be read in %s", quoteText(text))
	}
	if text == "" {
		return nil
	}
	return []string{quoteText(text)}
}

// formatted is one argument as its conversion says.
func (b *binder) formatted(v value, spec, flags, letter string) string {
	isInt, isFraction := v.typ.isInt(), v.typ.Kind == Decimal || v.typ.Kind == Double || v.typ.Kind == Real
	text := ""
	switch {
	case letter == "s" && !strings.ContainsAny(flags, "0,+") && !strings.Contains(spec, ".") && (v.typ.Kind == Varchar || v.typ.Kind == Boolean || v.typ.Kind == Date || isInt || v.typ.Kind == Decimal):
		text = sql("coalesce(%s, 'null')", caster{b, false}.convert(v.sql, v.typ, typeVarchar))
		if spec != "%s" {
			text = sql("printf(%s, %s)", quoteText(spec), text)
		}
		return text
	case (letter == "d" || letter == "x" || letter == "X") && isInt && !strings.Contains(spec, "."), letter == "f" && isFraction && flags != ",":
		x := v.sql
		if isFraction {
			digits := "6"
			if _, after, found := strings.Cut(spec, "."); found {
				digits = strings.TrimRight(after, "f")
			}
			x = sql("CAST(round(%s, %s) AS DOUBLE)", x, digits) // the engine's printf rounds halves to even digits
		}
		text = sql("printf(%s, %s)", quoteText(spec), x)
		if spec == "%,d" {
			text = sql("format('{:,}', %s)", x)
		} else if strings.Contains(flags, ",") {
			break // the engine's printf has no groups of digits
		}
		return sql("coalesce(%s, 'null')", text)
	}
	fail(v.pos, "Use %s for text and whole numbers, %d for whole numbers, %.2f for others, or CAST(… AS varchar).", "%s cannot format %s", spec, v.typ)
	return ""
}
