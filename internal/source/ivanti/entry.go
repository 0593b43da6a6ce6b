package ivanti

import (
	"bytes"
	"errors"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/decode/syslogline"
	"kiroku/internal/event"
)

// key is one of the 23 keys of the JSON filter, in the order in which the appliance writes them.
type key uint8

const (
	keyMessageID key = iota
	keyDate
	keyTimestamp
	keyUSTimestamp
	keyOpaqueID
	keyGatewayID
	keyGatewayName
	keyUniqueID
	keySevNum
	keySevString
	keySourceIP
	keyMacaddr
	keyUser
	keyRealm
	keyRoles
	keySessionID
	keyUserAgent
	keyDeviceID
	keyBrowserID
	keyTenantID
	keyCertHash
	keyAdditional
	keyText
	numKeys
)

var keyNames = [numKeys]string{
	keyMessageID: "message_id", keyDate: "date", keyTimestamp: "timestamp", keyUSTimestamp: "us_timestamp",
	keyOpaqueID: "opaque_id", keyGatewayID: "gateway_id", keyGatewayName: "gateway_name", keyUniqueID: "unique_id",
	keySevNum: "sev_num", keySevString: "sev_string", keySourceIP: "source_ip", keyMacaddr: "macaddr", keyUser: "user",
	keyRealm: "realm_name", keyRoles: "roles", keySessionID: "session_id", keyUserAgent: "useragent",
	keyDeviceID: "device_id", keyBrowserID: "browser_id", keyTenantID: "tenant_id", keyCertHash: "cert_hash",
	keyAdditional: "additional_details", keyText: "raw_message",
}

// keyPrefixes are the keys as a JSON object writes them.
var keyPrefixes = func() (prefixes [numKeys]string) {
	for k, name := range keyNames {
		prefixes[k] = `"` + name + `":`
	}
	return prefixes
}()

// expected are the keys as the appliance writes them.
var expected = func() (keys [numKeys]*jsonleaf.Key) {
	for k, name := range keyNames {
		keys[k] = jsonleaf.Expect(name)
	}
	return keys
}()

// keyOf finds a key by its name.
func keyOf(name []byte) (key, bool) {
	for k, n := range keyNames {
		if string(name) == n {
			return key(k), true
		}
	}
	if string(name) == "user_name" { // Neurons for Secure Access
		return keyUser, true
	}
	return 0, false
}

// filter is the format that the appliance was told to write.
type filter uint8

const (
	filterJSON filter = iota
	filterStandard
	filterWELF
	filterCustom
)

// entry is a record under the appliance's own names. Its strings point into the record or into the event's scratch.
type entry struct {
	line     syslogline.Line
	filter   filter
	repaired bool // the JSON was broken
	seen     uint32
	values   [numKeys]string
	extra    []extra          // values under names other than the keys; nil for usual records
	local    syslogline.Stamp // time in the body without a zone: Standard, WELF, custom
	facts    facts
	// typ is the three letters of the message id, or what the text lets guess; "" when nothing tells. They say what kind
	// of log it is. typFrom is the key that told.
	typ, typFrom string
}

// extra is a value under a name that is not among the keys.
type extra struct {
	name  string
	value string
	kind  jsonleaf.Kind // Array and Object: value is JSON
}

func (n *entry) set(k key, v string) {
	n.seen |= 1 << k
	n.values[k] = v
}

func (n *entry) has(k key) bool { return n.seen&(1<<k) != 0 }

func (n *entry) add(name, v string) { n.extra = append(n.extra, extra{name: name, value: v}) }

var (
	errUnknown = errors.New("read Ivanti record: neither JSON, Standard, WELF nor a known custom filter")
	errNoBody  = errors.New("read Ivanti record: nothing follows the header")
)

// parse takes rec apart. e only lends its scratch memory.
func (n *entry) parse(rec *event.Record, e *event.Event) error {
	n.line.Parse(rec.Data)
	body := trim(n.line.Body)
	err := n.parseBody(body, e)
	if err != nil {
		// A header that nobody knows: the body may still be found behind the program's name.
		at := bytes.Index(body, []byte(programName))
		if at < 0 {
			return err
		}
		if n.parseBody(trim(body[at+len(programName):]), e) != nil {
			return err
		}
	}
	if id := n.values[keyMessageID]; isMessageID(id) {
		n.typ, n.typFrom = id[:3], keyNames[keyMessageID]
	} else {
		n.typ, n.typFrom = guessType(n.values[keyText]), keyNames[keyText]
	}
	n.facts.read(n.typ, n.values[keyText])
	return nil
}

// programName stands in the header of every record; the colon belongs to it.
const programName = "PulseSecure:"

func (n *entry) parseBody(body []byte, e *event.Event) error {
	switch {
	case len(body) == 0:
		return errNoBody
	case body[0] == '{':
		return n.parseJSON(body, e)
	case hasPrefix(body, "id=firewall"):
		n.parseWELF(event.Bytes(body))
	case n.parseStandard(event.Bytes(body)) || n.parseCustom(event.Bytes(body)):
	default:
		return errUnknown
	}
	return nil
}

// trim cuts the line ends that a transport left, and the "- - - " that a relay's own header leaves of the appliance's.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] <= ' ') {
		b = b[:len(b)-1]
	}
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '-' && len(b) > 1 && b[1] == ' ') {
		b = b[1:]
	}
	return b
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// isMessageID wants three letters and digits: "AUT24327".
func isMessageID(s string) bool {
	if len(s) < 4 || len(s) > 12 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; i < 3 && (c|0x20 < 'a' || c|0x20 > 'z') || i >= 3 && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
