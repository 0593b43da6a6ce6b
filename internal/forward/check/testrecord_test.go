package check

import (
	"encoding/json"
	"testing"

	"kiroku/internal/forward/wire"
	"kiroku/internal/ocsf"
)

// The test record of ocsf-json is what the schema calls valid, with the id where receivers look for it.
func TestRecordOfOCSF(t *testing.T) {
	r := testRecord(&wire.Destination{Format: wire.OCSFJSON, Header: wire.Header{Form: wire.HeaderNone}}, "host", "id-1")
	var o struct {
		Class    *int  `json:"class_uid"`
		Time     int64 `json:"time"`
		Metadata struct{ UID string }
	}
	var all map[string]any
	if err := json.Unmarshal(r.Line, &o); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(r.Line, &all); err != nil {
		t.Fatal(err)
	}
	if issues := ocsf.New().Validate(all); len(issues) > 0 {
		t.Errorf("%s: %+v", r.Line, issues)
	}
	if o.Class == nil || *o.Class != 0 || o.Time != r.Time/1000 || o.Metadata.UID != "id-1" || ocsfVersion != ocsf.Version {
		t.Errorf("%s", r.Line)
	}
}
