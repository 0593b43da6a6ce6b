package format

import "unicode/utf8"

// replacement stands for what cannot be written: bytes that are no UTF-8, and NUL where the format has no escape for it,
// because it may end a record.
const replacement = "\uFFFD"

// plainValue are the bytes that stand for themselves in a value of CEF.
var plainValue = func() (plain [256]bool) {
	for c := range utf8.RuneSelf {
		plain[c] = c != 0 && c != '\\' && c != '=' && c != '\n' && c != '\r'
	}
	return plain
}()

// appendCEFValue writes a value of CEF's extension.
func appendCEFValue(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainValue[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '\\', '=':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, replacement...)
		}
		i++
		start = i
	}
	return append(dst, s[start:]...)
}

// appendCEFHead writes a field of CEF's header. Control characters become blanks: there is no escape for them.
func appendCEFHead(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '|' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' && c != '\t':
			dst = append(dst, ' ')
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		default:
			dst = append(dst, c)
		}
		i++
	}
	return dst
}

// cefSyntax is how CEF is written, the original's and ours.
var cefSyntax = syntax{
	head: func(dst []byte, l *lineForm) []byte {
		dst = append(dst, "CEF:0|"...)
		for i, h := range l.head {
			if l.raw[i] {
				dst = append(dst, h...)
			} else {
				dst = appendCEFHead(dst, h)
			}
			dst = append(dst, '|')
		}
		return dst
	},
	separator: ' ',
	value:     appendCEFValue,
	cutOrder:  []string{"cs3", "msg", "requestClientApplication", "request", "reason"},
}
