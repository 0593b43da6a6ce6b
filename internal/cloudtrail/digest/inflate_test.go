package digest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func inflate(tb testing.TB, body []byte) string {
	tb.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}
