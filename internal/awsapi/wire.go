package awsapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Timestamp is a time as awsJson writes it: seconds since 1970 with at most three decimals. It reads any JSON number.
type Timestamp struct{ time.Time }

// stamp is the Timestamp of a time, nil for none: an absent member is left out, never null.
func stamp(t time.Time) *Timestamp {
	if t.IsZero() {
		return nil
	}
	return &Timestamp{t}
}

// MarshalJSON writes the number.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	ms := t.UnixMilli()
	b := strconv.AppendInt(nil, ms/1000, 10)
	if ms%1000 != 0 && ms > 0 {
		b = append(b, '.')
		b = append(b, strconv.FormatInt(1000+ms%1000, 10)[1:]...)
	}
	return b, nil
}

// UnmarshalJSON reads the number.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.Abs(f) > 1e12 {
		return &json.UnmarshalTypeError{Value: valueKind(b), Type: reflect.TypeFor[Timestamp]()} // who decodes adds the name
	}
	t.Time = time.UnixMicro(int64(math.Round(f * 1e6))).UTC()
	return nil
}

// valueKind is what encoding/json calls a value in its errors.
func valueKind(b []byte) string {
	switch b[0] {
	case '"':
		return "string"
	case '[':
		return "array"
	case '{':
		return "object"
	case 't', 'f':
		return "bool"
	}
	return "number " + string(b)
}

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9._\-]{3,128}$`)

// checkName checks the name of an event data store or a channel.
func checkName(name string) error {
	if !nameForm.MatchString(name) {
		return invalid("Name must have 3 to 128 letters, digits and . _ -, not %.140q.", name)
	}
	return nil
}

// Pages of lists.
const (
	maxPage     = 1000
	defaultPage = 100
)

// page cuts the part of a sorted list that comes after the last page. key tells the place of an element; token is where the
// next page of the same question begins, "" on the last one.
func page[T any](list []T, key func(T) string, question string, maxResults *int, nextToken string) (part []T, token string, err error) {
	size := defaultPage
	if maxResults != nil {
		size = *maxResults
	}
	if size < 1 || size > maxPage {
		return nil, "", refuse("InvalidMaxResultsException", "MaxResults must be from 1 to %d, not %d.", maxPage, size)
	}
	start := 0
	if nextToken != "" {
		after, ok := readToken(question, nextToken)
		if !ok {
			return nil, "", refuse("InvalidNextTokenException", "NextToken is not one that this operation gave.")
		}
		for start < len(list) && key(list[start]) <= after {
			start++
		}
	}
	end := min(start+size, len(list))
	if end < len(list) {
		token = writeToken(question, key(list[end-1]))
	}
	return list[start:end], token, nil
}

const (
	tokenForm  = "k2:"
	tokenCheck = 9 // bytes of a hash
)

// question is what a token is good for: an operation, as this caller asks it, about these things.
func (c Caller) question(op string, about ...string) string {
	return strings.Join(append([]string{op, c.Account, c.Region}, about...), "\x00")
}

// writeToken makes the token of a place in the answer to a question. A token holds nothing that its owner was not told; the check
// finds tokens that were changed, or that answered another question.
func writeToken(question, after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenForm + checkOf(question, after) + after))
}

func readToken(question, token string) (after string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	text, ours := strings.CutPrefix(string(b), tokenForm)
	if err != nil || !ours || len(text) < tokenCheck {
		return "", false
	}
	after = text[tokenCheck:]
	return after, text[:tokenCheck] == checkOf(question, after)
}

func checkOf(question, after string) string {
	sum := sha256.Sum256([]byte(question + "\x00" + after))
	return string(sum[:tokenCheck])
}
