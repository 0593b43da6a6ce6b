package wire

// Destination is where an agent sends to, and how. The zero value of a member stands for its default, which Normal fills in.
type Destination struct {
	Name     string   `json:"name"`               // unique within the agent
	To       string   `json:"to"`                 // udp, tcp, tls, relp, relp+tls://HOST:PORT, http(s)://…, file:///PATH, stdout:
	Failover []string `json:"failover,omitempty"` // of the same scheme, tried in order when To cannot be reached
	Format   Format   `json:"format"`
	Header   Header   `json:"header,omitzero"`
	Framing  Framing  `json:"framing,omitempty"`
	Confirm  Confirm  `json:"confirm,omitempty"`
	MaxBytes int      `json:"max_bytes,omitempty"` // of a record
	Raw      bool     `json:"raw,omitempty"`       // formats of JSON: with raw_data
	TLS      TLS      `json:"tls,omitzero"`
	HTTP     HTTP     `json:"http,omitzero"`
	Proxy    bool     `json:"proxy,omitempty"` // through the agent's proxy, too
	Rate     Rate     `json:"rate,omitzero"`
}

// Format is what a record looks like.
type Format string

// The formats.
const (
	CEFMCAS     Format = "cef-mcas" // the bytes of the original
	CEF         Format = "cef"
	LEEF        Format = "leef"
	RFC5424JSON Format = "rfc5424-json"
	OCSFJSON    Format = "ocsf-json"
	JSON        Format = "json"
)

// Header is what stands in front of a record in the formats cef-mcas, cef and leef (and json, ocsf-json when Form is set).
type Header struct {
	Form     HeaderForm `json:"form,omitempty"`
	NoPRI    bool       `json:"no_pri,omitempty"`
	NoHost   bool       `json:"no_host,omitempty"`
	Host     string     `json:"host,omitempty"`     // instead of the name of the agent's machine
	Priority int        `json:"priority,omitempty"` // 1 to 191; 0: 109, facility 13 and severity 5
}

// HeaderForm is a form of the header.
type HeaderForm string

// The forms of headers.
const (
	HeaderMCAS5424    HeaderForm = "mcas5424" // <109>2025-02-04T01:51:55.000Z HOST
	HeaderRFC3164     HeaderForm = "rfc3164"
	HeaderRFC3164Year HeaderForm = "rfc3164-year"
	HeaderRFC5424     HeaderForm = "rfc5424"
	HeaderNone        HeaderForm = "none"
)

// Framing tells records apart in a stream (RFC 6587).
type Framing string

// The framings.
const (
	LF    Framing = "lf"
	Octet Framing = "octet"
	NUL   Framing = "nul"
)

// Confirm is how a record is known to have arrived.
type Confirm string

// The ways to confirm.
const (
	ConfirmRELP      Confirm = "relp"      // the receiver's answer
	ConfirmHTTP      Confirm = "http"      // 2xx, with HTTP.Ack also the indexer's acknowledgment
	ConfirmHalfClose Confirm = "halfclose" // the receiver has read to the end and closed, and is there again
	ConfirmWindow    Confirm = "window"    // that much has been acknowledged by the receiver's kernel behind it
	ConfirmNone      Confirm = "none"      // when it is sent
)

// TLS of a destination. Files are on the agent's machine.
type TLS struct {
	CAFiles    []string `json:"ca_files,omitempty"` // roots or intermediates, PEM or DER
	CAOnly     bool     `json:"ca_only,omitempty"`  // not those of the system
	ServerName string   `json:"server_name,omitempty"`
	CertFile   string   `json:"cert_file,omitempty"` // client certificate, PEM
	KeyFile    string   `json:"key_file,omitempty"`
	Pin        string   `json:"pin,omitempty"` // base64 of the SHA-256 of the SubjectPublicKeyInfo that a certificate of the chain must have
}

// HTTP says how records are put into requests.
type HTTP struct {
	Body           HTTPBody          `json:"body,omitempty"`
	Headers        map[string]string `json:"headers,omitempty"`
	CredentialFile string            `json:"credential_file,omitempty"` // on the agent's machine: value of the header Authorization
	Ack            bool              `json:"ack,omitempty"`             // Splunk: wait for indexer acknowledgment
	Index          string            `json:"index,omitempty"`           // Elasticsearch, Splunk
	Batch          int               `json:"batch,omitempty"`           // records of a request; 0: 500
}

// HTTPBody is a form of request bodies.
type HTTPBody string

// The forms of request bodies.
const (
	Lines     HTTPBody = "lines"      // a record a line, text/plain or application/x-ndjson
	Array     HTTPBody = "array"      // a JSON array
	SplunkHEC HTTPBody = "splunk-hec" // {"event": …} one after the other
	Elastic   HTTPBody = "elastic"    // the _bulk API, with the external id as _id: sent again is stored once
)

// Rate limits what is sent; 0: no limit.
type Rate struct {
	Records int `json:"records_per_second,omitempty"`
	Bytes   int `json:"bytes_per_second,omitempty"`
}
