package sigv4

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	terminator  = "aws4_request"
	maxSigned   = 100 // names in SignedHeaders; SDKs send about ten
	scopeLayout = "20060102"
	timeLayout  = "20060102T150405Z"
)

// authorization is the Authorization header, taken apart.
type authorization struct {
	accessKey, date, region, service string
	signed                           []string // names in lower case, sorted
	signature                        []byte
}

// scope is what stands after the access key in Credential.
func (a *authorization) scope() string {
	return a.date + "/" + a.region + "/" + a.service + "/" + terminator
}

// parseAuthorization reads "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…". Spaces after commas are optional.
func parseAuthorization(r *http.Request) (authorization, error) {
	var a authorization
	values := r.Header.Values("Authorization")
	switch {
	case len(values) == 0 && strings.Contains(r.URL.RawQuery, "X-Amz-Signature="):
		return a, refuse(IncompleteSignature, "Presigned requests are not supported: sign with the Authorization header.")
	case len(values) == 0:
		return a, refuse(MissingAuthenticationToken, "Missing Authentication Token")
	case len(values) > 1:
		return a, refuse(IncompleteSignature, "There is more than one Authorization header.")
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if scheme != algorithm {
		return a, refuse(IncompleteSignature, "Authorization header requires the algorithm '%s'.", algorithm)
	}
	var credential, signed, signature string
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			credential = value
		case "SignedHeaders":
			signed = value
		case "Signature":
			signature = value
		}
	}
	for _, p := range []struct{ name, value string }{{"Credential", credential}, {"SignedHeaders", signed}, {"Signature", signature}} {
		if p.value == "" {
			return a, refuse(IncompleteSignature, "Authorization header requires '%s' parameter.", p.name)
		}
	}
	return a, a.fill(credential, signed, signature)
}

func (a *authorization) fill(credential, signed, signature string) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || slices.Contains(parts, "") || parts[4] != terminator {
		return refuse(IncompleteSignature, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/%s.", terminator)
	}
	a.accessKey, a.date, a.region, a.service = parts[0], parts[1], parts[2], parts[3]
	a.signed = strings.Split(strings.ToLower(signed), ";")
	slices.Sort(a.signed)
	if len(a.signed) > maxSigned || a.signed[0] == "" || len(slices.Compact(slices.Clone(a.signed))) != len(a.signed) {
		return refuse(IncompleteSignature, "SignedHeaders must name up to %d different headers.", maxSigned)
	}
	var err error
	if a.signature, err = hex.DecodeString(signature); err != nil || len(a.signature) != 32 {
		return refuse(IncompleteSignature, "Signature must have 64 hexadecimal digits.")
	}
	return nil
}
