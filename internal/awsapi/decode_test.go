package awsapi

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

type inner struct {
	ID   string `json:"id"`
	Size *int
}

type outer struct {
	StoreInput
	Name   string
	When   *Timestamp
	On     *bool
	List   []inner
	ByName map[string]inner
	Any    json.RawMessage
	Hidden string `json:"-"`
}

// Names of members are exact, at any depth; what only looks like one is passed over, as any unknown member.
func TestMemberNames(t *testing.T) {
	for body, want := range map[string]string{
		`{"Name":"a","name":"b","NAME":"c"}`:                                                     `{"Name":"a"}`,
		`{"name":"b"}`:                                                                           `{}`,
		`{"nam\u0065":"b","Nam\u0065":"a"}`:                                                      `{"Name":"a"}`,
		` { "eventDataStore" : "b" , "EventDataStore" : "a" } `:                                  `{"EventDataStore":"a"}`,
		`{"List":[{"ID":"x","id":"y"},{"Id":"x","size":1,"Size":2},7,null]}`:                     "",
		`{"List":[{"ID":"x","id":"y"},{"Id":"x","size":1,"Size":2},null]}`:                       `{"List":[{"id":"y"},{"id":"","Size":2},{"id":""}]}`,
		`{"ByName":{"Id":{"Id":"x","id":"y"}}}`:                                                  `{"ByName":{"Id":{"id":"y"}}}`,
		`{"Any":{"name":"b","Name":[{"id":1,"ID":2}]},"any":1}`:                                  `{"Any":{"name":"b","Name":[{"id":1,"ID":2}]}}`,
		`{"When":1.5,"when":"x","Other":{"Name":["a"]},"On":true,"Hidden":"x","hidden":{"a":1}}`: `{"When":1.500,"On":true}`,
	} {
		before := strings.Clone(body)
		in := []byte(body)
		var got outer
		err := decode(in, &got)
		if string(in) != before {
			t.Errorf("%s: the body was changed to %s", before, in)
		}
		if want == "" {
			if err == nil {
				t.Errorf("%s: no error", body)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		b, _ := json.Marshal(got)
		var all, wanted map[string]any
		if json.Unmarshal(b, &all) != nil || json.Unmarshal([]byte(want), &wanted) != nil {
			t.Fatal(string(b), want)
		}
		for k, v := range all {
			if v == nil || v == "" {
				delete(all, k)
			}
		}
		a, _ := json.Marshal(all)
		w, _ := json.Marshal(wanted)
		text := strings.ReplaceAll(strings.ReplaceAll(string(a), `,"Size":null`, ""), `"Size":null,`, "")
		if text != string(w) {
			t.Errorf("%s: got %s, want %s", body, text, w)
		}
	}
}

// What is wrong with a body is said in words of JSON, with the name of the member.
func TestWhatIsWrongWithABody(t *testing.T) {
	for body, want := range map[string]string{
		`{"When":"2026-11-01T00:00:00Z"}`: "When must be a time in seconds since 1970, not a string.",
		`{"When":1e300}`:                  "When must be a time in seconds since 1970, not a number 1e300.",
		`[]`:                              "The body must be an object, not a list.",
		`"x"`:                             "The body must be an object, not a string.",
		`true`:                            "The body must be an object, not true or false.",
		`{"Name":7}`:                      "Name must be a string, not a number.",
		`{"Name":["x"]}`:                  "Name must be a string, not a list.",
		`{"On":"true"}`:                   "On must be true or false, not a string.",
		`{"List":{}}`:                     "List must be a list, not an object.",
		`{"List":[{"Size":1.5}]}`:         "List.Size must be a whole number, not a number 1.5.",
		`{"Name"`:                         "The body is not JSON: unexpected EOF",
		`{"Name":}`:                       "The body is not JSON: invalid character '}' looking for beginning of value",
		`{} {}`:                           "There is something after the JSON object.",
	} {
		var in outer
		err := decode([]byte(body), &in)
		var e *Error
		if !errors.As(err, &e) || e.Code != codeSerialization || e.Message != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// Property: what decode takes is what encoding/json takes of the same body with exact names only; the body stays.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"List":[{"ID":"x","id":"y"}],"name":"b"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		var in outer
		err := decode(body, &in)
		if string(body) != before {
			t.Errorf("%q was changed to %q", before, body)
		}
		var any map[string]json.RawMessage
		if err == nil && len(strings.TrimSpace(before)) > 0 && before != "null" && json.Unmarshal(body, &any) == nil {
			if _, ok := any["Name"]; !ok && in.Name != "" {
				t.Errorf("%q: Name is %q", body, in.Name)
			}
		}
	})
}
