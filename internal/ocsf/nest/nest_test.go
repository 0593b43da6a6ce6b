package nest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"

	"github.com/google/go-cmp/cmp"
)

// classUIDs are the classes that sources use, and some that they do not.
var classUIDs = []int{
	0, 1001, 1007, 1008, 2003, 2004, 2005, 3001, 3002, 3003, 3004, 3005, 3006, 4001, 4002, 4003, 4014, 6001, 6002, 6003,
	6004, 6005, 6006, 6008,
}

// full sets every column to a value that its attribute takes.
func full(e *event.Event, class int) {
	for _, c := range event.Columns() {
		switch c.Kind() {
		case event.Int, event.Long:
			e.Int(c, "", 1)
		case event.Timestamp:
			e.Time(c, "", time.UnixMilli(1760000000123))
		case event.Bool:
			e.Bool(c, "", true)
		case event.Double:
			e.Double(c, "", 1.5)
		case event.StringList:
			e.Add(c, "", "a "+c.String())
			e.Add(c, "", "b "+c.String())
		case event.StringMap:
			e.Unmap("x.y", "unmapped value")
		default:
			e.Str(c, "", "of "+c.String())
		}
	}
	for c, v := range map[event.Column]string{
		event.ColSrcIP: "192.0.2.1", event.ColDstIP: "2001:db8::1", event.ColTunnelIP: "198.51.100.7",
		event.ColSrcMac: "00:00:5e:00:53:01", event.ColHTTPMethod: "get",
	} {
		e.Str(c, "", v)
	}
	e.Clear(event.ColProfiles)
	e.Class(class, 1)
	if class == event.ClassBaseEvent {
		e.Class(class, 99)
	}
}

func errors(t *testing.T, v *ocsf.Validator, obj map[string]any) []ocsf.Issue {
	t.Helper()
	// What readers see is JSON.
	text, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return ocsf.Errors(v.Validate(back))
}

func TestRowsOfEveryClassAreValid(t *testing.T) {
	v := ocsf.New()
	n := New(v)
	for _, class := range classUIDs {
		t.Run(fmt.Sprint(class), func(t *testing.T) {
			var bare, all event.Event
			bare.Class(class, 0)
			full(&all, class)
			for name, e := range map[string]*event.Event{"bare": &bare, "full": &all} {
				if issues := errors(t, v, n.Object(e)); issues != nil {
					t.Errorf("%s row: %v", name, issues)
				}
			}
		})
	}
}

func TestNoValueIsLost(t *testing.T) {
	n := New(ocsf.New())
	for _, class := range classUIDs {
		var e event.Event
		full(&e, class)
		text, err := json.Marshal(n.Object(&e))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range event.Columns() {
			for _, value := range append(e.GetList(c), e.GetStr(c)) {
				// HTTP methods are written in capitals where the class has them.
				if c != event.ColOCSFVersion && !strings.Contains(strings.ToLower(string(text)), strings.ToLower(value)) {
					t.Errorf("class %d: value %q of column %s is not in the object", class, value, c)
				}
			}
		}
	}
}

// TestColumnPaths holds that every column's OCSF path exists in some class and takes the column's kind of value.
func TestColumnPaths(t *testing.T) {
	v := ocsf.New()
	takes := map[event.Kind][]string{
		event.String: {"string_t", "json_t"}, event.StringList: {"string_t"}, event.Int: {"integer_t", "long_t"},
		event.Long: {"long_t", "integer_t"}, event.Bool: {"boolean_t"}, event.Double: {"float_t"},
		event.Timestamp: {"long_t"}, event.StringMap: {"object_t"},
	}
	for _, c := range event.Columns() {
		path := c.Info().Path
		if path == "" {
			continue
		}
		found := false
		for _, uid := range classUIDs {
			class, _ := v.Class(uid)
			way, ok := class.Resolve(path)
			if !ok {
				continue
			}
			found = true
			primitive := way[len(way)-1].Primitive()
			if !strings.Contains(strings.Join(takes[c.Kind()], " "), primitive) {
				t.Errorf("column %s is %s, its path %q in class %d takes %s", c, c.Kind(), path, uid, primitive)
			}
		}
		if !found {
			t.Errorf("column %s: no class has the path %q", c, path)
		}
	}
}

func TestLogon(t *testing.T) {
	var e event.Event
	e.Class(event.ClassAuthentication, 1)
	e.Time(event.ColTime, "", time.UnixMilli(1760000000123))
	e.Int(event.ColSeverityID, "", event.SeverityInformational)
	e.Int(event.ColStatusID, "", event.StatusSuccess)
	e.Str(event.ColProductName, "", "Connect Secure")
	e.Str(event.ColActorUserName, "", "alice")
	e.Add(event.ColActorUserGroups, "", "staff")
	e.Add(event.ColActorUserGroups, "", "admins")
	e.Str(event.ColSrcIP, "", "192.0.2.1")
	e.Str(event.ColDeviceHost, "", "gw1")
	e.Int(event.ColDispositionID, "", 2)
	e.Str(event.ColEventUID, "", "id-1")
	e.Str(event.ColInput, "", "tcp")
	e.Unmap("a.b", "1")
	e.Unmap("a.b", "2")
	e.Unmap("kiroku.input", "theirs")
	user := map[string]any{"name": "alice", "groups": []any{map[string]any{"name": "staff"}, map[string]any{"name": "admins"}}}
	want := map[string]any{
		"class_uid": int64(3002), "class_name": "Authentication",
		"category_uid": int64(3), "category_name": "Identity & Access Management",
		"activity_id": int64(1), "activity_name": "Logon", "type_uid": int64(300201), "type_name": "Authentication: Logon",
		"severity_id": int64(1), "severity": "Informational", "status_id": int64(1), "status": "Success",
		"disposition_id": int64(2), "disposition": "Blocked", "time": int64(1760000000123),
		"metadata": map[string]any{
			"version": "1.8.0", "uid": "id-1", "product": map[string]any{"name": "Connect Secure"},
			"profiles": []any{"host", "security_control"},
		},
		"actor": map[string]any{"user": user}, "user": user,
		"service":      map[string]any{"name": "Connect Secure"},
		"src_endpoint": map[string]any{"ip": "192.0.2.1"},
		"device":       map[string]any{"hostname": "gw1", "type_id": int64(0)},
		"observables": []any{
			map[string]any{"name": "actor.user.name", "type_id": int64(4), "type": "User Name", "value": "alice"},
			map[string]any{"name": "actor.user.groups.name", "type_id": int64(32), "type": "Group Object: name", "value": "staff"},
			map[string]any{"name": "actor.user.groups.name", "type_id": int64(32), "type": "Group Object: name", "value": "admins"},
			map[string]any{"name": "src_endpoint.ip", "type_id": int64(2), "type": "IP Address", "value": "192.0.2.1"},
			map[string]any{"name": "device.hostname", "type_id": int64(1), "type": "Hostname", "value": "gw1"},
		},
		"unmapped": map[string]any{"kiroku.input": []any{"tcp", "theirs"}, "a.b": "1", "a.b#2": "2"},
	}
	if diff := cmp.Diff(want, New(ocsf.New()).Object(&e)); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestResourcesAreListed(t *testing.T) {
	var e event.Event
	e.Class(event.ClassAPIActivity, 2)
	for _, n := range []string{"1", "2"} {
		e.Add(event.ColResourceUids, "", "arn:"+n)
		e.Add(event.ColResourceTypes, "", "type "+n)
	}
	got := New(ocsf.New()).Object(&e)["resources"]
	want := []any{map[string]any{"uid": "arn:1", "type": "type 1"}, map[string]any{"uid": "arn:2", "type": "type 2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestValuesThatTheAttributeRefusesAreUnmapped(t *testing.T) {
	var e event.Event
	e.Class(event.ClassHTTPActivity, 3)
	e.Str(event.ColSrcIP, "", "host.example.com")
	e.Int(event.ColSrcPort, "", 70000)
	e.Str(event.ColHTTPMethod, "", "PROPFIND")
	got := New(ocsf.New()).Object(&e)["unmapped"]
	want := map[string]any{"kiroku.src_ip": "host.example.com", "kiroku.src_port": int64(70000), "kiroku.http_method": "PROPFIND"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unmapped (-want +got):\n%s", diff)
	}
}

func TestUnknownClassIsNestedAndReported(t *testing.T) {
	v := ocsf.New()
	var e event.Event
	e.Class(9999, 1)
	issues := errors(t, v, New(v).Object(&e))
	if len(issues) != 1 || issues[0].Code != ocsf.CodeClassUnknown {
		t.Errorf("issues %v", issues)
	}
}

// FuzzObject holds that a row of any values nests into a valid object, but for ids that the schema does not know.
func FuzzObject(f *testing.F) {
	f.Add(9, "text", int64(1))
	f.Add(0, "192.0.2.1", int64(-1))
	f.Add(12, "\xff", int64(1)<<62)
	v := ocsf.New()
	n := New(v)
	f.Fuzz(func(t *testing.T, class int, text string, number int64) {
		var e event.Event
		full(&e, classUIDs[uint(class)%uint(len(classUIDs))])
		for _, c := range event.Columns() {
			switch c.Kind() {
			case event.String:
				e.Str(c, "", text)
			case event.StringList:
				e.Add(c, "", text)
			case event.Int, event.Long:
				if c != event.ColClassUID && c != event.ColCategoryUID && c != event.ColTypeUID && c != event.ColActivityID {
					e.Int(c, "", number)
				}
			}
		}
		for _, issue := range ocsf.Errors(v.Validate(n.Object(&e))) {
			if issue.Code != ocsf.CodeEnumValueUnknown && issue.Code != ocsf.CodeProfileUnknown {
				t.Errorf("%s at %s: %s", issue.Code, issue.Path, issue.Message)
			}
		}
	})
}

func BenchmarkObject(b *testing.B) {
	n := New(ocsf.New())
	var e event.Event
	full(&e, event.ClassAuthentication)
	n.Object(&e)
	b.ReportAllocs()
	for b.Loop() {
		n.Object(&e)
	}
}
