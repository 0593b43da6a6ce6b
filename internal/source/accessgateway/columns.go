package accessgateway

import "strings"

// maxBefore is how many words may stand between host and level: "OAG ADMIN_CONSOLE CLUSTER MANAGER UPDATE WORKER" and
// the second word of "Access Gateway" are the most that occur; some more are allowed for.
const maxBefore = 10

// maxUnanchored is how many words behind the first one may precede the level on a line without data.
const maxUnanchored = 6

// body reads everything behind the time stamp.
func (l *Line) body(s string) {
	stamped := l.Stamp.Raw != "" || l.Envelope.Format == envelope3164 || l.Envelope.Format == envelope5424
	if l.springBoot(s) || l.nginxError(s) {
		return
	}
	if !l.fromEnvelope() {
		if s = l.host(s, stamped); s == "" && !l.Application.Present {
			l.giveUp()
			return
		}
	}
	switch {
	case l.springBootInside(s), l.access(s), l.columns(s):
	case stamped || l.recognisable(s):
		l.service(s)
	default:
		l.giveUp()
		return
	}
	if !stamped {
		l.missing("timestamp")
	}
}

func (l *Line) fromEnvelope() bool { return l.noted("columns_from_envelope") }

// giveUp keeps the whole text as the message.
func (l *Line) giveUp() {
	l.Hostname, l.Application, l.Data = Cell{}, Cell{}, l.Data[:0]
	l.Irregular = l.Irregular[:0]
	l.note("unparsed", "")
	l.format, l.Message = unparsed, l.text
}

// recognisable says whether a line without time stamp is one of the gateway's all the same.
func (l *Line) recognisable(s string) bool {
	first, _ := cutWord(s)
	first = strings.TrimSuffix(first, ":")
	return first != appAuth && first != appSudo && knownApplication(first) || misspelt(first) || knownSubProcess(first) && !plainWord(first)
}

// plainWord says whether a sub-process is also an ordinary word.
func plainWord(s string) bool {
	return s == "ACCESS" || s == "MONITOR" || s == "SCRIPT" || s == "SERVICE"
}

// host reads the host and returns what follows it. A line without a time stamp names no host either, unless the gateway's
// columns follow it.
func (l *Line) host(s string, stamped bool) string {
	if s == "" {
		return s
	}
	if hostMissing(s) || !stamped && l.recognisable(s) {
		l.missing("hostname")
		return s
	}
	n := hostLength(s)
	l.Hostname = present(s[:n])
	if s[0] == '[' {
		l.note("hostname_bracketed", "")
	}
	rest := s[skipBlanks(s, n):]
	if !stamped && !l.recognisable(rest) {
		return ""
	}
	return rest
}

// hostLength returns the length of the host at the start of s: to the closing bracket, or one word.
func hostLength(s string) int {
	if s != "" && s[0] == '[' {
		if i := strings.IndexByte(s, ']'); i > 0 {
			return i + 1
		}
	}
	return word(s, 0)
}

// hostMissing says whether s starts with an application or sub-process where the host should stand.
func hostMissing(s string) bool {
	if strings.HasPrefix(s, aliasWords+" ") {
		return true
	}
	first, rest := cutWord(s)
	second, _ := cutWord(rest)
	if knownApplication(first) || misspelt(first) {
		return knownSubProcess(second)
	}
	return knownSubProcess(first) && !knownApplication(second) && !misspelt(second) && !knownSubProcess(second) &&
		!strings.HasPrefix(rest, aliasWords+" ")
}

// words are the columns in front of the level.
type words struct {
	list       [maxBefore]string
	start      [maxBefore]int
	n          int
	level      string
	before     int // words in front of the level
	levelStart int
	levelEnd   int
}

// anchor finds the last level in front of limit.
func anchor(s string, limit, most int) (w words, ok bool) {
	for i := skipBlanks(s, 0); i < limit; {
		end := min(word(s, i), limit)
		v := s[i:end]
		if knownLevel(v) {
			w.level, w.before, w.levelStart, w.levelEnd, ok = v, w.n, i, end, true
		}
		if w.n == most {
			break
		}
		w.list[w.n], w.start[w.n] = v, i
		w.n++
		i = skipBlanks(s, end)
	}
	return w, ok
}

// columns reads a line that has a level. It returns false when there is none.
func (l *Line) columns(s string) bool {
	first, _ := cutWord(s)
	if name := strings.TrimSuffix(first, ":"); name == appSudo || name == appTemplate || l.serviceProgram() {
		return false
	}
	bracket := strings.IndexByte(s, '[')
	limit, most := bracket, maxBefore-1
	if bracket < 0 {
		known := l.Application.Present || knownApplication(first) || knownSubProcess(first) || misspelt(first) ||
			strings.HasPrefix(s, aliasWords+" ")
		if !known {
			return false
		}
		limit, most = len(s), maxUnanchored
	}
	w, ok := anchor(s, limit, most)
	if !ok {
		return false
	}
	l.format = columnar
	l.beforeLevel(s, &w)
	l.Level = present(w.level)
	if w.level == "ALERT" {
		l.note("level_nonstandard", w.level)
	}
	l.afterLevel(s, w.levelEnd, bracket)
	return true
}

// serviceProgram says whether the envelope names a program that writes text only.
func (l *Line) serviceProgram() bool {
	return l.Application.Value == appSudo || l.Application.Value == appTemplate || l.Application.Value == syslogNG
}

// beforeLevel assigns the words in front of the level to APPLICATION, SUB_PROCESS, COMPONENT and SUB_COMPONENT.
func (l *Line) beforeLevel(s string, w *words) {
	i := l.application(s, w)
	l.SubProcess, l.Component, l.SubComponent = Cell{}, Cell{}, Cell{}
	if i < w.before {
		l.SubProcess = present(w.list[i])
		i++
	}
	if i < w.before {
		l.components(trimRight(s[w.start[i]:w.levelStart]), w.list[w.before-1], w.before-i)
	}
	for _, c := range [...]struct {
		cell *Cell
		name string
	}{{&l.Application, "application"}, {&l.SubProcess, "sub_process"}, {&l.Component, "component"}, {&l.SubComponent, "sub_component"}} {
		if !c.cell.Present {
			l.missing(c.name)
		}
	}
}

// application reads APPLICATION and returns the index of the word behind it.
func (l *Line) application(s string, w *words) int {
	if w.before == 0 {
		return 0
	}
	first := w.list[0]
	if n := l.namedApplication(s[w.start[0]:w.levelStart]); n > 0 {
		return n
	}
	if !l.Application.Present && !knownSubProcess(first) && (w.before == 4 || w.before > 1 && knownSubProcess(w.list[1])) {
		l.Application = present(strings.TrimSuffix(first, ":"))
		if len(l.Application.Value) < len(first) {
			l.note("program_tag_colon", "")
		}
		return 1
	}
	return 0
}

// namedApplication reads an application that is known by name at the start of s and returns how many words it has.
func (l *Line) namedApplication(s string) int {
	first, rest := cutWord(s)
	switch {
	case first == "Access" && strings.HasPrefix(rest, "Gateway") && (len(rest) == 7 || blank(rest, 7) > 0):
		l.Application = present(appGateway)
		l.note("application_alias", aliasWords)
		return 2
	case knownApplication(first):
		l.Application = present(first)
	case misspelt(first):
		l.Application = present(appGateway)
		l.note("application_misspelled", first)
	case strings.HasSuffix(first, ":") && knownApplication(first[:len(first)-1]):
		l.Application = present(first[:len(first)-1])
		l.note("program_tag_colon", "")
	default:
		return 0
	}
	return 1
}

// components splits the n words of s into COMPONENT and SUB_COMPONENT.
func (l *Line) components(s, last string, n int) {
	if n == 1 {
		l.Component = present(s)
		return
	}
	s = oneBlank(s)
	for _, c := range wideComponents {
		if s == c {
			l.Component = present(c)
			return
		}
		if strings.HasPrefix(s, c) && s[len(c)] == ' ' {
			l.Component, l.SubComponent = present(c), present(s[len(c)+1:])
			return
		}
	}
	l.Component, l.SubComponent = present(s[:len(s)-len(last)-1]), present(last)
}

// afterLevel reads EVENT, structured data and MESSAGE.
func (l *Line) afterLevel(s string, at, bracket int) {
	if bracket < 0 {
		l.eventAlone(trim(s[at:]))
		return
	}
	between := trim(s[at:bracket])
	first, more := cutWord(between)
	if more != "" && eventName(first) && !dataBracket(s[bracket:]) {
		l.note("bracket_not_structured_data", "")
		l.eventAlone(trim(s[at:]))
		return
	}
	second, third := cutWord(more)
	switch {
	case between == "":
		l.missing("event")
	case third == "" && port(second) && hostLike(first):
		l.Positional = []string{first, second}
		l.missing("event")
		l.note("positional_args", "")
	default:
		l.Event = present(oneBlank(between))
	}
	l.structuredData(s[bracket:])
}

// eventAlone reads EVENT and MESSAGE of a line without structured data.
func (l *Line) eventAlone(s string) {
	if s == "" {
		l.missing("event")
	} else {
		var name string
		name, l.Message = splitEvent(s)
		l.Event = present(name)
	}
	l.missing("structured_data")
	if l.Message == "" {
		l.missing("message")
	}
}

func port(s string) bool { return s != "" && len(s) <= 5 && digits(s) == len(s) }

// hostLike says whether s can be a host name or an address.
func hostLike(s string) bool {
	for i := range len(s) {
		if c := s[i]; !keyByte(c) && c != ':' && c != '[' && c != ']' && c < 0x80 {
			return false
		}
	}
	return s != ""
}

// service reads a line without level: program, perhaps a sub-process, text.
func (l *Line) service(s string) {
	l.format = service
	tagged := l.Application.Present
	if !tagged {
		s, tagged = l.serviceApplication(s)
	}
	first, rest := cutWord(s)
	if name, glued, ok := gluedSubProcess(first); ok {
		l.SubProcess = present(name)
		l.note("message_glued", "sub_process")
		s = s[len(first)-len(glued):]
	} else if knownSubProcess(first) {
		l.SubProcess, s = present(first), rest
	} else if name, pid, n := tag(s); name != "" && !tagged {
		l.SubProcess, s = present(name), s[skipBlanks(s, n):]
		l.note("program_tag_colon", "")
		l.setProcID(pid)
	}
	l.Message = trim(s)
	if strings.IndexByte(l.Message, '[') >= 0 && !strings.Contains(l.Message, "=\"") {
		l.note("bracket_not_structured_data", "")
	}
	if !l.Application.Present {
		l.missing("application")
	}
	if !l.SubProcess.Present {
		l.missing("sub_process")
	}
	for _, c := range [...]string{"component", "sub_component", "log_level", "event", "structured_data"} {
		l.missing(c)
	}
	if l.Message == "" {
		l.missing("message")
	}
}

// serviceApplication reads the program of a service line. tagged says that a colon ended it, so that no sub-process
// follows.
func (l *Line) serviceApplication(s string) (rest string, tagged bool) {
	first, after := cutWord(s)
	if _, _, glued := gluedSubProcess(first); glued || knownSubProcess(first) {
		return s, false
	}
	if name, pid, n := tag(s); name != "" {
		l.Application = present(name)
		l.setProcID(pid)
		l.note("program_tag_colon", "")
		return s[skipBlanks(s, n):], true
	}
	if n := l.namedApplication(s); n > 0 {
		if n == 2 {
			_, after = cutWord(after)
		}
		return after, false
	}
	name := first
	if i := strings.IndexByte(first, '['); i > 0 && strings.HasSuffix(first, "]") && digits(first[i+1:]) == len(first)-i-2 {
		name = first[:i]
		l.setProcID(first[i+1 : len(first)-1])
	}
	l.Application = present(name)
	return after, false
}

func (l *Line) setProcID(pid string) {
	if pid != "" {
		l.ProcID = pid
	}
}
