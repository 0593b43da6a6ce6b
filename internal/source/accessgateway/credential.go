package accessgateway

import "strings"

// redactShapes replaces what is a credential by its looks, whatever name it has: the value behind an authentication scheme, a JSON Web
// Token, a SAML message, and members of JSON whose names tell. Its time is linear in s.
func redactShapes(s string) string {
	var b strings.Builder
	kept, tokenless := 0, 0 // no JSON Web Token starts before tokenless
	for i := 0; i < len(s); {
		from, to := 0, 0
		switch s[i] {
		case ' ':
			from, to = behindScheme(s, i)
		case 'e':
			if i >= tokenless && strings.HasPrefix(s[i:], "eyJ") {
				if from, to = webToken(s, i); to == 0 {
					tokenless = from
				}
			}
		case 'P', '<':
			from, to = samlMessage(s, i)
		case ':':
			from, to = secretMember(s, i)
		}
		if to == 0 {
			i++
			continue
		}
		b.WriteString(s[kept:from])
		b.WriteString(redacted)
		kept, i = to, to
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// behindScheme is the credential behind the blank at i, when a scheme of the header Authorization stands in front of it.
func behindScheme(s string, i int) (from, to int) {
	if !schemeEnds(s, i) {
		return 0, 0
	}
	end := i + 1
	for end < len(s) && tokenByte(s[end]) {
		end++
	}
	if !looksRandom(s[i+1 : end]) {
		return 0, 0
	}
	return i + 1, end
}

// schemeEnds says whether the name of a scheme ends at i.
func schemeEnds(s string, i int) bool {
	for _, scheme := range [...]string{"bearer", "basic", "negotiate", "ntlm", "token", "apikey"} {
		n := i - len(scheme)
		if n >= 0 && strings.EqualFold(s[n:i], scheme) && (n == 0 || !keyByte(s[n-1])) {
			return true
		}
	}
	return false
}

// looksRandom tells a credential from a word: "Basic authentication" is about none.
func looksRandom(v string) bool {
	if len(v) < 8 {
		return false
	}
	for i := range len(v) {
		if c := v[i]; c >= '0' && c <= '9' || c == '=' || c == '+' || c == '/' || i > 0 && upper(c) {
			return true
		}
	}
	return false
}

// webToken is the JSON Web Token at i. Without one, to is 0 and from is where the search goes on.
func webToken(s string, i int) (from, to int) {
	dot := i
	for dot < len(s) && urlByte(s[dot]) {
		dot++
	}
	if dot-i < 10 {
		return dot, 0
	}
	end := dot
	for end < len(s) && (urlByte(s[end]) || s[end] == '.') {
		end++
	}
	if end-dot < 4 {
		return dot, 0
	}
	return i, end
}

// samlMessage is the message of SAML at i, in XML or in base64 of it.
func samlMessage(s string, i int) (from, to int) {
	rest := s[i:]
	if strings.HasPrefix(rest, "<saml") {
		if end := strings.LastIndexByte(rest, '>'); end > 0 {
			return i, i + end + 1
		}
		return i, len(s)
	}
	if !strings.HasPrefix(rest, "PHNhbWx") && !strings.HasPrefix(rest, "PD94bWwg") {
		return 0, 0
	}
	n := 0
	for n < len(rest) && tokenByte(rest[n]) {
		n++
	}
	if n < 16 {
		return 0, 0
	}
	return i, i + n
}

// secretMember is the value behind the colon at i, when the name in quotes in front of it names a secret.
func secretMember(s string, i int) (from, to int) {
	if i == 0 || s[i-1] != '"' || !secretKey(keyBefore(strings.TrimRight(s[:i], `"\`))) {
		return 0, 0
	}
	from = i + 1
	for from < len(s) && s[from] == ' ' {
		from++
	}
	to = from
	quoted := from < len(s) && s[from] == '"'
	if quoted {
		from, to = from+1, to+1
	}
	for to < len(s) {
		switch c := s[to]; {
		case quoted && c == '\\' && to+1 < len(s):
			to++
		case quoted && c == '"', !quoted && (c == ',' || c == '}' || c == ']'):
			return from, to
		}
		to++
	}
	return from, to
}

// urlByte says whether c stands in the parts of a JSON Web Token.
func urlByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_'
}

// tokenByte says whether c stands in a token68 of RFC 9110.
func tokenByte(c byte) bool {
	return urlByte(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '='
}
