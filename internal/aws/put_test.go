package aws

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"kiroku/internal/fault"
)

// An object is sent whole again when the server had a fault.
func TestPut(t *testing.T) {
	tries := 0
	c := at(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if r.Method != http.MethodPut || r.URL.Path != "/bucket/a b/result_1.csv.gz" || string(b) != "12345" || err != nil {
			t.Errorf("%s %s: %q, %v", r.Method, r.URL.Path, b, err)
		}
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	if err := c.Put(t.Context(), "bucket", "a b/result_1.csv.gz", strings.NewReader("12345")); err != nil || tries != 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	c = at(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code></Error>`)
	})
	if err := c.Put(t.Context(), "bucket", "key", strings.NewReader("1")); fault.KindOf(err) != fault.Denied || Missing(err) != "s3:PutObject" {
		t.Errorf("refused: %v", err)
	}
}
