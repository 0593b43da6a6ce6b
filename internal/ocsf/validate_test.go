package ocsf

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logon is a valid Authentication event; the cases change one thing each.
const logon = `{
	"class_uid": 3002, "category_uid": 3, "activity_id": 1, "type_uid": 300201, "severity_id": 1, "time": 1760000000000,
	"metadata": {"version": "1.8.0", "product": {"name": "Example"}},
	"user": {"name": "alice"}, "service": {"name": "vpn"}
}`

func parse(t testing.TB, text string) map[string]any {
	t.Helper()
	var obj map[string]any
	if err := json.Unmarshal([]byte(text), &obj); err != nil {
		t.Fatal(err)
	}
	return obj
}

func summary(issues []Issue) []string {
	var out []string
	for _, i := range issues {
		out = append(out, string(i.Code)+" "+i.Path)
	}
	return out
}

func TestValidate(t *testing.T) {
	v := New()
	for name, c := range map[string]struct {
		change string // merged over logon; null takes an attribute away
		want   []string
	}{
		"valid":                     {`{}`, nil},
		"required missing":          {`{"user": null, "severity_id": null}`, []string{"attribute_required_missing severity_id", "attribute_required_missing user"}},
		"required in object":        {`{"metadata": {"product": {"name": "x"}}}`, []string{"attribute_required_missing metadata.version"}},
		"class missing":             {`{"class_uid": null}`, []string{"attribute_required_missing class_uid"}},
		"class of wrong type":       {`{"class_uid": "3002"}`, []string{"attribute_wrong_type class_uid"}},
		"class unknown":             {`{"class_uid": 3999}`, []string{"class_uid_unknown class_uid"}},
		"unknown":                   {`{"colour": "red"}`, []string{"attribute_unknown colour"}},
		"unknown in object":         {`{"user": {"name": "a", "hat": 1}}`, []string{"attribute_unknown user.hat"}},
		"wrong type":                {`{"message": 7, "time": "now", "is_mfa": "yes"}`, []string{"attribute_wrong_type is_mfa", "attribute_wrong_type message", "attribute_wrong_type time"}},
		"fraction is no integer":    {`{"time": 1.5}`, []string{"attribute_wrong_type time"}},
		"object expected":           {`{"user": "alice"}`, []string{"attribute_wrong_type user"}},
		"array expected":            {`{"enrichments": {}}`, []string{"attribute_wrong_type enrichments"}},
		"element of wrong type":     {`{"metadata": {"version": "1.8.0", "product": {"name": "x"}, "labels": ["a", 1, null]}}`, []string{"attribute_wrong_type metadata.labels[1]", "attribute_wrong_type metadata.labels[2]"}},
		"enum":                      {`{"severity_id": 42}`, []string{"attribute_enum_value_unknown severity_id"}},
		"enum text":                 {`{"http_request": {"http_method": "get"}}`, []string{"attribute_enum_value_unknown http_request.http_method"}},
		"activity of another class": {`{"activity_id": 12, "type_uid": 300212}`, []string{"attribute_enum_value_unknown activity_id", "attribute_enum_value_unknown type_uid"}},
		"sibling":                   {`{"severity": "Informational"}`, nil},
		"sibling incorrect":         {`{"severity": "info"}`, []string{"attribute_enum_sibling_incorrect severity"}},
		"sibling of other":          {`{"activity_id": 99, "type_uid": 300299, "activity_name": "Renamed"}`, nil},
		"sibling suspicious":        {`{"activity_id": 99, "type_uid": 300299, "activity_name": "Other"}`, []string{"attribute_enum_sibling_suspicious_other activity_name"}},
		"type_uid":                  {`{"type_uid": 300202}`, []string{"type_uid_incorrect type_uid"}},
		"at least one":              {`{"service": null}`, []string{"constraint_failed "}},
		"at least one in object":    {`{"user": {"domain": "example.com"}}`, []string{"constraint_failed user"}},
		"just one":                  {`{"class_uid": 3003, "type_uid": 300301, "service": null, "group": {"name": "g"}, "privileges": ["p"]}`, []string{"constraint_failed "}},
		"profile not named":         {`{"device": {"type_id": 0, "hostname": "gw"}}`, []string{"attribute_unknown device"}},
		"profile named":             {`{"device": {"type_id": 0, "hostname": "gw"}, "metadata": {"version": "1.8.0", "product": {"name": "x"}, "profiles": ["host"]}}`, nil},
		"profile demands":           {`{"metadata": {"version": "1.8.0", "product": {"name": "x"}, "profiles": ["cloud", "osint"]}}`, []string{"attribute_required_missing cloud", "attribute_required_missing osint"}},
		"profile unknown":           {`{"metadata": {"version": "1.8.0", "product": {"name": "x"}, "profiles": ["hosts"]}}`, []string{"profile_unknown metadata.profiles[0]"}},
		"range":                     {`{"src_endpoint": {"ip": "192.0.2.1", "port": 70000}}`, []string{"attribute_value_exceeds_range src_endpoint.port"}},
		"length and form":           {`{"src_endpoint": {"ip": "` + strings.Repeat("1", 41) + `"}}`, []string{"attribute_value_exceeds_max_len src_endpoint.ip", "attribute_value_regex_not_matched src_endpoint.ip"}},
		"form":                      {`{"src_endpoint": {"ip": "ec2.example.com"}}`, []string{"attribute_value_regex_not_matched src_endpoint.ip"}},
		"deprecated attribute":      {`{"actor": {"invoked_by": "x"}}`, []string{"attribute_deprecated actor.invoked_by"}},
		"version format":            {`{"metadata": {"version": "1.8", "product": {"name": "x"}}}`, []string{"version_invalid_format metadata.version"}},
		"version newer":             {`{"metadata": {"version": "1.9.0", "product": {"name": "x"}}}`, []string{"version_incompatible metadata.version"}},
		"version older":             {`{"metadata": {"version": "1.1.0", "product": {"name": "x"}}}`, []string{"version_incorrect metadata.version"}},
		"observable":                {`{"observables": [{"name": "user.name", "type_id": 4, "value": "alice"}]}`, nil},
		"observable reference":      {`{"observables": [{"name": "device.hostname", "type_id": 1}, {"name": "user.hat", "type_id": 4}]}`, []string{"observable_name_invalid_reference observables[0].name", "observable_name_invalid_reference observables[1].name"}},
		"open object":               {`{"unmapped": {"anything": [1, {"x": null}]}}`, nil},
		"enum array":                {`{"http_request": {"url": {"path": "/", "category_ids": [1, 12345]}}}`, []string{"attribute_enum_array_value_unknown http_request.url.category_ids[1]"}},
		"enum array sibling":        {`{"http_request": {"url": {"path": "/", "category_ids": [1, 3], "categories": ["Fun"]}}}`, []string{"attribute_enum_array_sibling_incorrect http_request.url.categories[0]", "attribute_enum_array_sibling_missing http_request.url.categories[1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			obj := parse(t, logon)
			for k, value := range parse(t, c.change) {
				if value == nil {
					delete(obj, k)
					continue
				}
				obj[k] = value
			}
			if diff := cmp.Diff(c.want, summary(v.Validate(obj))); diff != "" {
				t.Errorf("issues (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsLeavesWarningsOut(t *testing.T) {
	obj := parse(t, logon)
	obj["severity"], obj["colour"] = "info", "red"
	issues := New().Validate(obj)
	if len(issues) != 2 || len(Errors(issues)) != 1 || Errors(issues)[0].Code != CodeUnknown {
		t.Errorf("errors of %v: %v", issues, Errors(issues))
	}
}

func TestDeprecatedClassIsAWarning(t *testing.T) {
	obj := parse(t, `{"class_uid": 6004, "category_uid": 6, "activity_id": 1, "type_uid": 600401, "severity_id": 1, "time": 1,
		"metadata": {"version": "1.8.0", "product": {"name": "x"}}, "http_request": {}, "web_resources": [{"name": "app"}]}`)
	got := summary(New().Validate(obj))
	if !slices.Equal(got, []string{"class_deprecated "}) {
		t.Errorf("issues %v", got)
	}
}

func TestGoIntegersPass(t *testing.T) {
	obj := parse(t, logon)
	obj["time"], obj["severity_id"], obj["activity_id"], obj["type_uid"] = int64(1), 1, int32(1), json.Number("300201")
	if issues := New().Validate(obj); issues != nil {
		t.Errorf("issues %v", issues)
	}
}

func TestMisspeltClassIsFound(t *testing.T) {
	c, ok := New().Class(1008)
	if !ok || c.Caption != "Event Log Activity" || c.Name != "event_log_actvity" {
		t.Errorf("class 1008 is %+v", c)
	}
}

func TestResolve(t *testing.T) {
	c, _ := New().Class(3002)
	way, ok := c.Resolve("actor.user.groups.name")
	if !ok || len(way) != 4 || way[3].Type != "string_t" || !way[2].Array {
		t.Errorf("resolved to %v, %v", way, ok)
	}
	for _, path := range []string{"", "actor.hat", "message.text", "actor..user"} {
		if _, ok := c.Resolve(path); ok {
			t.Errorf("%q resolves", path)
		}
	}
}

func TestLoadRefusesBrokenSchemas(t *testing.T) {
	if _, err := load([]byte("no gzip")); err == nil {
		t.Error("no error for bytes that are no gzip")
	}
	if _, err := load(compiledSchema[:1000]); err == nil {
		t.Error("no error for half a file")
	}
}

func TestValidatorIsSafeForConcurrentUse(t *testing.T) {
	v := New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			obj := parse(t, logon)
			if issues := v.Validate(obj); issues != nil {
				t.Errorf("issues %v", issues)
			}
		})
	}
	wg.Wait()
}

// FuzzValidate holds that the same object always gives the same issues, each with a code and, below the class, a path.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(logon))
	f.Add([]byte(`{"class_uid":4001,"metadata":{"profiles":[1,"host",{}],"version":7},"src_endpoint":[{}],"observables":[{"name":"src_endpoint..ip"},3]}`))
	f.Add([]byte(`{"class_uid":2004,"finding_info":{"attacks":[{"technique":{}}]},"malware":[{"classification_ids":[1,null],"classifications":{}}]}`))
	v := New()
	f.Fuzz(func(t *testing.T, data []byte) {
		var obj map[string]any
		if json.Unmarshal(data, &obj) != nil {
			return
		}
		first := v.Validate(obj)
		if diff := cmp.Diff(first, v.Validate(maps.Clone(obj))); diff != "" {
			t.Errorf("second run differs:\n%s", diff)
		}
		for _, i := range first {
			if i.Code == "" || i.Message == "" {
				t.Errorf("issue without code or message: %+v", i)
			}
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	v := New()
	obj := parse(b, logon)
	obj["src_endpoint"] = map[string]any{"ip": "2001:db8::1", "port": 443.0}
	if issues := v.Validate(obj); issues != nil {
		b.Fatal(issues)
	}
	b.ReportAllocs()
	for b.Loop() {
		v.Validate(obj)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := load(compiledSchema); err != nil {
			b.Fatal(err)
		}
	}
}
