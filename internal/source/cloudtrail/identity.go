package cloudtrail

import (
	"strings"

	"kiroku/internal/event"
)

// Values of userIdentity.type.
const (
	typeRoot           = "Root"
	typeAssumedRole    = "AssumedRole"
	typeFederatedUser  = "FederatedUser"
	typeIdentityCenter = "IdentityCenterUser"
	typeAWSService     = "AWSService"
	typeAWSAccount     = "AWSAccount"
)

const (
	nobody = "unknown"

	// hidden stands for what AWS does not tell, for example the name of a user who does not exist: people type their
	// password there.
	hidden      = "HIDDEN_DUE_TO_SECURITY_REASONS"
	labelHidden = "hidden_user_name"
)

// mapIdentity sets who did it. Insight and aggregated events have no identity.
func (m *mapper) mapIdentity() {
	e, v := m.e, &m.values
	m.put(event.ColActorUserType, nUserType)
	m.put(event.ColActorUserUID, nUserARN)
	m.put(event.ColActorAccountUID, nUserAccount)
	m.put(event.ColActorInvokedBy, nInvokedBy)
	m.put(event.ColActorSessionIssuer, nIssuerARN)
	m.either(event.ColActorUserUIDAlt, nPrincipal, nOnBehalfOf)
	m.either(event.ColActorCredentialUID, nAccessKey, nCredential)
	m.either(event.ColActorIDPName, nIdentityProvider, nFederatedProvider)
	m.mapMFA()
	actor, from := m.actor()
	e.Str(event.ColActorUserName, nameTexts[from], actor)
	if from != nUserName {
		m.keep(nUserName)
	} else if v[nUserName] == hidden {
		e.Add(event.ColLabels, nameTexts[nUserName], labelHidden)
	}
}

// actor is a name that people can read, and the field that says most of it.
func (m *mapper) actor() (text string, from name) {
	v := &m.values
	switch v[nUserType] {
	case typeRoot:
		return "root", nUserType
	case typeAssumedRole:
		if text, from := m.role(); text != "" {
			return text, from
		}
	case typeFederatedUser:
		if v[nUserName] == "" && v[nPrincipal] != "" {
			return afterColon(v[nPrincipal]), nPrincipal
		}
	case typeIdentityCenter:
		for _, n := range []name{nAdditionalUser, nUserName, nOnBehalfOf} {
			if v[n] != "" {
				return v[n], n
			}
		}
	case typeAWSService:
		if v[nInvokedBy] != "" {
			return v[nInvokedBy], nInvokedBy
		}
	case typeAWSAccount:
		if v[nUserAccount] != "" {
			return m.join(v[nUserAccount], v[nPrincipal]), nUserAccount
		}
	}
	for _, n := range []name{nUserName, nPrincipal, nInvokedBy} {
		if v[n] != "" {
			return v[n], n
		}
	}
	if m.isInsight() || m.isAggregated() {
		return "", noName
	}
	return nobody, nUserType
}

// role is "role/session": the name of the assumed role and that of the session, as far as they are told.
func (m *mapper) role() (text string, from name) {
	v := &m.values
	session := ""
	if strings.IndexByte(v[nPrincipal], ':') >= 0 {
		session = afterColon(v[nPrincipal])
	}
	if v[nIssuerName] != "" {
		return m.join(v[nIssuerName], session), nIssuerName
	}
	if _, said, ok := strings.Cut(v[nUserARN], ":assumed-role/"); ok {
		return said, nUserARN
	}
	return session, nPrincipal
}

func (m *mapper) join(a, b string) string {
	if b == "" {
		return a
	}
	m.text = append(append(append(m.text[:0], a...), '/'), b...)
	return m.e.Keep(m.text)
}

// afterColon is the session's part of a principal: "AROAEXAMPLE:session".
func afterColon(s string) string { return s[strings.IndexByte(s, ':')+1:] }

// mapMFA: sessions say "true" and "false", sign-ins "Yes" and "No".
func (m *mapper) mapMFA() {
	if used := m.values[nMFAUsed]; strings.EqualFold(used, "yes") || strings.EqualFold(used, "no") {
		m.keep(nMFA)
		m.e.Bool(event.ColIsMFA, nameTexts[nMFAUsed], strings.EqualFold(used, "yes"))
		return
	}
	switch m.values[nMFA] {
	case "true", "false":
		m.e.Bool(event.ColIsMFA, nameTexts[nMFA], m.values[nMFA] == "true")
	default:
		m.keep(nMFA)
	}
}
