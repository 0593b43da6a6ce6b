package auditevent

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for name, want := range map[string]string{
		"grantUserRoles": "grant user roles", "USER_LOGGED_INTO_ONELOGIN": "user logged into onelogin", "repo.add_member": "repo add member",
		"CPM Change Password": "cpm change password", "saml2Assert": "saml2 assert", "CreateAPIClient": "create api client", "enable2FA": "enable2fa",
		"": "", "__": "", "A": "a", "aB": "a b", "変更Password": "変更 password", "GET /services": "get services",
		strings.Repeat("a", 300): strings.Repeat("a", maxNameBytes), strings.Repeat("a ", 100): strings.TrimSpace(strings.Repeat("a ", maxWords)),
	} {
		var w words
		w.split(name)
		if got := strings.Join(w.list[:w.count], " "); got != want {
			t.Errorf("split(%q) = %q, want %q", name, got, want)
		}
	}
}

// The longest name has a place: none is looked for in vain.
func TestLongestName(t *testing.T) {
	for n, text := range nameTexts {
		if len(text) > maxNameText {
			t.Errorf("name %d, %q, is %d bytes long", n, text, len(text))
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("USER_LOGGED_INTO_ONELOGIN")
	f.Fuzz(func(t *testing.T, name string) {
		var w words
		w.split(name)
		// The words are the name's own letters, in order.
		rest := strings.ToLower(name)
		for _, word := range w.list[:w.count] {
			at := strings.Index(rest, word)
			if at < 0 && isASCII(name) {
				t.Fatalf("split(%q) has %q", name, word)
			}
			rest = rest[max(at, 0)+min(len(word), len(rest)-max(at, 0)):]
		}
	})
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
