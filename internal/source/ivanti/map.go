package ivanti

import (
	"unicode/utf8"

	"kiroku/internal/decode/syslogline"
	"kiroku/internal/event"
)

// Map fills e from rec.
func Map(rec *event.Record, e *event.Event) error {
	var n entry
	if err := n.parse(rec, e); err != nil {
		return n.mapUnparsed(rec, e, err)
	}
	e.Str(event.ColProductVendor, "", vendorName)
	e.Str(event.ColProductName, "", productName)
	e.Str(event.ColService, n.typFrom, n.typ)
	n.classify(e)
	n.mapHeader(rec, e)
	n.mapTime(rec, e)
	n.mapSeverity(e)
	n.mapPeople(e)
	n.mapAddresses(e)
	n.mapFacts(e)
	n.mapKeys(e)
	n.mapOutcome(e)
	n.mapExtra(e)
	if n.repaired {
		e.Add(event.ColLabels, "", "parse_repaired")
	}
	return nil
}

// mapUnparsed keeps what the header says of a record whose body cannot be read. Without a header it returns err.
func (n *entry) mapUnparsed(rec *event.Record, e *event.Event, err error) error {
	*n = entry{line: n.line}
	if n.line.Format != syslogline.RFC3164 && n.line.Format != syslogline.RFC5424 {
		return err
	}
	e.Class(event.ClassBaseEvent, 0)
	e.Int(event.ColSeverityID, "", event.SeverityUnknown)
	e.Str(event.ColProductVendor, "", vendorName)
	e.Str(event.ColProductName, "", productName)
	n.mapHeader(rec, e)
	n.mapTime(rec, e)
	e.Str(event.ColParseError, "", err.Error())
	if text := n.text(); utf8.ValidString(text) {
		e.Str(event.ColMessage, "", text)
	}
	return nil
}

// text is the body as it stands, for records that cannot be read.
func (n *entry) text() string { return event.Bytes(trim(n.line.Body)) }

// usualFacility is local0, which the appliance uses unless told otherwise.
const usualFacility = 16

// facilities are the names of RFC 5424 section 6.2.1.
var facilities = [24]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "security",
	"console", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

func (n *entry) mapHeader(rec *event.Record, e *event.Event) {
	e.Str(event.ColDeviceHost, "syslog.host", event.Bytes(n.line.Host))
	if n.line.HasPRI && n.line.Facility != usualFacility {
		e.Unmap("syslog.facility", facilities[n.line.Facility])
	}
	if n.line.Stamp.HasZone {
		e.Int(event.ColTimezoneOffset, "syslog.timestamp", int64(n.line.Stamp.Offset()))
	}
	// The appliance leaves these out; a relay may not.
	e.Unmap("syslog.procid", event.Bytes(n.line.ProcID))
	e.Unmap("syslog.msgid", event.Bytes(n.line.MsgID))
	mapParams(e, "sd.", n.line.Data)
	n.line.EachRelay(rec.Data, func(relay *syslogline.Line) {
		e.Unmap("syslog.relay", event.Bytes(relay.Host))
		e.Unmap("syslog.relay.time", event.Bytes(relay.Stamp.Text))
		e.Unmap("syslog.relay.app", event.Bytes(relay.App))
		e.Unmap("syslog.relay.procid", event.Bytes(relay.ProcID))
		e.Unmap("syslog.relay.msgid", event.Bytes(relay.MsgID))
		mapParams(e, "syslog.relay.sd.", relay.Data)
	})
}

// mapParams keeps structured data.
func mapParams(e *event.Event, prefix string, data []byte) {
	if len(data) == 0 {
		return
	}
	syslogline.EachParam(data, nil, func(id, name, value []byte) bool {
		e.Unmap(prefix+string(id)+"."+string(name), e.Keep(value))
		return true
	})
}

// mapKeys sets the columns of the keys that need no thought, and keeps those without a column.
func (n *entry) mapKeys(e *event.Event) {
	v := &n.values
	e.Str(event.ColEventCode, "message_id", v[keyMessageID])
	e.Str(event.ColMetadataUID, "unique_id", v[keyUniqueID])
	e.Str(event.ColMessage, "raw_message", v[keyText])
	e.Str(event.ColSrcMac, "macaddr", v[keyMacaddr])
	e.Str(event.ColSrcUID, "device_id", v[keyDeviceID])
	e.Unmap("date", v[keyDate])
	e.Unmap("opaque_id", v[keyOpaqueID])
	e.Unmap("gateway_id", v[keyGatewayID])
	e.Unmap("gateway_name", v[keyGatewayName])
	e.Unmap("sev_num", v[keySevNum])
	e.Unmap("browser_id", v[keyBrowserID])
	e.Unmap("tenant_id", v[keyTenantID])
	e.Unmap("cert_hash", v[keyCertHash])
	agent := v[keyUserAgent]
	e.Str(event.ColUserAgent, "useragent", agent)
	if said := n.facts.values[factAgent]; agent == "" {
		e.Str(event.ColUserAgent, "http.useragent", said)
	}
}

// mapSeverity takes the severity from the body: the syslog header's does not follow it.
func (n *entry) mapSeverity(e *event.Event) {
	id, word := n.severity()
	from := "sev_string"
	if id == event.SeverityUnknown && word == "" {
		id, word = severityOfNumber(n.values[keySevNum])
		from = "sev_num"
		if id == event.SeverityUnknown {
			from = ""
		}
	}
	for i := range n.extra {
		switch x := &n.extra[i]; {
		case id != event.SeverityUnknown:
		case n.filter == filterWELF && x.name == "pri":
			id, word = severityOfPRI(x.value)
			from = "pri"
		case x.name == "severity":
			n.values[keySevString] = x.value
			id, word = n.severity()
			n.values[keySevString] = ""
			from = "severity"
		}
	}
	e.Int(event.ColSeverityID, from, id)
	e.Str(event.ColLogLevel, from, word)
	if said := n.values[keySevString]; said != word {
		e.Unmap("sev_string", said)
	}
}

// mapOutcome sets what came of it.
func (n *entry) mapOutcome(e *event.Event) {
	outcome := n.outcomeOf()
	e.Str(event.ColOutcome, n.typFrom, outcome)
	e.Int(event.ColStatusID, n.typFrom, n.statusOf(outcome))
	if outcome == event.OutcomeBlocked || outcome == event.OutcomeDenied {
		e.Int(event.ColActionID, n.typFrom, denied)
		e.Int(event.ColDispositionID, n.typFrom, blocked)
		e.Add(event.ColProfiles, "", "security_control")
	}
	switch n.typ {
	case "STS":
		e.Str(event.ColLogName, n.typFrom, "statistics")
	case "SYS":
		e.Str(event.ColLogName, n.typFrom, "system")
	}
}
