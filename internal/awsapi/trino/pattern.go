package trino

import "strings"

// javaClasses are the classes of characters that Java and RE2 name differently.
var javaClasses = map[string]string{
	"Lower": "lower", "Upper": "upper", "Alpha": "alpha", "Digit": "digit", "Alnum": "alnum", "Punct": "punct", "Graph": "graph",
	"Print": "print", "Blank": "blank", "Cntrl": "cntrl", "XDigit": "xdigit", "Space": "space", "ASCII": "ascii",
}

// pattern writes what Java's regular expressions, which are Trino's, say in other words than RE2: (?<name>…) and \p{Alpha}.
func pattern(java string) string {
	var out strings.Builder
	inClass := false
	for i := 0; i < len(java); {
		rest := java[i:]
		n, text := 1, rest[:1]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			n, text = 2, rest[:2]
			if name, _, closed := strings.Cut(rest[2:], "}"); closed && strings.HasPrefix(name, "{") && rest[1]|0x20 == 'p' {
				if class := javaClasses[name[1:]]; class != "" {
					n, text = len(`\p`+name+`}`), "[:"+map[bool]string{true: "^", false: ""}[rest[1] == 'P']+class+":]"
					if !inClass {
						text = "[" + text + "]"
					}
				}
			}
		case inClass:
			inClass = rest[0] != ']'
		case rest[0] == '[':
			inClass = true
			if strings.HasPrefix(rest, "[]") || strings.HasPrefix(rest, "[^]") { // the bracket itself
				n = strings.IndexByte(rest, ']') + 1
				text = rest[:n]
			}
		case strings.HasPrefix(rest, "(?<") && len(rest) > 3 && rest[3] != '=' && rest[3] != '!':
			n, text = 3, "(?P<"
		}
		out.WriteString(text)
		i += n
	}
	return out.String()
}
