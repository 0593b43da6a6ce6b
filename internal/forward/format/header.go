package format

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
)

// header writes the header of syslog. The time in it is the event's own, in UTC, as the original's is.
type header struct {
	form   wire.HeaderForm
	layout string
	pri    string // "<109>", empty for none
	host   string // with a blank behind it, empty for none
}

// The layouts of times. RFC 3164 pads the day with a blank; the original pads it with a zero.
const (
	layoutISO      = "2006-01-02T15:04:05.000Z"
	layout3164     = "Jan _2 15:04:05"
	layout3164Year = "Jan _2 2006 15:04:05"
	layoutMCAS     = "Jan 02 15:04:05"
	layoutMCASYear = "Jan 02 2006 15:04:05"
)

// What stands in headers of RFC 5424: there is no process of the event's, and no structured data.
const (
	appName = "kiroku"
	noProc  = " - "
	noData  = " - "
	noHost  = "- "
	maxHost = 255 // section 6
)

func newHeader(f wire.Format, w wire.Header, host string) header {
	h := header{form: w.Form}
	mcas := f == wire.CEFMCAS
	switch {
	case w.Form == wire.HeaderMCAS5424:
		h.layout = layoutISO
	case w.Form == wire.HeaderRFC3164 && mcas:
		h.layout = layoutMCAS
	case w.Form == wire.HeaderRFC3164:
		h.layout = layout3164
	case w.Form == wire.HeaderRFC3164Year && mcas:
		h.layout = layoutMCASYear
	case w.Form == wire.HeaderRFC3164Year:
		h.layout = layout3164Year
	case w.Form == wire.HeaderRFC5424:
		h.layout = event.TimeLayout
	}
	if !w.NoPRI {
		h.pri = "<" + strconv.Itoa(cmp.Or(w.Priority, wire.DefaultPriority)) + ">"
	}
	if w.Host != "" {
		host = w.Host
	}
	if host = hostName(host); host != "" && !w.NoHost {
		h.host = host + " "
	}
	if h.form == wire.HeaderRFC5424 && h.host == "" {
		h.host = noHost
	}
	return h
}

// hostName makes a name that fits into a header: printable ASCII without blanks, not longer than RFC 5424 allows.
func hostName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7F {
			return '_'
		}
		return r
	}, strings.TrimSpace(s))
	return s[:min(len(s), maxHost)]
}

// append writes everything in front of the message.
func (h *header) append(dst []byte, ev *event.Event) []byte {
	if h.form == wire.HeaderNone {
		return dst
	}
	dst = append(dst, h.pri...)
	if h.form == wire.HeaderRFC5424 {
		dst = append(dst, '1', ' ')
	}
	dst = eventTime(ev).AppendFormat(dst, h.layout)
	dst = append(dst, ' ')
	dst = append(dst, h.host...)
	if h.form == wire.HeaderRFC5424 {
		dst = append(dst, appName+noProc...)
		dst = append(dst, className(int(ev.GetInt(event.ColClassUID)))...)
		dst = append(dst, noData...)
	}
	return dst
}

func eventTime(ev *event.Event) time.Time { return time.UnixMicro(ev.GetInt(event.ColTime)).UTC() }

// className is the name of a class as MSGID of RFC 5424 has it.
func className(class int) string {
	switch class {
	case event.ClassBaseEvent:
		return "base_event"
	case event.ClassProcessActivity:
		return "process_activity"
	case event.ClassEventLogActivity:
		return "event_log_activity"
	case event.ClassDetectionFinding:
		return "detection_finding"
	case event.ClassIncidentFinding:
		return "incident_finding"
	case event.ClassAccountChange:
		return "account_change"
	case event.ClassAuthentication:
		return "authentication"
	case event.ClassAuthorizeSession:
		return "authorize_session"
	case event.ClassEntityManagement:
		return "entity_management"
	case event.ClassUserAccess:
		return "user_access"
	case event.ClassGroupManagement:
		return "group_management"
	case event.ClassNetworkActivity:
		return "network_activity"
	case event.ClassHTTPActivity:
		return "http_activity"
	case event.ClassTunnelActivity:
		return "tunnel_activity"
	case event.ClassWebResources:
		return "web_resources_activity"
	case event.ClassApplicationLifecyle:
		return "application_lifecycle"
	case event.ClassAPIActivity:
		return "api_activity"
	case event.ClassDatastoreActivity:
		return "datastore_activity"
	case event.ClassFileHosting:
		return "file_hosting"
	case event.ClassApplicationError:
		return "application_error"
	}
	return "class_" + strconv.Itoa(class)
}
