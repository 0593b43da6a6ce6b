package search_test

import (
	"testing"

	"kiroku/internal/search"
)

func TestExplain(t *testing.T) {
	cases := []struct{ text, en, ja string }{
		{"", "every event", "すべてのイベント"},
		{`alice -outcome:failure`, `the word "alice" stands anywhere and not (outcome is "failure")`, `どこかに単語 "alice" を含む、かつ 「outcome が "failure"」でない`},
		{`a (b OR "c d")`, `the word "a" stands anywhere and (the word "b" stands anywhere or the text "c d" stands anywhere)`, `どこかに単語 "a" を含む、かつ (どこかに単語 "b" を含む、または どこかに文字列 "c d" を含む)`},
		{`user:(a OR b OR ~"c")`, `user is "a" or "b" or user matches the expression "c"`, `user が "a" または "b"、または user が正規表現 "c" に合う`},
		{`severity:>=high`, `severity is at least "high"`, `severity が "high" 以上`},
		{`n:{1 TO *]`, `n is from "1" (excluded) to any`, `n が "1"（含まない） から 制限なし まで`},
		{`CIDR(ip, 10.0.0.0/8)`, `ip lies in 10.0.0.0/8`, `ip がネットワーク 10.0.0.0/8 の中`},
		{`user:*`, `user has a value`, `user に値がある`},
	}
	for _, c := range cases {
		q, err := search.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := search.Explain(q, search.English); got != c.en {
			t.Errorf("%s: got %s, want %s", c.text, got, c.en)
		}
		if got := search.Explain(q, search.Japanese); got != c.ja {
			t.Errorf("%s: got %s, want %s", c.text, got, c.ja)
		}
	}
}
