package accessgateway

import "strings"

const reasonSession = "SESSIONID="

// readReason reads the second format of REASON: "<rule> - SESSIONID=<id> key=value key=value ".
func (l *Line) readReason() {
	v := l.value("REASON")
	rule, fields, ok := splitReason(v)
	if !ok {
		return
	}
	l.HasReason, l.ReasonRule = true, rule
	seen := map[string]struct{}(nil)
	for _, p := range reasonPairs(fields) {
		if seen == nil && len(l.ReasonFields) == linearKeys {
			seen = make(map[string]struct{}, 2*linearKeys)
			for _, f := range l.ReasonFields {
				seen[f.Key] = struct{}{}
			}
		}
		if repeated(l.ReasonFields, seen, p.Key) {
			l.ReasonRepeats = append(l.ReasonRepeats, p)
			continue
		}
		if seen != nil {
			seen[p.Key] = struct{}{}
		}
		l.ReasonFields = append(l.ReasonFields, p)
	}
}

func repeated(list []Pair, index map[string]struct{}, key string) bool {
	if index != nil {
		_, ok := index[key]
		return ok
	}
	for i := range list {
		if list[i].Key == key {
			return true
		}
	}
	return false
}

// splitReason parts the rule from the session data.
func splitReason(v string) (rule, fields string, ok bool) {
	at := strings.Index(v, " - "+reasonSession)
	if at < 0 {
		session := strings.Index(v, reasonSession)
		if session < 0 {
			return "", "", false
		}
		if at = strings.Index(v[:session], " - "); at < 0 {
			return "", "", false
		}
	}
	return trim(v[:at]), v[at+3:], true
}

// reasonPairs yields the pairs of session data. Values are not quoted and may hold blanks: they end where a blank and
// another key follow.
func reasonPairs(s string) func(yield func(int, Pair) bool) {
	return func(yield func(int, Pair) bool) {
		i := skipBlanks(s, 0)
		n := reasonKey(s[i:])
		for count := 0; n > 0; count++ {
			key := s[i : i+n-1]
			start := i + n
			end, next := nextReasonKey(s, start)
			switch {
			case secretKey(key):
				end, next = secretEnd(s, start)
			case strings.HasPrefix(s[start:], "<saml"): // its attributes are no keys
				if at := strings.LastIndexByte(s[start:], '>'); at >= 0 {
					end, next = nextReasonKey(s, start+at+1)
				} else {
					end, next = len(s), len(s)
				}
			}
			if !yield(count, Pair{key, trim(s[start:end])}) {
				return
			}
			if i = next; i == len(s) {
				return
			}
			n = reasonKey(s[i:])
		}
	}
}

// nextReasonKey returns where the value that starts at i ends and where the key behind it starts; both are the end of s
// when no key follows.
func nextReasonKey(s string, i int) (end, next int) {
	for i < len(s) {
		if solid(s[i]) {
			i++
			continue
		}
		n := blank(s, i)
		if n == 0 {
			i++
			continue
		}
		if k := reasonKey(s[i+n:]); k > 0 && !paddedCredential(s, i, i+n+k) {
			return i, i + n
		}
		i += n
	}
	return len(s), len(s)
}

// paddedCredential says whether what looks like a key= that ends at end is base64 with its padding, behind the name of an
// authentication scheme that ends at i.
func paddedCredential(s string, i, end int) bool {
	return (end == len(s) || s[end] == '=' || blank(s, end) > 0) && schemeEnds(s, i)
}

// secretEnd is nextReasonKey for the value of a secret: the header Cookie is a list of name=value with "; " between them.
func secretEnd(s string, i int) (end, next int) {
	end, next = nextReasonKey(s, i)
	for end > i && s[end-1] == ';' && next < len(s) {
		end, next = nextReasonKey(s, next)
	}
	return end, next
}

// reasonKey returns the length of key= at the start of s, 0 when there is none.
func reasonKey(s string) int {
	if s == "" || !letter(s[0]) && s[0] != '_' && s[0] != '-' {
		return 0
	}
	i := 1
	for i < len(s) && keyByte(s[i]) {
		i++
	}
	if i < len(s) && s[i] == '=' {
		return i + 1
	}
	return 0
}
