package ivanti

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAgentDetails(t *testing.T) {
	agents := lazyAgents()
	for agent, want := range map[string]map[string]any{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98.0.4758.102 Safari/537.36": {
			"browser": map[string]any{"family": "Chrome", "major": "98", "minor": "0", "patch": "4758", "patch_minor": "102"},
			"os":      map[string]any{"family": "Mac OS X", "major": "10", "minor": "15", "patch": "7"},
			"device":  map[string]any{"family": "Mac", "brand": "Apple", "model": "Mac", "category": "Desktop"},
		},
		"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0": {
			"browser": map[string]any{"family": "Firefox", "major": "132", "minor": "0"},
			"os":      map[string]any{"family": "Linux"},
			"device":  map[string]any{"family": "Other", "category": "Desktop"},
		},
		"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1": {
			"browser": map[string]any{"family": "Mobile Safari", "major": "17", "minor": "7"},
			"os":      map[string]any{"family": "iOS", "major": "17", "minor": "7"},
			"device":  map[string]any{"family": "iPad", "brand": "Apple", "model": "iPad", "category": "Tablet"},
		},
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": {
			"browser": map[string]any{"family": "Googlebot", "major": "2", "minor": "1"},
			"os":      map[string]any{"family": "Other"},
			"device":  map[string]any{"family": "Spider", "brand": "Spider", "model": "Desktop", "category": "Bot"},
		},
		"Pulse-Secure/22.7.2.28369 (Windows 11) Pulse/22.7.2.28369": {
			"browser": map[string]any{"family": "Other"},
			"os":      map[string]any{"family": "Windows"},
			"device":  map[string]any{"family": "Other", "category": "Desktop"},
		},
	} {
		if diff := cmp.Diff(want, agents.details(agent)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", agent, diff)
		}
	}
}

func TestIsIP(t *testing.T) {
	for s, want := range map[string]bool{
		"192.0.2.1": true, "255.255.255.255": true, "2001:db8::1": true, "::ffff:192.0.2.1": true, "::": true,
		"": false, "192.0.2": false, "192.0.2.256": false, "192.0.2.1.5": false, "1.2.3.": false, "fe80::1%eth0": false,
		"vpn1.example.com": false, "1234": false, "abc": false,
	} {
		if isIP(s) != want {
			t.Errorf("isIP(%q) = %v", s, !want)
		}
	}
}
