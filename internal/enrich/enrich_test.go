package enrich

import (
	"fmt"
	"strings"
	"testing"

	"kiroku/internal/event"
)

func TestUserAgent(t *testing.T) {
	tables, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	en := tables.New()
	f := func(ua, browser, os, device string) {
		t.Helper()
		var e event.Event
		for range 2 { // from the rules, from the cache
			e.Reset()
			e.Str(event.ColUserAgent, "", ua)
			en.Enrich(&e)
			got := [3]string{e.GetStr(event.ColUserAgentBrowser), e.GetStr(event.ColUserAgentOS), e.GetStr(event.ColUserAgentDevice)}
			if got != [3]string{browser, os, device} {
				t.Errorf("%s: got %q", ua, got)
			}
		}
	}
	f("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome", "Windows", "")
	f("Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1", "Mobile Safari", "iOS", "iPad")
	f("nothing known", "", "", "")
	f(strings.Repeat("Chrome/1 ", 1000), "", "", "")
}

func TestFloodOfAgentsIsLimited(t *testing.T) {
	tables, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	en := tables.New()
	var e event.Event
	for i := range 50 * agentsPerSec {
		e.Reset()
		e.Str(event.ColUserAgent, "", fmt.Sprintf("Chrome/%d.0", i))
		en.Enrich(&e)
	}
	if n := len(en.agents); n > 30*agentsPerSec {
		t.Errorf("%d new user agents were parsed", n)
	}
}

func TestMissingDatabase(t *testing.T) {
	if _, err := Open("absent.mmdb"); err == nil || !strings.Contains(err.Error(), "absent.mmdb") {
		t.Errorf("got %v", err)
	}
}
