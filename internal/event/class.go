package event

// OCSF class ids (OCSF 1.8.0): category * 1000 + class.
const (
	ClassBaseEvent           = 0
	ClassProcessActivity     = 1007
	ClassEventLogActivity    = 1008
	ClassDetectionFinding    = 2004
	ClassIncidentFinding     = 2005
	ClassAccountChange       = 3001
	ClassAuthentication      = 3002
	ClassAuthorizeSession    = 3003
	ClassEntityManagement    = 3004
	ClassUserAccess          = 3005
	ClassGroupManagement     = 3006
	ClassNetworkActivity     = 4001
	ClassHTTPActivity        = 4002
	ClassTunnelActivity      = 4014
	ClassWebResources        = 6001
	ClassApplicationLifecyle = 6002
	ClassAPIActivity         = 6003
	ClassDatastoreActivity   = 6005
	ClassFileHosting         = 6006
	ClassApplicationError    = 6008
)

// Severity ids (OCSF severity_id).
const (
	SeverityUnknown       = 0
	SeverityInformational = 1
	SeverityLow           = 2
	SeverityMedium        = 3
	SeverityHigh          = 4
	SeverityCritical      = 5
	SeverityFatal         = 6
)

// Status ids (OCSF status_id).
const (
	StatusUnknown = 0
	StatusSuccess = 1
	StatusFailure = 2
	StatusOther   = 99
)

// Words of the outcome column.
const (
	OutcomeSuccess         = "success"
	OutcomeFailure         = "failure"
	OutcomeDenied          = "denied"
	OutcomeRejected        = "rejected"
	OutcomeUnauthenticated = "unauthenticated"
	OutcomeBlocked         = "blocked"
)

// Class sets class_uid, category_uid, activity_id and type_uid together.
func (e *Event) Class(class, activity int) {
	e.Int(ColClassUID, "", int64(class))
	e.Int(ColCategoryUID, "", int64(class/1000))
	e.Int(ColActivityID, "", int64(activity))
	e.Int(ColTypeUID, "", int64(class*100+activity))
}

// HTTPActivity is the activity_id of HTTP Activity (4002) for a request's method: 0 for none, 99 for a method that OCSF does not name.
func HTTPActivity(method string) int {
	switch method {
	case "":
		return 0
	case "CONNECT":
		return 1
	case "DELETE":
		return 2
	case "GET":
		return 3
	case "HEAD":
		return 4
	case "OPTIONS":
		return 5
	case "POST":
		return 6
	case "PUT":
		return 7
	case "TRACE":
		return 8
	case "PATCH":
		return 9
	}
	return 99
}
