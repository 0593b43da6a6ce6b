package awsapi

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

// A client that was pointed here for all of AWS (AWS_ENDPOINT_URL) sends requests of other services, too. Each is told in its
// own form that they are not here: a client that cannot read the answer tries again and then shows something else.

// signedFor is the service whose request this is, by the scope of its signature; "" when it is not signed as AWS does. Nothing
// is verified.
func signedFor(r *http.Request) string {
	credential := r.Header.Get("Authorization")
	if rest, ok := strings.CutPrefix(credential, "AWS4-HMAC-SHA256 "); ok {
		_, rest, _ = strings.Cut(rest, "Credential=")
		credential, _, _ = strings.Cut(rest, ",")
	} else {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) < 5 || parts[len(parts)-1] != "aws4_request" {
		return ""
	}
	return parts[len(parts)-2]
}

// otherService is the service that a request is for when it is none of ours.
func otherService(r *http.Request) (service string, ok bool) {
	service = signedFor(r)
	return service, service != "" && service != controlService && service != dataService
}

// awsError is an error in the forms of services that speak XML: S3's has no parent, EC2's stands in a list.
type awsError struct {
	XMLName xml.Name
	Type    string `xml:",omitempty"`
	Code    string
	Message string
	ID      string `xml:"RequestId,omitempty"`
}

// refuseService answers a request of another service.
func refuseService(w http.ResponseWriter, r *http.Request, service, id string) {
	if len(service) > 60 {
		service = service[:60]
	}
	message := "This is Kiroku, which speaks cloudtrail and cloudtrail-data only, not " + service + ". To send other services to AWS, set " +
		"AWS_ENDPOINT_URL_CLOUDTRAIL and AWS_ENDPOINT_URL_CLOUDTRAIL_DATA in place of AWS_ENDPOINT_URL."
	e := awsError{XMLName: xml.Name{Local: "Error"}, Code: codeUnsupported, Message: message}
	kind, body := "application/xml", any(nil)
	switch form := strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"); {
	case service == "s3" || strings.HasPrefix(service, "s3-") || service == "s3express":
		e.ID = id
		body = e
	case service == "ec2":
		body = struct {
			XMLName xml.Name `xml:"Response"`
			Errors  struct{ Error awsError }
			ID      string `xml:"RequestID"`
		}{Errors: struct{ Error awsError }{e}, ID: id}
	case form, service == "route53", service == "cloudfront":
		e.Type = "Sender"
		body = struct {
			XMLName xml.Name `xml:"ErrorResponse"`
			Error   awsError
			ID      string `xml:"RequestId"`
		}{Error: e, ID: id}
	default:
		kind = "application/json"
		if sent := r.Header.Get("Content-Type"); strings.HasPrefix(sent, "application/x-amz-json-") {
			kind = sent
		}
	}
	text := errorBody(codeUnsupported, message)
	if body != nil {
		b, err := xml.Marshal(body)
		if err != nil {
			panic("BUG: an error has no XML: " + err.Error())
		}
		text = append([]byte(xml.Header), b...)
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Amzn-Errortype", codeUnsupported)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(text) // the caller is gone when this fails
}
