package defender

// keyID names the keys that SIEM agents are known to write, in the order in which they write them.
type keyID int8

const (
	otherKey keyID = iota - 1
	keyExternalID
	keyRT
	keyStart
	keyEnd
	keyMsg
	keySuser
	keyService
	keyDvc
	keyAgent
	keySrc
	keyCn1Label
	keyCn1
	keyCs1Label
	keyCs1
	keyCs2Label
	keyCs2
	keyCs3Label
	keyCs3
	keyCs4Label
	keyCs4
	keyC6a1Label
	keyC6a1
	numKeys
)

// lookUp names a key.
func lookUp(key []byte) keyID {
	switch string(key) {
	case "externalId":
		return keyExternalID
	case "rt":
		return keyRT
	case "start":
		return keyStart
	case "end":
		return keyEnd
	case "msg":
		return keyMsg
	case "suser":
		return keySuser
	case "destinationServiceName":
		return keyService
	case "dvc":
		return keyDvc
	case "requestClientApplication":
		return keyAgent
	case "src":
		return keySrc
	case "cn1Label":
		return keyCn1Label
	case "cn1":
		return keyCn1
	case "cs1Label":
		return keyCs1Label
	case "cs1":
		return keyCs1
	case "cs2Label":
		return keyCs2Label
	case "cs2":
		return keyCs2
	case "cs3Label":
		return keyCs3Label
	case "cs3":
		return keyCs3
	case "cs4Label":
		return keyCs4Label
	case "cs4":
		return keyCs4
	case "c6a1Label":
		return keyC6a1Label
	case "c6a1":
		return keyC6a1
	}
	return otherKey
}

// foreign says that a key does not belong to lines of this kind: activities know the client by dvc, alerts by src.
func (id keyID) foreign(activity, alert bool) bool {
	switch id {
	case keySrc, keyCn1Label, keyCn1:
		return activity
	case keyDvc, keyAgent:
		return alert
	}
	return false
}

// free says that the value of a key may hold any text, blanks included.
func (id keyID) free() bool {
	switch id {
	case keyMsg, keySuser, keyService, keyAgent, keyCs3, otherKey:
		return true
	}
	return false
}

// custom says that key is one of CEF's custom fields or its label: cs5, cs5Label, cn2, c6a2, cfp1, flexString1,
// deviceCustomDate1.
func custom(key []byte) bool {
	if n := len(key) - len(labelSuffix); n > 0 && string(key[n:]) == labelSuffix {
		key = key[:n]
	}
	n := len(key) - 1
	if n < 1 || key[n]-'1' > 8 {
		return false
	}
	switch string(key[:n]) {
	case "cs", "cn", "c6a", "cfp", "flexString", "flexNumber", "flexDate", "deviceCustomDate":
		return true
	}
	return false
}

const labelSuffix = "Label"
