package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormal(t *testing.T) {
	for to, want := range map[string]Destination{
		"tcp://siem.example.com:514":        {Format: CEFMCAS, Header: Header{Form: HeaderMCAS5424, Priority: 109}, Framing: LF, Confirm: ConfirmHalfClose, MaxBytes: 64 << 10},
		"tls://siem.example.com:6514":       {Format: LEEF, Header: Header{Form: HeaderMCAS5424, Priority: 109}, Framing: Octet, Confirm: ConfirmHalfClose, MaxBytes: 64 << 10},
		"udp://[2001:db8::1]:514":           {Format: CEF, Header: Header{Form: HeaderMCAS5424, Priority: 109}, Confirm: ConfirmNone, MaxBytes: 2048},
		"relp://192.0.2.1:2514":             {Format: RFC5424JSON, Header: Header{Form: HeaderRFC5424, Priority: 109}, Confirm: ConfirmRELP, MaxBytes: 64 << 10},
		"relp+tls://192.0.2.1:2514":         {Format: JSON, Header: Header{Form: HeaderNone}, Confirm: ConfirmRELP, MaxBytes: 64 << 10},
		"https://siem.example.com/services": {Format: OCSFJSON, Header: Header{Form: HeaderNone}, Confirm: ConfirmHTTP, MaxBytes: 64 << 10, HTTP: HTTP{Body: Lines, Batch: 500}},
		"file:///var/log/siem.log":          {Format: JSON, Header: Header{Form: HeaderNone}, Framing: LF, Confirm: ConfirmNone, MaxBytes: 64 << 10},
		"stdout:":                           {Format: JSON, Header: Header{Form: HeaderNone}, Framing: LF, Confirm: ConfirmNone, MaxBytes: 64 << 10},
	} {
		want.Name, want.To = "siem", to
		got, err := Normal(Destination{Name: "siem", To: to, Format: want.Format})
		if err != nil {
			t.Errorf("%s: %v", to, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", to, diff)
		}
		again, err := Normal(got)
		if err != nil || !cmp.Equal(got, again) {
			t.Errorf("%s: what is normal changes: %v, %v", to, again, err)
		}
	}
}

func TestNormalRefuses(t *testing.T) {
	tcp, https := "tcp://siem.example.com:514", "https://siem.example.com/"
	for want, d := range map[string]Destination{
		"no address":                           {To: "siem.example.com"},
		"the scheme":                           {To: "gopher://siem.example.com:70"},
		"has no port":                          {To: "tcp://siem.example.com"},
		"1 to 65535":                           {To: "tcp://siem.example.com:65536"},
		"names no host":                        {To: "tcp://:514"},
		"in brackets":                          {To: "tcp://2001:db8::1:514"},
		"more than host":                       {To: "tcp://siem.example.com:514/x"},
		"names no file":                        {To: "file://x/y"},
		"more than stdout":                     {To: "stdout:x"},
		"credential_file":                      {To: "https://user:secret@siem.example.com/"},
		"failover[0]":                          {To: tcp, Failover: []string{"udp://siem.example.com:514"}},
		"fail over from":                       {To: "stdout:", Failover: []string{"stdout:"}},
		"format is":                            {To: tcp, Format: "xml"},
		"header.form (--header) is":            {To: tcp, Header: Header{Form: "rfc1"}},
		"header of RFC 5424":                   {To: tcp, Format: RFC5424JSON, Header: Header{Form: HeaderNone}},
		"header.priority":                      {To: tcp, Header: Header{Priority: 192}},
		"without PRI":                          {To: tcp, Header: Header{Form: HeaderRFC5424, NoPRI: true}},
		"header.host (--header-host) is":       {To: tcp, Header: Header{Host: "two words"}},
		"characters; at most":                  {To: tcp, Header: Header{Host: strings.Repeat("x", 256)}},
		"framing is \"tab\"":                   {To: tcp, Framing: "tab"},
		"frames records itself":                {To: https, Framing: Octet},
		"confirm is":                           {To: tcp, Confirm: ConfirmRELP},
		"max_bytes (--max-bytes) is 100":       {To: tcp, MaxBytes: 100},
		"write 480 to 65507":                   {To: "udp://192.0.2.1:514", MaxBytes: 70_000},
		"tls (flags --tls-…) is set":           {To: tcp, TLS: TLS{ServerName: "x"}},
		"belong together":                      {To: https, TLS: TLS{CertFile: "x"}},
		"nothing would be":                     {To: https, TLS: TLS{CAOnly: true}},
		"tls.pin":                              {To: https, TLS: TLS{Pin: "x"}},
		"is not HTTP":                          {To: tcp, HTTP: HTTP{Batch: 1}},
		"http.body (--http-body) is":           {To: https, HTTP: HTTP{Body: "x"}},
		"needs records of JSON":                {To: https, HTTP: HTTP{Body: Array}, Format: CEF},
		"http.batch":                           {To: https, HTTP: HTTP{Batch: -1}},
		"Splunk's":                             {To: https, HTTP: HTTP{Ack: true}},
		"http.index (--http-index) is missing": {To: https, HTTP: HTTP{Body: Elastic}},
		"has none: leave it out":               {To: https, HTTP: HTTP{Index: "x"}},
		"no header of one line":                {To: https, HTTP: HTTP{Headers: map[string]string{"a b": "c"}}},
		"Authorization, which":                 {To: https, HTTP: HTTP{Headers: map[string]string{"authorization": "c"}}},
		"no place for raw_data":                {To: tcp, Raw: true, Format: CEF},
		"through a proxy":                      {To: "udp://192.0.2.1:514", Proxy: true},
		"negative":                             {To: tcp, Rate: Rate{Bytes: -1}},
	} {
		d.Name = "siem"
		if d.Format == "" {
			d.Format = JSON
		}
		if _, err := Normal(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", d, err, want)
		}
	}
	if _, err := Normal(Destination{To: tcp, Format: JSON}); err == nil || !strings.Contains(err.Error(), "name is missing") {
		t.Errorf("without a name: %v", err)
	}
	if _, err := Normal(Destination{Name: "x", To: "https://user:secret@example.com/", Format: JSON}); strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the password: %v", err)
	}
}

func FuzzNormal(f *testing.F) {
	f.Add("tcp://siem.example.com:514", "cef", "", "", "")
	f.Add("https://192.0.2.1/x", "json", "", "http", "array")
	f.Fuzz(func(t *testing.T, to, format, framing, confirm, body string) {
		d, err := Normal(Destination{Name: "x", To: to, Format: Format(format), Framing: Framing(framing), Confirm: Confirm(confirm), HTTP: HTTP{Body: HTTPBody(body)}})
		if err != nil {
			return
		}
		again, err := Normal(d)
		if err != nil || !cmp.Equal(d, again) {
			t.Errorf("%+v is normal and not accepted as it is: %v", d, err)
		}
	})
}
