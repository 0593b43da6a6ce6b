package cloudtrail

import (
	"strings"

	"kiroku/internal/event"
)

// OCSF's action_id and disposition_id of what was refused.
const (
	actionDenied       = 2
	dispositionBlocked = 2
)

// mapOutcome says what came of a call: it failed when it has an error, or when the service says so in its response.
func (m *mapper) mapOutcome() {
	e, v := m.e, &m.values
	code := v[nErrorCode]
	switch {
	case isDenial(code):
		m.setOutcome(event.OutcomeDenied, event.StatusFailure, nameTexts[nErrorCode])
		e.Int(event.ColActionID, nameTexts[nErrorCode], actionDenied)
		e.Int(event.ColDispositionID, nameTexts[nErrorCode], dispositionBlocked)
		e.Add(event.ColProfiles, "", "security_control")
	case code != "":
		m.setOutcome(event.OutcomeFailure, event.StatusFailure, nameTexts[nErrorCode])
	case m.verdict.word == "Failure" && m.verdict.of == v[nEventName]:
		m.setOutcome(event.OutcomeFailure, event.StatusFailure, m.verdict.of)
	case v[nErrorMessage] != "":
		m.setOutcome(event.OutcomeFailure, event.StatusFailure, nameTexts[nErrorMessage])
	default:
		m.setOutcome(event.OutcomeSuccess, event.StatusSuccess, "")
	}
}

func (m *mapper) setOutcome(word string, status int64, from string) {
	m.e.Str(event.ColOutcome, from, word)
	m.e.Int(event.ColStatusID, from, status)
}

// isDenial says that an error code means: who calls may not. Services word it differently.
func isDenial(code string) bool {
	if code == "" {
		return false
	}
	for _, word := range []string{"AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden"} {
		if strings.Contains(code, word) {
			return true
		}
	}
	return false
}

// mapMessage words the event, as CloudTrail does not: "ec2:StartInstances by alice: AccessDenied".
func (m *mapper) mapMessage() {
	e, v := m.e, &m.values
	b := m.text[:0]
	if kind := v[nInsightType]; kind != "" {
		b = append(append(append(append(b, kind...), ' '), v[nInsightState]...), ": "...)
	}
	b = append(b, e.GetStr(event.ColService)...)
	if call := e.GetStr(event.ColAPIOperation); call != "" {
		b = append(append(b, ':'), call...)
	} else if len(b) > 0 {
		b = append(append(b, ' '), v[nEventType]...)
	}
	if actor := e.GetStr(event.ColActorUserName); actor != "" && actor != nobody {
		b = append(append(b, " by "...), actor...)
	}
	if code := v[nErrorCode]; code != "" {
		b = append(append(b, ": "...), code...)
	} else if e.GetInt(event.ColStatusID) == event.StatusFailure {
		b = append(append(b, ": "...), event.OutcomeFailure...)
	}
	m.text = b
	e.Str(event.ColMessage, "", e.Keep(b))
}
