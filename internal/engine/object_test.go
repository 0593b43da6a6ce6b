package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

func TestObjectJSON(t *testing.T) {
	cases := []struct {
		in   any
		want string
	}{
		{Object(nil), `null`},
		{Object{}, `{}`},
		{Object{{"z", 1}, {"a", nil}, {"q\"", Object{{"x", []any{"y"}}}}}, `{"z":1,"a":null,"q\"":{"x":["y"]}}`},
	}
	for _, c := range cases {
		got, err := json.Marshal(c.in)
		if err != nil || string(got) != c.want {
			t.Errorf("Marshal(%v) = %s, %v; want %s", c.in, got, err, c.want)
		}
	}
	if v, ok := (Object{{"a", 1}}).Get("a"); !ok || v != 1 {
		t.Errorf("Get(a) = %v, %v", v, ok)
	}
	if _, ok := (Object{{"a", 1}}).Get("b"); ok {
		t.Error("Get(b) found a field that is not there")
	}
}

func TestPositionOf(t *testing.T) {
	if got := PositionOf(fmt.Errorf("run query: %w", &SQLError{7, errors.New("syntax error")})); got != 7 {
		t.Errorf("PositionOf = %d, want 7", got)
	}
	if got := PositionOf(errors.New("other")); got != -1 {
		t.Errorf("PositionOf(other) = %d, want -1", got)
	}
}
