package accessgateway_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source/accessgateway"
	"kiroku/internal/source/sourcetest"
)

func FuzzMap(f *testing.F) { sourcetest.Fuzz(f, accessgateway.Source) }

// FuzzParse states two properties. Reading is bounded by the line: no line yields more pairs than it has bytes. And what
// Map shows does not depend on secrets: a secret of REASON replaced by as many x gives the same event, save for the hash
// of the line.
func FuzzParse(f *testing.F) {
	for _, line := range seedLines(f) {
		f.Add(line)
	}
	f.Add([]byte(`2024-03-05T10:15:30Z h ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 api-key=abcdef x=token=defghi secret=a b=c"] m`))
	f.Add([]byte(`2024-03-05T10:15:30Z h ACCESS_GATEWAY USER_AUTHZ [REASON="N/A - SESSIONID=1 PassWord=abcdef`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := accessgateway.Parse(data, sourcetest.Received(), time.UTC)
		if n := len(l.Data) + len(l.Duplicates) + len(l.ReasonFields) + len(l.ReasonRepeats) + len(l.MessageFields); n > len(data) {
			t.Fatalf("%d pairs in %d bytes", n, len(data))
		}
		for _, p := range append(l.ReasonFields, l.ReasonRepeats...) {
			if !namesSecret(p.Key) || !plain(p.Value) || bytes.Count(data, []byte(p.Value)) != 1 {
				continue
			}
			other := bytes.Replace(data, []byte(p.Value), bytes.Repeat([]byte("x"), len(p.Value)), 1)
			if a, b := show(t, data), show(t, other); a != b {
				t.Fatalf("the event shows %q of %s:\n%s\n%s", p.Value, p.Key, a, b)
			}
		}
	})
}

// namesSecret is the test's own, narrower idea of a secret's key.
func namesSecret(key string) bool {
	key = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key))
	for _, w := range []string{"xspgwkey", "secret", "cookie", "authorization", "password", "passwd", "token", "apikey"} {
		if strings.Contains(key, w) {
			return true
		}
	}
	return key == "key"
}

// plain says whether a value can be replaced without changing how the line is read.
func plain(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return len(s) >= 4
}

// show is the event of a line without the hash.
func show(t *testing.T, line []byte) string {
	t.Helper()
	e := new(event.Event)
	if err := accessgateway.Source.Map(sourcetest.Record(line), e); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range e.Unmapped() {
		b.WriteString(p.Key + "=" + p.Value + "\n")
	}
	e.Clear(event.ColUnmapped)
	e.Clear(event.ColMetadataUID)
	return string(e.AppendJSON(nil)) + b.String()
}
