package auditevent

import (
	"strings"

	"kiroku/internal/event"
)

// OCSF's action_id and disposition_id of what was refused.
const (
	actionDenied       = 2
	dispositionBlocked = 2
)

// mapOutcome says what came of it: Okta tells by its own word, all others by an error code, or in the event's name.
func (m *mapper) mapOutcome() {
	e, v := m.e, &m.values
	if noError(v[nErrorCode]) {
		m.keep(nErrorCode)
		v[nErrorCode] = ""
	}
	m.put(event.ColAPIError, nErrorCode)
	m.put(event.ColStatusCode, nErrorCode)
	m.put(event.ColAPIErrorMessage, nErrorMessage)
	m.put(event.ColStatusDetail, nErrorMessage)
	said, from := v[nErrorCode], nErrorCode
	if m.source == sourceOkta && v[nOktaResult] != "" {
		said, from = v[nOktaResult], nOktaResult
	}
	switch {
	case m.source == sourceOkta && undecided(said):
		e.Int(event.ColStatusID, nameTexts[from], event.StatusUnknown)
	case isDenial(said):
		m.setOutcome(event.OutcomeDenied, event.StatusFailure, from)
		e.Int(event.ColActionID, nameTexts[from], actionDenied)
		e.Int(event.ColDispositionID, nameTexts[from], dispositionBlocked)
		e.Add(event.ColProfiles, "", "security_control")
	case m.source == sourceOkta && (said == "SUCCESS" || said == "ALLOW"):
		m.setOutcome(event.OutcomeSuccess, event.StatusSuccess, from)
	case said != "":
		m.setOutcome(event.OutcomeFailure, event.StatusFailure, from)
	case m.nameSaysFailure():
		m.setOutcome(event.OutcomeFailure, event.StatusFailure, nEventName)
	default:
		m.setOutcome(event.OutcomeSuccess, event.StatusSuccess, noName)
	}
}

func (m *mapper) setOutcome(word string, status int64, from name) {
	m.e.Str(event.ColOutcome, nameTexts[from], word)
	m.e.Int(event.ColStatusID, nameTexts[from], status)
}

// nameSaysFailure: USER_FAILED_ONELOGIN_LOGIN, user.failed_login.
func (m *mapper) nameSaysFailure() bool {
	m.words.split(m.values[nEventName])
	return m.words.has(wFailed)
}

// noError says that an error code means none. Senders fill the field in when there was no error.
func noError(code string) bool {
	return isAny(code, "", "none", "null", "success", "ok", "0", "200")
}

// isAny says whether text is one of words, whatever its case.
func isAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(text, w) {
			return true
		}
	}
	return false
}

// undecided are results of Okta's that are neither success nor failure (System Log API, LogOutcome).
func undecided(result string) bool {
	switch result {
	case "SKIPPED", "CHALLENGE", "DEFERRED", "UNKNOWN":
		return true
	}
	return false
}

// isDenial says that an error code means: who asks may not.
func isDenial(code string) bool {
	return isAny(code, "deny", "denied", "403", "forbidden") || strings.Contains(code, "AccessDenied") ||
		strings.Contains(code, "Unauthorized") || strings.Contains(code, "PermissionDenied")
}
