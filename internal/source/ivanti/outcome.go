package ivanti

import "kiroku/internal/event"

// outcomeOf is the outcome of an entry: by its message id, since the ids are what Datadog's dashboards count; by its
// text where there is no id or it is not in the lists. It is "" where nothing succeeds or fails.
func (n *entry) outcomeOf() string {
	if outcome := outcomeOfID(n.values[keyMessageID]); outcome != "" {
		return outcome
	}
	return outcomeOfText(n.facts.text)
}

func outcomeOfID(id string) string {
	if len(id) != 8 {
		return ""
	}
	number := id[3:]
	switch id[:3] {
	case "AUT":
		return outcomeOfAUT(number)
	case "WEB":
		switch number {
		case "20174":
			return event.OutcomeSuccess
		case "30441":
			return event.OutcomeFailure
		case "20172", "23290", "30439", "20900", "20907", "31809":
			return event.OutcomeBlocked
		case "20171", "20899", "20906":
			return event.OutcomeDenied
		}
	case "ADM":
		switch number {
		case "22668", "22667":
			return event.OutcomeSuccess
		case "22798", "22814", "22816":
			return event.OutcomeFailure
		}
	}
	return ""
}

func outcomeOfAUT(number string) string {
	switch number {
	case "31556", "20920":
		return event.OutcomeUnauthenticated
	case "23457", "24327", "21062", "21063", "21064", "21065", "21066", "21067", "21068", "23358", "31985", "23458":
		// 31985 is the newer form of 23457, 23458 its twin for administrators.
		return event.OutcomeFailure
	case "21051", "21052", "21053", "21054", "21055", "21056", "21057", "21058", "21059", "21060", "24083":
		return event.OutcomeRejected
	case "31504", "24326", "22669", "22670", "24414":
		return event.OutcomeSuccess
	}
	return ""
}

func outcomeOfText(t text) string {
	switch t {
	case textWebCompleted, textLoginSucceeded, textAuthSucceeded, textHostCheckPassed,
		textCreated, textModified, textDeleted, textUserAdded, textUserRemoved:
		return event.OutcomeSuccess
	case textWebFailed, textLoginFailed, textAuthFailed, textHostCheckFailed, textSSLFailed:
		return event.OutcomeFailure
	case textWebBlocked:
		return event.OutcomeBlocked
	case textWebDenied, textVersionDenied, textLockedOut:
		return event.OutcomeDenied
	case textLoginRejected:
		return event.OutcomeRejected
	case textUnauthenticated:
		return event.OutcomeUnauthenticated
	}
	return ""
}

// statusOf is the OCSF status that goes with an outcome, or with a text that has none.
func (n *entry) statusOf(outcome string) int64 {
	switch outcome {
	case event.OutcomeSuccess:
		return event.StatusSuccess
	case "":
	default:
		return event.StatusFailure
	}
	switch n.facts.text {
	case textHostCheckFailed, textVersionDenied, textLockedOut, textSSLFailed,
		textWebFailed, textWebBlocked, textWebDenied, textLoginFailed, textLoginRejected, textAuthFailed, textUnauthenticated:
		return event.StatusFailure
	case textUnknown:
		if n.refused() {
			return event.StatusFailure
		}
		return event.StatusUnknown
	}
	return event.StatusSuccess
}
