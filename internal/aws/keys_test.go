package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kiroku/internal/fault"
)

// The keys of a region are asked for there, page by page.
func TestPublicKeys(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	asked := 0
	c := at(t, Options{Region: "us-east-1"}, func(w http.ResponseWriter, r *http.Request) {
		asked++
		var in struct {
			StartTime, EndTime float64
			NextToken          string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "CloudTrail_20131101.ListPublicKeys") ||
			!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/cloudtrail/") || int64(in.StartTime) != from.Unix() || int64(in.EndTime) != from.Unix()+3600 {
			t.Errorf("asked %q %q %+v", r.Header.Get("X-Amz-Target"), r.Header.Get("Authorization"), in)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if in.NextToken == "" {
			fmt.Fprint(w, `{"PublicKeyList":[{"Fingerprint":"00ff","ValidityStartTime":1.7672256E9,"ValidityEndTime":1.7673E9,"Value":"AQI="}],"NextToken":"2"}`)
			return
		}
		fmt.Fprint(w, `{"PublicKeyList":[{"Fingerprint":"11ff"}]}`)
	})
	keys, err := c.PublicKeys(t.Context(), "eu-west-1", from, from.Add(time.Hour))
	if err != nil || asked != 2 || len(keys) != 2 || keys[0].Fingerprint != "00ff" || !keys[0].From.Equal(from) || string(keys[0].Value) != "\x01\x02" || keys[1].Fingerprint != "11ff" {
		t.Errorf("%+v, %v after %d questions", keys, err, asked)
	}
}

// Who may not ask learns which permission that takes.
func TestPublicKeysDenied(t *testing.T) {
	c := at(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"AccessDeniedException","Message":"User is not authorized"}`)
	})
	_, err := c.PublicKeys(t.Context(), "us-east-1", time.Now(), time.Now())
	if fault.KindOf(err) != fault.Denied || Missing(err) != "cloudtrail:ListPublicKeys" || !strings.Contains(fault.NextOf(err), "Allow cloudtrail:ListPublicKeys ") {
		t.Errorf("%v, next %q", err, fault.NextOf(err))
	}
}
