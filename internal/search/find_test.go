package search

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzFind holds the fast search against its definition over folded text, and the token index against both.
func FuzzFind(f *testing.F) {
	for _, s := range [][2]string{
		{"Login FAILED for alice", "failed"}, {"aaab", "aab"}, {"\u212Aelvin", "kelvin"}, {"\u0130x", "ix"}, {"ÄRGER", "ärger"},
		{"alice様", "alice"}, {"ログインに失敗", "失敗"}, {"a_b", "a"}, {"x.cgi", ".cgi"}, {"e\u0301a", "e"}, {"日本語", "本"}, {"ab", "abc"}, {"", "a"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, hay, needle string) {
		if needle == "" || len(hay) > 1000 || !utf8.ValidString(hay) || !utf8.ValidString(needle) {
			return
		}
		fi := newFinder(needle)
		if got, want := fi.contains(hay), strings.Contains(fold(hay), fold(needle)); got != want {
			t.Errorf("contains(%q, %q) = %v", hay, needle, got)
		}
		if got, want := fi.word(hay), slowWord(fold(hay), fold(needle)); got != want {
			t.Errorf("word(%q, %q) = %v", hay, needle, got)
		}
		if got, want := equalFold(hay, fold(needle)), fold(hay) == fold(needle); got != want {
			t.Errorf("equalFold(%q, %q) = %v", hay, needle, got)
		}
		has := make(map[uint64]bool)
		for _, h := range HashTokens(hay, nil) {
			has[h] = true
		}
		tests := []strTest{newWord(needle), part{fi}, newEqualTo(needle), newGlob(needle)}
		if g, err := newTokenGlob(needle); err == nil {
			tests = append(tests, g)
		}
		for _, test := range tests {
			l := newLeaf(nil, "", test).Leaf
			if test.match(hay) && !l.mayMatch(func(h uint64) bool { return has[h] }) {
				t.Errorf("%T: the token index denies %q in %q", test, needle, hay)
			}
		}
	})
}

// slowWord is the definition of a word, on folded text.
func slowWord(hay, needle string) bool {
	token := func(r rune) bool { return isTokenRune(r) }
	for i := range len(hay) {
		if !strings.HasPrefix(hay[i:], needle) {
			continue
		}
		before, n := utf8.DecodeLastRuneInString(hay[:i])
		after, m := utf8.DecodeRuneInString(hay[i+len(needle):])
		first, _ := utf8.DecodeRuneInString(needle)
		last, _ := utf8.DecodeLastRuneInString(needle)
		if (n == 0 || !token(before) || !token(first)) && (m == 0 || !token(after) || !token(last)) {
			return true
		}
	}
	return false
}

// FuzzTokens holds that both tokenizers see the same tokens, that case changes no hash, and that a token's hash does not
// depend on where it stands.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"", "Login failed: alice.adler12@corp.example", "aliceさん日本語x", "ÄÖ_ü-é", "12345678", "123456789", "\xff\xfea", "K\u212A"} {
		f.Add(s)
		f.Add(strings.Repeat("x", 60) + s + strings.Repeat(s, 9))
	}
	f.Fuzz(func(t *testing.T, s string) {
		has := make(map[uint64]bool)
		for _, h := range HashTokens(s, nil) {
			has[h] = true
		}
		if fast, slow := HashTokens(s, nil), hashBytewise(s, 0, nil); !slices.Equal(fast, slow) {
			t.Errorf("%q: the fast way gives %x, byte by byte it is %x", s, fast, slow)
		}
		Tokens(s, func(from, to int) {
			token := s[from:to]
			if !has[HashToken(token)] || HashToken(token) != HashToken(fold(token)) {
				t.Errorf("%q: token %q", s, token)
			}
			for _, r := range token {
				if r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
					t.Errorf("%q: token %q", s, token)
				}
			}
		})
	})
}

// TestHashesStay holds the hashes that stand in the files of lakes.
func TestHashesStay(t *testing.T) {
	got := HashTokens("Alice a_1 123456789 \u00C4rger 日本語", nil)
	want := []uint64{0xb9537d151504aba3, 0x8bad29141e5f39f2, 0xb7524312e514b8fe, 0xf42d5e4762e4f6f0, 0xf4c7c74d50f0a62e, 0x17e47c7c35af98a9}
	if !slices.Equal(got, want) {
		t.Errorf("got %#x, want %#x", got, want)
	}
}

func TestGlob(t *testing.T) {
	cases := []struct {
		pattern, value string
		want           bool
	}{
		{"a*", "ABC", true}, {"a*", "bc", false}, {"*c", "abC", true}, {"*b*", "aBc", true}, {"a?c", "aあc", true}, {"a?c", "ac", false},
		{"a*b*c", "a1b2b3c", true}, {"a*b*c", "acb", false}, {`a\*c`, "a*c", true}, {`a\*c`, "abc", false}, {`a\?*`, "a?x", true},
		{"*", "", true}, {"?", "", false}, {"a*", "a\nb", true}, {"ä*", "ÄB", true}, {"k*", "\u212Ax", true}, {"a**b", "ab", true},
		{"*a*a*a*a*a*a*a*a*b", strings.Repeat("a", 200), false},
	}
	for _, c := range cases {
		if got := newGlob(c.pattern).match(c.value); got != c.want {
			t.Errorf("%q against %q: %v", c.pattern, c.value, got)
		}
	}
}

func TestInNetwork(t *testing.T) {
	cases := []struct {
		ip, network string
		want        bool
	}{
		{"10.1.2.3", "10.0.0.0/8", true}, {"::ffff:10.1.2.3", "10.0.0.0/8", true}, {"10.1.2.3", "::ffff:10.0.0.0/104", true},
		{"11.1.2.3", "10.0.0.0/8", false}, {"2001:DB8::1", "2001:db8:0:0::/32", true}, {"fe80::1%eth0", "fe80::/10", true},
		{"10.1.2.3", "10.1.2.3", true}, {"", "10.0.0.0/8", false}, {"x", "10.0.0.0/8", false}, {"10.1.2.3", "x", false},
		{"10.1.2.3", "10.9.9.9/8", true}, {"::ffff:a01:203", "10.1.2.3", true},
	}
	for _, c := range cases {
		if got := InNetwork(c.ip, c.network); got != c.want {
			t.Errorf("%s in %s: %v", c.ip, c.network, got)
		}
	}
}

const sample = `Primary authentication failed for alice.adler12@corp.example/LDAP Users from 10.2.3.4: Invalid username or password, agent "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" session sid0f3a1b2c4d5e6f708192a3b4c5d6e7f from node gw-tokyo-01, realm Remote Staff, roles Users, VPN, Contractors. `

// BenchmarkHashTokens hashes texts that no branch predictor can learn.
func BenchmarkHashTokens(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var texts []string
	size := 0
	for range 3000 {
		var text strings.Builder
		for range 30 {
			for range 1 + rng.IntN(9) {
				text.WriteByte("abcdefgXYZ0189_"[rng.IntN(15)])
			}
			text.WriteByte(" .-:,"[rng.IntN(5)])
		}
		texts = append(texts, text.String())
		size += text.Len()
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var dst []uint64
	for b.Loop() {
		for _, text := range texts {
			dst = HashTokens(text, dst[:0])
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for name, needle := range map[string]string{"rare": "zzquartz", "common": "authorisation", "separators": "10.9.9.9", "present": "contractors", "japanese": "失敗"} {
		b.Run(name, func(b *testing.B) {
			f := newFinder(needle)
			b.SetBytes(int64(len(sample)))
			b.ReportAllocs()
			for b.Loop() {
				f.contains(sample)
			}
		})
	}
}

func BenchmarkWord(b *testing.B) {
	f := newFinder("adler")
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		f.word(sample)
	}
}

func BenchmarkEqualFold(b *testing.B) {
	e := newEqualTo("alice.adler12@corp.example")
	b.ReportAllocs()
	for b.Loop() {
		e.match("alice.adler13@corp.example")
	}
}
