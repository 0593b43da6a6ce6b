package sigv4

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Pair is one parameter of a query.
type Pair struct{ Name, Value string }

// ErrQuery says that a query has a broken percent escape.
var ErrQuery = errors.New("read query: a percent sign is not followed by two hexadecimal digits")

// Query reads a raw query as the signature sees it: parts between "&", divided at the first "=", percent escapes decoded.
// Unlike url.ParseQuery it leaves "+" and ";" as they are.
func Query(raw string) ([]Pair, error) {
	var pairs []Pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, ok := unescape(name)
		v, ok2 := unescape(value)
		if !ok || !ok2 {
			return nil, ErrQuery
		}
		pairs = append(pairs, Pair{n, v})
	}
	return pairs, nil
}

func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b = append(b, byte(n))
		i += 2
	}
	return string(b), true
}

const upperHex = "0123456789ABCDEF"

// escape appends s with everything but the unreserved characters of RFC 3986, and those in keep, percent-encoded.
func escape(b []byte, s, keep string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b = append(b, c)
			continue
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&15])
	}
	return b
}

// canonicalRequest is the text whose hash is signed; payload is the hash of the body as the signer wrote it.
func canonicalRequest(r *http.Request, host string, signed []string, pairs []Pair, payload string) []byte {
	b := make([]byte, 0, 1024)
	b = append(append(b, r.Method...), '\n')
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	b = append(escape(b, path, "/"), '\n') // encoded once by the client and once more here, as for every service but S3
	b = append(appendQuery(b, pairs), '\n')
	for _, name := range signed {
		b = append(append(b, name...), ':')
		b = append(appendHeader(b, r, host, name), '\n')
	}
	b = append(b, '\n')
	for i, name := range signed {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	return append(append(b, '\n'), payload...)
}

func appendQuery(b []byte, pairs []Pair) []byte {
	encoded := make([]Pair, len(pairs))
	for i, p := range pairs {
		encoded[i] = Pair{string(escape(nil, p.Name, "")), string(escape(nil, p.Value, ""))}
	}
	slices.SortFunc(encoded, func(x, y Pair) int {
		if c := strings.Compare(x.Name, y.Name); c != 0 {
			return c
		}
		return strings.Compare(x.Value, y.Value)
	})
	for i, p := range encoded {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(append(b, p.Name...), '='), p.Value...)
	}
	return b
}

// appendHeader appends the value of a header: several joined by commas, trimmed, runs of spaces made one. net/http keeps
// Host and Content-Length elsewhere.
func appendHeader(b []byte, r *http.Request, host, name string) []byte {
	switch name {
	case "host":
		return append(b, host...)
	case "content-length":
		if r.ContentLength >= 0 && len(r.TransferEncoding) == 0 {
			return strconv.AppendInt(b, r.ContentLength, 10)
		}
		return b
	case "transfer-encoding":
		return append(b, strings.Join(r.TransferEncoding, ",")...)
	}
	for i, v := range r.Header.Values(name) {
		if i > 0 {
			b = append(b, ',')
		}
		space := false
		for _, c := range []byte(strings.Trim(v, " \t")) {
			if c == ' ' && space {
				continue
			}
			space = c == ' '
			b = append(b, c)
		}
	}
	return b
}
