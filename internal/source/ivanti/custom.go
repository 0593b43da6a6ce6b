package ivanti

import (
	"net/netip"
	"strconv"
	"strings"

	"kiroku/internal/decode/syslogline"
)

// maxBars is more than a custom filter has; it bounds the work for hostile lines.
const maxBars = 64

// parseCustom reads the custom filter that feeds Splunk: fields between " | ", of which node, time, message id and
// severity come first and the text last; addresses, user and roles follow the severity in this order.
//
//	ive | 2020-09-16 18:10:53 | ADM100 | info | IP |  | IP | USER | ROLE | … | TEXT
func (n *entry) parseCustom(s string) bool {
	if bars := strings.Count(s, "|"); bars < 5 || bars > maxBars {
		return false
	}
	fields := strings.Split(s, "|")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	stamp, ok := syslogline.ParseLocal([]byte(fields[1]))
	if !ok || !isMessageID(fields[2]) {
		return false
	}
	n.filter = filterCustom
	n.local = stamp
	n.set(keyDate, fields[1][:10])
	n.add("node", fields[0])
	n.set(keyMessageID, fields[2])
	n.set(keySevString, fields[3])
	last := len(fields) - 1
	n.set(keyText, fields[last])
	n.customPeople(fields[4:last])
	return true
}

// customPeople reads the fields between severity and text: the appliance's address, the client's, the user, the role.
// What it cannot name stays under the field's number.
func (n *entry) customPeople(fields []string) {
	addresses := 0
	for i, f := range fields {
		if f == "" {
			continue
		}
		_, err := netip.ParseAddr(f)
		switch {
		case err == nil && addresses < 2:
			if addresses++; addresses == 2 {
				n.add("node_ip", n.values[keySourceIP])
			}
			n.set(keySourceIP, f)
		case addresses > 0 && !n.has(keyUser):
			n.setUser(f)
		case n.has(keyUser) && !n.has(keyRoles):
			n.set(keyRoles, f)
		default:
			n.add("field_"+strconv.Itoa(i+5), f)
		}
	}
}
