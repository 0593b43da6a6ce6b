package deliver

// Saying is something that is said of a destination, with … in place of what is known only then, and what to do.
type Saying struct{ Text, Remedy string }

const (
	again   = "Nothing is to be done: what is not confirmed is sent again. If it comes again and again, look into the receiver's log."
	noRELP  = "Check that the port is one for RELP (rsyslog: module imrelp). If it is, and this comes again, look for what changes bytes on the way."
	wrongTo = "The server refuses such a destination; this one comes from a spool or a server of another version. Correct it: kiroku agents edit ID."
	oneWay  = "Use --confirm window, RELP or HTTPS."
)

// sayings holds what is said beside Situations, HTTPAnswers, ProxyAnswers and WrongFiles. The page of troubles shows it.
var sayings = [...]Saying{
	{"delivery failed", "A line of the log: err says why; it is told once until something is confirmed again. Run kiroku agent check."},
	{"connection to …: it closed before it had everything", again},
	{"connection to …: the receiver closed and cannot be reached again", "It was perhaps restarted; what is not confirmed is sent again. Check that it runs."},
	{"connection to …: … after …", "The time is how long nothing moved. " + again},
	{"the connection cannot be closed in one direction (a proxy in between?): use --confirm window", oneWay},
	{"… does not answer the end of an empty connection (if it never does, use --confirm window)", oneWay},
	{"…: a length with …", noRELP},
	{"…: no line feed behind a command", noRELP},
	{"…: an answer to command … before the session began", noRELP},
	{"…: an answer to command …, which was not sent", noRELP},
	{"… answers, but not as the _bulk API does (…); check the path of the destination", "--http-body elastic wants the address of Elasticsearch itself, without a path."},
	{"… tells of … records, and … were sent", "Something else than Elasticsearch answers: check the address of the destination."},
	{"… has not acknowledged a request for …; it is sent again", "Look whether Splunk's indexers write; a load balancer in front of several must keep a sender at one of them."},
	{"… answers … when asked for acknowledgments", "Enable indexer acknowledgment of the token, or leave --http-ack out."},
	{"… gives no ackId (…): enable indexer acknowledgment of the token in Splunk, or set http.ack (--http-ack) to false", "Do one of both."},
	{"its answer is too long", "Something else than a proxy answers: check --proxy."},
	{"the name is longer than 255 bytes", "A SOCKS5 proxy takes no longer name of a host: name the destination by its address."},
	{"user and password of a SOCKS5 proxy have at most 255 bytes each", "Give the proxy a shorter one."},
	{"the proxy is empty; write ADDRESS[:PORT] or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]", "Write --proxy so."},
	{"the proxy cannot be read; write ADDRESS[:PORT] or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]", "Write --proxy so."},
	{"the host … of the proxy is no name and no address", "Correct --proxy."},
	{"the host of the proxy cannot be read; an IPv6 address stands in brackets: [2001:db8::1]:8080", "Correct --proxy."},
	{"the scheme of the proxy cannot be read; use http://, https:// or socks5://", "Correct --proxy."},
	{"…: use tcp, tls, relp or https, or no proxy", "A proxy takes no datagrams."},
	{"…: it holds no certificate; a block -----BEGIN CERTIFICATE----- is needed", "Name the file of the certificate, not that of a key."},
	{"…: it holds no certificate in PEM or DER form", "Name the file of the certificate."},
	{"destination …: the scheme … is not known; write …", wrongTo},
	{"destination …: the host is missing; write …://HOST:PORT", wrongTo},
	{"destination …: the port is missing; write …://HOST:PORT", wrongTo},
	{"destination …: write only …://HOST:PORT", wrongTo},
	{"destination …: write the whole path behind three slashes: file:///var/log/siem.log", wrongTo},
	{"destination …: no user and password in the address; put the value of the header Authorization into a file and name it as http.credential_file (--http-credential-file)", wrongTo},
	{"destination …: a file needs no failover", wrongTo},
	{"destination …: the failover … must have the same scheme as …", wrongTo},
	{"destination …: … cannot be confirmed by …; use one of …", wrongTo},
	{"tls.pin (--tls-pin): it is not the base64 of a SHA-256; make it with: openssl x509 -in CERT -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64", "Make it so."},
}

// Sayings lists what is said of destinations and is explained nowhere else.
func Sayings() []Saying { return sayings[:] }
