package search

import "kiroku/internal/event"

// Type says how the values of a field compare.
type Type uint8

// The types.
const (
	Keyword  Type = iota // equality of the whole value, any case
	FreeText             // words and phrases in the value
	Address              // IP addresses and networks
	Number
	ByteSize // numbers with units: 10MB, 4KiB
	Duration // milliseconds, with units: 1.5s, 2m
	Decimal  // floating point
	Boolean
	Time      // RFC 3339 or a date
	Level     // severities by name, in their order
	Named     // numbers that may be written by name: classes, activities, states
	Attribute // text of unknown nature: equal like a keyword, comparable when it is a number
)

var typeNames = [...]string{"keyword", "text", "ip", "number", "bytes", "duration", "decimal", "boolean", "time", "level", "named", "attribute"}

// String is the type's name in the API.
func (t Type) String() string { return typeNames[t] }

// TypeOf is the type of a column's values.
func TypeOf(c event.Column) Type {
	switch c {
	case event.ColMessage, event.ColRawData, event.ColStatusDetail, event.ColAPIErrorMessage, event.ColParseError, event.ColProcessCmdLine:
		return FreeText
	case event.ColSrcIP, event.ColDstIP, event.ColSrcIPOld, event.ColTunnelIP, event.ColCollector:
		return Address
	case event.ColSeverityID:
		return Level
	case event.ColClassUID, event.ColActivityID, event.ColStatusID, event.ColActionID, event.ColDispositionID, event.ColCategoryUID:
		return Named
	case event.ColBytesIn, event.ColBytesOut:
		return ByteSize
	case event.ColDurationMS:
		return Duration
	}
	switch c.Kind() {
	case event.Int, event.Long:
		return Number
	case event.Double:
		return Decimal
	case event.Bool:
		return Boolean
	case event.Timestamp:
		return Time
	case event.StringMap:
		return Attribute
	}
	return Keyword
}

// holdsAddresses says whether a column may hold addresses. Hosts often go by their address.
func holdsAddresses(c event.Column) bool {
	switch c {
	case event.ColSrcHost, event.ColDstHost, event.ColDeviceHost, event.ColURLHost:
		return true
	}
	t := TypeOf(c)
	return t == Address || t == Attribute
}

// InText says whether bare words look into a column, and therefore whether a token index must hold its tokens.
func InText(c event.Column) bool {
	switch c {
	case event.ColRawData, event.ColEventUID, event.ColRawEncoding, event.ColOCSFVersion, event.ColProfiles:
		return false
	}
	switch c.Kind() {
	case event.String, event.StringList, event.StringMap:
		return true
	}
	return false
}

// TextColumns are the columns that bare words look into, in the order of the table. Of unmapped they see the values.
func TextColumns() []event.Column {
	var cs []event.Column
	for _, c := range event.Columns() {
		if InText(c) {
			cs = append(cs, c)
		}
	}
	return cs
}

// named lists the names of the values of a column; the first name of a value is the one shown.
type named struct {
	name  string
	value int64
}

var levels = []named{
	{"unknown", event.SeverityUnknown}, {"informational", event.SeverityInformational}, {"info", event.SeverityInformational},
	{"low", event.SeverityLow}, {"medium", event.SeverityMedium}, {"high", event.SeverityHigh},
	{"critical", event.SeverityCritical}, {"fatal", event.SeverityFatal},
}

// namesOf returns the names of a column's values. Names are compared without case, spaces and signs. Those of activities are in
// activities, because they depend on the class.
func namesOf(c event.Column) []named {
	switch c {
	case event.ColSeverityID:
		return levels
	case event.ColClassUID:
		return classes
	case event.ColCategoryUID:
		return []named{
			{"systemactivity", 1}, {"system", 1}, {"findings", 2}, {"identityaccessmanagement", 3}, {"iam", 3},
			{"networkactivity", 4}, {"network", 4}, {"discovery", 5}, {"applicationactivity", 6}, {"application", 6},
		}
	case event.ColStatusID:
		return []named{{"unknown", event.StatusUnknown}, {"success", event.StatusSuccess}, {"failure", event.StatusFailure}, {"other", event.StatusOther}}
	case event.ColActionID, event.ColDispositionID:
		second := "denied"
		if c == event.ColDispositionID {
			second = "blocked"
		}
		return []named{{"unknown", 0}, {"allowed", 1}, {second, 2}, {"other", 99}}
	}
	return nil
}

var classes = []named{
	{"baseevent", event.ClassBaseEvent}, {"base", event.ClassBaseEvent},
	{"processactivity", event.ClassProcessActivity}, {"process", event.ClassProcessActivity},
	{"eventlogactivity", event.ClassEventLogActivity}, {"eventlog", event.ClassEventLogActivity},
	{"detectionfinding", event.ClassDetectionFinding}, {"incidentfinding", event.ClassIncidentFinding},
	{"accountchange", event.ClassAccountChange}, {"authentication", event.ClassAuthentication},
	{"authorizesession", event.ClassAuthorizeSession}, {"entitymanagement", event.ClassEntityManagement},
	{"useraccessmanagement", event.ClassUserAccess}, {"useraccess", event.ClassUserAccess},
	{"groupmanagement", event.ClassGroupManagement}, {"networkactivity", event.ClassNetworkActivity},
	{"httpactivity", event.ClassHTTPActivity}, {"http", event.ClassHTTPActivity},
	{"tunnelactivity", event.ClassTunnelActivity}, {"tunnel", event.ClassTunnelActivity},
	{"webresourcesactivity", event.ClassWebResources}, {"webresources", event.ClassWebResources},
	{"applicationlifecycle", event.ClassApplicationLifecyle},
	{"apiactivity", event.ClassAPIActivity}, {"api", event.ClassAPIActivity},
	{"datastoreactivity", event.ClassDatastoreActivity}, {"datastore", event.ClassDatastoreActivity},
	{"filehostingactivity", event.ClassFileHosting}, {"filehosting", event.ClassFileHosting},
	{"applicationerror", event.ClassApplicationError},
}
