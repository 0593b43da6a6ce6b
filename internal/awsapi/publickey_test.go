package awsapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/awsapi"
	"kiroku/internal/cloudtrail/digest"
)

type ring struct{ *digest.KeyRing }

func (r ring) PublicKeys(_ context.Context, from, to time.Time) ([]digest.PublicKey, error) {
	return r.Between(from, to), nil
}

func TestListPublicKeys(t *testing.T) {
	now := time.Now().Unix()
	keys := []string{
		fmt.Sprintf(`{"Fingerprint":"now","Value":"AQID","ValidityStartTime":%d,"ValidityEndTime":%d}`, now-1000, now+1000),
		`{"Fingerprint":"b","Value":"AQID","ValidityStartTime":1600000000,"ValidityEndTime":1600001000.5}`,
		`{"Fingerprint":"a","Value":"AQID","ValidityStartTime":"2020-09-13T12:26:40Z","ValidityEndTime":1600000500}`,
	}
	for i := range 150 {
		keys = append(keys, fmt.Sprintf(`{"Fingerprint":"many%03d","Value":"AQID","ValidityStartTime":1500000000,"ValidityEndTime":1500000001}`, i))
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, []byte(`{"PublicKeyList":[`+strings.Join(keys, ",")+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := digest.OpenKeyRing([]string{file}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *awsapi.Options) { o.PublicKeys = ring{r} })
	list := func(input string) (prints []string, token string) {
		var out struct {
			PublicKeyList []struct {
				Fingerprint string
				Value       []byte
			}
			NextToken string
		}
		a := w.op("ListPublicKeys", input)
		if err := json.Unmarshal([]byte(a.body), &out); err != nil || out.PublicKeyList == nil {
			t.Fatalf("%s: %s", input, a.body)
		}
		for _, k := range out.PublicKeyList {
			if string(k.Value) != "\x01\x02\x03" {
				t.Errorf("value of %s is %v", k.Fingerprint, k.Value)
			}
			prints = append(prints, k.Fingerprint)
		}
		return prints, out.NextToken
	}
	for input, want := range map[string]string{
		`{}`:                       "now",
		`{"StartTime":1600000000}`: "a b now",
		`{"StartTime":1600000600,"EndTime":1600000700}`: "b",
		`{"StartTime":1400000000,"EndTime":1400000001}`: "",
	} {
		if got, token := list(input); strings.Join(got, " ") != want || token != "" {
			t.Errorf("%s: %v, token %q", input, got, token)
		}
	}
	span := `"StartTime":1500000000,"EndTime":1500000000`
	first, token := list(`{` + span + `}`)
	rest, end := list(`{` + span + `,"NextToken":"` + token + `"}`)
	if len(first) != 100 || len(rest) != 50 || rest[0] != "many100" || end != "" {
		t.Errorf("pages of %d and %d keys", len(first), len(rest))
	}
	if a := w.op("ListPublicKeys", `{"StartTime":1600000000,"EndTime":1600000000}`); !strings.Contains(a.body, `"ValidityStartTime":1600000000,"ValidityEndTime":1600001000.500,"Fingerprint":"b"`) {
		t.Errorf("answer %s", a.body)
	}
	w.refuses("ListPublicKeys", `{"StartTime":1600000000,"EndTime":1500000000}`, "InvalidTimeRangeException")
	w.refuses("ListPublicKeys", `{"NextToken":"nonsense"}`, "InvalidTokenException")
}
