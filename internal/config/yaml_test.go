package config

import (
	"strings"
	"testing"
)

func TestYAMLToJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{to: "tcp://192.0.2.1:6514", tags: [env:prod, a: b]}`: `{"to": "tcp://192.0.2.1:6514", "tags": ["env:prod", {"a": "b"}]}`,
		"- &a {x: 1}\n- *a\n":       `[{"x": 1}, {"x": 1}]`,
		`{"a":[1,"b:c",null,true]}`: `{"a": [1, "b:c", null, true]}`,
		"":                          `null`,
	} {
		got, err := YAMLToJSON([]byte(in))
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%q: %s, %v; want %s", in, got, err, want)
		}
	}
	if got, err := YAMLToJSON([]byte("{a: [")); err == nil {
		t.Errorf("an open bracket is read as %s", got)
	}
}
