package format

import (
	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
)

// Columns are the columns that the lines of an Encoder with these options show, so that whoever reads events for it need not
// read the others; nil: all of them.
func Columns(o Options) []event.Column {
	switch o.Format {
	case wire.CEFMCAS, wire.CEF, wire.LEEF:
		return append([]event.Column(nil), lineColumns[:]...)
	}
	if o.Raw {
		return nil
	}
	list := event.Columns()
	return append(list[:event.ColRawData], list[event.ColRawData+1:]...)
}

// lineColumns are what CEF and LEEF show; raw_data is the message of records that could not be mapped, and the original's line.
var lineColumns = [...]event.Column{
	event.ColEventUID, event.ColTime, event.ColSource, event.ColRawData, event.ColClassUID, event.ColTypeUID, event.ColCategoryUID, event.ColActivityID, event.ColSeverityID,
	event.ColParseError, event.ColRawEncoding, event.ColActivityName, event.ColStatusID, event.ColOutcome, event.ColStatusDetail, event.ColMessage, event.ColMetadataUID,
	event.ColEventCode, event.ColLogLevel, event.ColCorrelationUID, event.ColProductName, event.ColProductVersion,
	event.ColActorUserName, event.ColActorUserUID, event.ColActorUserEmail, event.ColActorUserDomain, event.ColActorSessionUID, event.ColActorAppName,
	event.ColUserName, event.ColUserUID, event.ColGroupName, event.ColEntityName, event.ColPolicyName,
	event.ColSrcIP, event.ColSrcPort, event.ColSrcHost, event.ColSrcUID, event.ColDstIP, event.ColDstPort, event.ColDstHost, event.ColDstSvcName, event.ColDeviceHost,
	event.ColUserAgent, event.ColHTTPMethod, event.ColHTTPURL, event.ColAPIOperation, event.ColAPIService, event.ColAPIErrorMessage,
	event.ColResourceName, event.ColResourceUids, event.ColAppName, event.ColAppUID, event.ColBytesIn, event.ColBytesOut,
	event.ColFindingTitle, event.ColRiskScore, event.ColUnmapped,
}
