package receive

import (
	"bufio"
	"strings"
)

// ProblemMark stands in front of what is wrong with a record, where records are shown.
const ProblemMark = "PROBLEM="

// Message is something that a receiver says when something is wrong with what it gets.
type Message struct{ Text, Cause, Remedy string }

const (
	msgHTTPStopped   = "HTTP stopped"
	msgNoCertificate = "a sender speaks TLS, and there is no certificate for it: use --tls"
	msgHandshake     = "TLS handshake"
	msgEnded         = "connection ended"
	msgNotTaken      = "take record"
	msgMethod        = "use POST"
	msgTooLong       = "the body is too long"
	msgUnreadable    = "the body cannot be read: "
	msgNotStored     = "the records were not stored"
	msgNoReceipts    = "no receipts are kept; start kiroku agent listen with --receipts FILE"
	msgSince         = "since: write a time as 2026-11-22T00:00:00Z"
)

// messages holds them. The page of troubles shows it, too.
var messages = [...]Message{
	{msgHTTPStopped, "The part that takes HTTP failed; err says why.", "Start the command again."},
	{msgNoCertificate, "The sender's destination is tls://, relp+tls:// or https://.", "Start the command with --tls, or write tcp://, relp:// or http:// in the sender."},
	{msgHandshake, "The sender ended the handshake; err says why: mostly it does not trust the certificate.", "Give the sender the file of --ca-out as --tls-ca-file, and use a name that the certificate has (--name)."},
	{msgEnded, "What came was no record: err says where the framing (lf, octet, nul), RELP or TLS broke off, or that the connection did.",
		"If it comes again, look whether the sender frames as it says (framing) and whether something on the way cuts connections. Records that were told to be taken are not touched by it."},
	{msgNotTaken, "A datagram could not be written to the terminal or to --receipts; err says why.", "Make room on the disk, or start the command again with another file."},
	{msgMethod, "HTTP 405: records come with POST or PUT.", "Let the sender use POST."},
	{msgTooLong, "HTTP 413: a request has more than 64 MiB, unpacked.", "Let the sender make smaller requests: --http-batch."},
	{msgUnreadable, "HTTP 400: the body was cut off, or is no gzip though its header says so.", "Look at what stands between the sender and this command."},
	{msgNotStored, "HTTP 503: they could not be written to the terminal or to --receipts. The sender sends them again.", "Make room on the disk, and start the command again."},
	{msgNoReceipts, "HTTP 404: a recovery with --missing-only asked for receipts, and none are kept.", "Start the command with --receipts; what came before has no receipt."},
	{msgSince, "HTTP 400: /receipts?since=TIME has no time.", "Write one as shown."},
	{ProblemMark, "The record arrived, and what stands behind says why it is no CEF, LEEF or JSON.", "If Kiroku's agent sent it, report it with the record; else correct the sender."},
}

// Messages lists what a receiver says when something is wrong.
func Messages() []Message { return append([]Message(nil), messages[:]...) }

// Broken lists errors of what comes and is no record, as they stand behind "connection ended" or in an answer of HTTP 400.
func Broken() (all []error) {
	of := func(framing, sent string) {
		s := &stream{r: &Receiver{o: Options{MaxBytes: 64}}, in: bufio.NewReader(strings.NewReader(sent))}
		var err error
		if framing == "relp" {
			_, _, _, err = s.command()
		} else {
			_, err = s.frame(framing)
		}
		all = append(all, err)
	}
	of("lf", strings.Repeat("a", 65))
	of("lf", "no line feed")
	of("octet", "<134>1 …")
	of("octet", "0 ")
	of("octet", "65 ")
	of("octet", "10 <134>1")
	of("relp", "a open 5 data\n")
	of("relp", "1234567890 ")
	of("relp", "2 syslog 4\n")
	of("relp", "2 syslog x")
	of("relp", "2 syslog 65 ")
	of("relp", "2 syslog 1 ab")
	for _, body := range [][2]string{{"array", "[{]"}, {"splunk-hec", "{]"}, {"splunk-hec", "{}"}, {"elastic", "{}\n{}"}, {"elastic", `{"delete":{}}`}, {"elastic", `{"create":{}}`}} {
		_, err := split(body[0], []byte(body[1]))
		all = append(all, err)
	}
	return all
}

// WrongReceipts lists errors of files of receipts.
func WrongReceipts() []error {
	return []error{errNoReceipts, longUID(maxReceipt), eachReceipt(strings.NewReader("<134>1 …\n"), nil), errSetFull}
}
