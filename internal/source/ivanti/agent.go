package ivanti

import (
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"
)

// agentParser gives the details of a user agent as Datadog's pipeline shows them.
type agentParser interface {
	details(agent string) map[string]any
}

// lazyAgents compiles the definitions of uap-core at first use: that takes a while, and few programs ask.
func lazyAgents() agentParser {
	return &agents{parser: sync.OnceValues(func() (*uaparser.Parser, error) { return uaparser.New() })}
}

// agents keeps its answers in the parser's own cache.
type agents struct {
	parser func() (*uaparser.Parser, error)
}

// unknownFamily is uap-core's word for what it does not know.
const unknownFamily = "Other"

func (a *agents) details(agent string) map[string]any {
	parser, err := a.parser()
	if err != nil {
		return map[string]any{}
	}
	// A local answer to a hostile header may not take long.
	c := parser.Parse(agent[:min(len(agent), 1024)])
	browser := map[string]any{"family": family(c.UserAgent.Family)}
	put(browser, "major", c.UserAgent.Major)
	put(browser, "minor", c.UserAgent.Minor)
	put(browser, "patch", c.UserAgent.Patch)
	put(browser, "patch_minor", patchMinor(agent, c.UserAgent))
	system := map[string]any{"family": family(c.Os.Family)}
	put(system, "major", c.Os.Major)
	put(system, "minor", c.Os.Minor)
	put(system, "patch", c.Os.Patch)
	put(system, "patch_minor", c.Os.PatchMinor)
	device := map[string]any{"family": family(c.Device.Family), "category": category(agent, c)}
	put(device, "brand", c.Device.Brand)
	put(device, "model", c.Device.Model)
	return map[string]any{"browser": browser, "os": system, "device": device}
}

func family(s string) string {
	if s == "" {
		return unknownFamily
	}
	return s
}

func put(m map[string]any, key, v string) {
	if v != "" {
		m[key] = v
	}
}

// patchMinor is the fourth number of the browser's version, which uap-go leaves out.
func patchMinor(agent string, ua *uaparser.UserAgent) string {
	if ua.Patch == "" {
		return ""
	}
	_, rest, ok := strings.Cut(agent, ua.Major+"."+ua.Minor+"."+ua.Patch+".")
	if !ok {
		return ""
	}
	i := 0
	for i < len(rest) && rest[i]-'0' <= 9 {
		i++
	}
	return rest[:i]
}

// category says what kind of device it is, by its family and the operating system.
func category(agent string, c *uaparser.Client) string {
	device, system := c.Device.Family, c.Os.Family
	switch {
	case device == "Spider":
		return "Bot"
	case device == "iPad", strings.Contains(device, "Tablet"), strings.Contains(device, "Kindle"), strings.Contains(agent, "Tablet"),
		system == "Android" && !strings.Contains(agent, "Mobile"):
		return "Tablet"
	case system == "iOS", system == "Android", system == "Windows Phone", system == "BlackBerry OS",
		strings.Contains(device, "Smartphone"), device == "iPhone", device == "iPod":
		return "Mobile"
	}
	switch system {
	case "Windows", "Mac OS X", "Linux", "Ubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "SUSE", "Chrome OS",
		"FreeBSD", "OpenBSD", "NetBSD", "Solaris":
		return "Desktop"
	}
	return unknownFamily
}
