package defender

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
)

// row holds what is known of a row of CloudAppEvents while it is read.
type row struct {
	walker jsonleaf.Walker
	onLeaf func(jsonleaf.Leaf) bool
	values [numNames]string
}

// name is a column of the table, or what stands around a row.
type name uint8

const (
	noName name = iota
	nTimestamp
	nActionType
	nApplication
	nApplicationID
	nAccountObjectID
	nAccountID
	nDisplayName
	nAccountType
	nIPAddress
	nCountry
	nCity
	nISP
	nUserAgent
	nObjectName
	nReportID
	nTenant
	nCategory
	nActivityType // the values from here on stay in unmapped, too
	nImpersonated
	nResultStatus
	nUserID
	nLogonError
	numNames
)

const firstKept = nActivityType

// nameOf finds a column by its name.
func nameOf(key []byte) name {
	switch string(key) {
	case "Timestamp":
		return nTimestamp
	case "ActionType":
		return nActionType
	case "Application":
		return nApplication
	case "ApplicationId":
		return nApplicationID
	case "AccountObjectId":
		return nAccountObjectID
	case "AccountId":
		return nAccountID
	case "AccountDisplayName":
		return nDisplayName
	case "AccountType":
		return nAccountType
	case "IPAddress":
		return nIPAddress
	case "CountryCode":
		return nCountry
	case "City":
		return nCity
	case "ISP":
		return nISP
	case "UserAgent":
		return nUserAgent
	case "ObjectName":
		return nObjectName
	case "ReportId":
		return nReportID
	case "ActivityType":
		return nActivityType
	case "IsImpersonated":
		return nImpersonated
	case "RawEventData.ResultStatus":
		return nResultStatus
	case "RawEventData.UserId":
		return nUserID
	case "RawEventData.LogonError":
		return nLogonError
	}
	return noName
}

// The places of a row: bare, as the streaming API sends it, and within its list of records.
const (
	wrapped    = "properties."
	listed     = "records.0."
	rowMarker  = "AdvancedHunting-CloudAppEvents"
	actionType = `"ActionType"`
)

// isRow says whether a JSON object is a row of the table, wrapped or bare.
func isRow(doc []byte) bool {
	if bytes.Contains(doc, []byte(rowMarker)) {
		return category(doc) == rowMarker
	}
	if !bytes.Contains(doc, []byte(actionType)) {
		return false
	}
	const action, application, report = 1, 2, 4
	seen := 0
	var v jsonleaf.Member
	ms := jsonleaf.Members{Doc: doc}
	for seen != action|application|report && ms.Next(&v) {
		switch string(v.Key) {
		case "ActionType":
			seen |= action
		case "Application", "ApplicationId":
			seen |= application
		case "ReportId", "AccountObjectId", "AccountDisplayName":
			seen |= report
		}
	}
	return seen == action|application|report
}

// category is the category of a record of the streaming API, or of the only record of a list of them.
func category(doc []byte) string {
	var v jsonleaf.Member
	ms := jsonleaf.Members{Doc: doc}
	for ms.Next(&v) {
		switch {
		case string(v.Key) == "category":
			return event.Bytes(v.Text)
		case string(v.Key) == "records" && v.Kind == jsonleaf.Array:
			return category(bytes.TrimLeft(v.Text[1:], " \t\r\n"))
		}
	}
	return ""
}

var (
	errNoRow = errors.New("read CloudAppEvents: JSON object without ActionType and Timestamp")
	errList  = errors.New("read CloudAppEvents: a list of several records; one record a line is read, as the streaming API writes it into Storage: split the list, for example with jq -c .records[]")
)

// mapRow maps a row.
func (m *mapper) mapRow(doc []byte) error {
	if err := m.row.walker.Walk(doc, m.row.onLeaf); err != nil {
		return fmt.Errorf("read CloudAppEvents: %w", err)
	}
	if n := records(doc); n > 1 {
		return errList
	}
	v := &m.row.values
	if v[nActionType] == "" || v[nTimestamp] == "" {
		return errNoRow
	}
	t, ok := m.when(v[nTimestamp])
	if !ok {
		return fmt.Errorf("read CloudAppEvents: Timestamp %.40q is no time", v[nTimestamp])
	}
	e := m.e
	e.Int(event.ColSeverityID, "", event.SeverityInformational)
	e.Time(event.ColTime, "Timestamp", t)
	e.Str(event.ColOriginalTime, "Timestamp", v[nTimestamp])
	m.rowKind()
	m.rowActor()
	m.rowPlace()
	e.Str(event.ColMetadataUID, "ReportId", v[nReportID])
	e.Str(event.ColLogName, "category", v[nCategory])
	if v[nTenant] != "" {
		e.Str(event.ColCloudProvider, "", "Azure")
		e.Str(event.ColCloudAccountUID, "tenantId", v[nTenant])
	}
	m.service("Application", v[nApplication])
	e.Str(event.ColAppUID, "ApplicationId", v[nApplicationID])
	e.Str(event.ColResourceName, "ObjectName", v[nObjectName])
	m.rowMessage()
	return nil
}

// records counts the records of a list; 0 when doc is none.
func records(doc []byte) (n int) {
	var v jsonleaf.Member
	ms := jsonleaf.Members{Doc: doc}
	for ms.Next(&v) {
		if string(v.Key) != "records" || v.Kind != jsonleaf.Array {
			continue
		}
		for rest := v.Text[1:]; ; n++ {
			if rest = bytes.TrimLeft(rest, " \t\r\n,"); len(rest) == 0 || rest[0] != '{' {
				return n
			}
			one := jsonleaf.Members{Doc: rest}
			for one.Next(&v) {
			}
			if !one.Closed() {
				return n
			}
			rest = rest[one.Pos:]
		}
	}
	return 0
}

// leaf takes one value of the record.
func (m *mapper) leaf(l jsonleaf.Leaf) bool {
	if l.Kind == jsonleaf.Null || len(l.Value) == 0 {
		return true
	}
	value := event.Bytes(l.Value)
	if !l.InDoc {
		value = m.e.Keep(l.Value)
	}
	path, outer := bytes.CutPrefix(l.Key, []byte(listed))
	path, inner := bytes.CutPrefix(path, []byte(wrapped))
	var n name
	switch {
	case !inner && string(path) == "tenantId":
		n = nTenant
	case !inner && string(path) == "category":
		n = nCategory
	default:
		n = nameOf(path)
	}
	if n != noName && m.row.values[n] == "" {
		m.row.values[n] = value
		if n < firstKept {
			return true
		}
	}
	switch string(path) {
	case "ObjectType":
		m.e.Add(event.ColResourceTypes, "ObjectType", value)
		return true
	case "ObjectId":
		m.e.Add(event.ColResourceUids, "ObjectId", value)
		return true
	}
	m.unmap.Keep(path, l.KeyInDoc && !inner && !outer, value)
	return true
}

// rowKind sets class, activity and outcome.
func (m *mapper) rowKind() {
	e, v := m.e, &m.row.values
	action := v[nActionType]
	e.Str(event.ColEventCode, "ActionType", action)
	k, ok := kindOf(action)
	if !ok {
		if k, ok = byVerb(action); !ok {
			if k, ok = kindOf(v[nActivityType]); !ok {
				k = unknownKind
			}
		}
	}
	m.named(k, "ActionType", action)
	switch status := v[nResultStatus]; {
	case k.failed, strings.EqualFold(status, "Failed"), strings.EqualFold(status, "Failure"), strings.EqualFold(status, "False"):
		m.status("RawEventData.ResultStatus", event.StatusFailure, event.OutcomeFailure)
	case strings.EqualFold(status, "Succeeded"), strings.EqualFold(status, "Success"), strings.EqualFold(status, "True"), k.class == event.ClassAuthentication:
		m.status("RawEventData.ResultStatus", event.StatusSuccess, event.OutcomeSuccess)
	}
	e.Str(event.ColStatusCode, "RawEventData.ResultStatus", v[nResultStatus])
	e.Str(event.ColStatusDetail, "RawEventData.LogonError", v[nLogonError])
	if strings.EqualFold(v[nImpersonated], "true") && len(e.GetList(event.ColLabels)) == 0 {
		e.Add(event.ColLabels, "IsImpersonated", "impersonated")
	}
}

// rowActor sets who acted.
func (m *mapper) rowActor() {
	e, v := m.e, &m.row.values
	e.Str(event.ColActorUserUID, "AccountObjectId", v[nAccountObjectID])
	e.Str(event.ColActorUserUIDAlt, "AccountId", v[nAccountID])
	e.Str(event.ColActorUserType, "AccountType", v[nAccountType])
	from, who := "AccountDisplayName", v[nDisplayName]
	if who == "" {
		from, who = "RawEventData.UserId", v[nUserID]
	}
	m.user(from, who)
	if !e.Has(event.ColActorUserEmail) && strings.IndexByte(v[nUserID], '@') > 0 {
		e.Str(event.ColActorUserEmail, "RawEventData.UserId", v[nUserID])
	}
}

// rowPlace sets where the client is.
func (m *mapper) rowPlace() {
	e, v := m.e, &m.row.values
	if !m.address("IPAddress", v[nIPAddress]) {
		e.Unmap("IPAddress", v[nIPAddress])
	}
	if len(v[nCountry]) == 2 {
		e.Str(event.ColSrcCountry, "CountryCode", v[nCountry])
	} else {
		e.Unmap("CountryCode", v[nCountry])
	}
	e.Str(event.ColSrcCity, "City", v[nCity])
	e.Str(event.ColSrcASOrg, "ISP", v[nISP])
	m.agent("UserAgent", v[nUserAgent])
}

// rowMessage words what happened.
func (m *mapper) rowMessage() {
	v := &m.row.values
	b := append(m.text[:0], v[nActionType]...)
	for _, part := range [...][2]string{{": ", v[nObjectName]}, {" by ", m.e.GetStr(event.ColActorUserName)}, {" in ", v[nApplication]}} {
		if part[1] != "" {
			b = append(append(b, part[0]...), part[1]...)
		}
	}
	m.text = b
	m.e.Str(event.ColMessage, "", m.e.Keep(b))
}
