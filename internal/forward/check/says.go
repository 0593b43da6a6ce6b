package check

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"kiroku/internal/forward/agent"
)

// say is something that a hop says.
type say int

// What hops say.
const (
	errorItself say = iota // and what to do stands with the error
	isAddress
	resolves
	reached
	reachedInPart
	reachedThrough
	wrongAddress

	serverGiven
	serverPlain
	wrongProxy
	wrongToken
	tokenForm
	othersRead
	proxyUnknown
	proxyAway
	serverAway
	noProxy
	proxyBypassed
	eachRequest
	proxyRefuses
	proxyLeads
	serverNoTLS
	certificate
	certificateEnds
	certificateInspected
	tokenRefused
	tokenKnown
	noDestination
	paused
	tokenReplaced
	configured
	clocksDiffer
	clocksAgree
	noSample
	unfit
	noRecord
	record

	destinationUnknown
	wrongDestination
	toStdout
	toFile
	noFolder
	keptFile
	proxyMissing
	udpNoConnection
	udpUnconfirmed
	noTLS
	wrongFiles
	closesProxy
	closes
	wouldClose
	staysOpen
	breaks
	confirmsNothing
	kernelConfirms
	relpSilent
	relpUnheard
	relpRefuses
	relpOpen
	noCredential
	httpNotFound
	httpDenied
	httpElsewhere
	httpBroken
	httpAnswers
	notAsked
	hopBefore
	refused
	unconfirmed
	noConfirmation
	sent
	confirmed
	sayings // how many there are
)

// saying is the status of what is said, with the forms of its text and of what to do, and the hop that says it.
type saying struct {
	hop          int
	status       Status
	text, remedy string
}

const (
	correctDestination = "Correct the destination: kiroku agents edit ID."
	addDestination     = "Add one: kiroku agents edit ID."
	useWindow          = "Use --confirm window with this receiver, or RELP or HTTPS if it offers one of them."
)

// says holds all that hops say. The page of troubles shows it, too.
var says = [sayings]saying{
	errorItself:    {hopDestTCP, Fail, "%v", "Check host, port, and the firewalls on the way."},
	isAddress:      {hopDestDNS, OK, "%s is an address", ""},
	resolves:       {hopDestDNS, OK, "%s is %s", ""},
	reached:        {hopDestTCP, OK, "%s is reached", ""},
	reachedInPart:  {hopDestTCP, Warn, "%s is reached, %v is not: %v", "Senders may try the address that does not answer first: %s"},
	reachedThrough: {hopDestTCP, OK, "%s is reached%s", ""},
	wrongAddress:   {hopDestTCP, Fail, "%v", "Write HOST:PORT."},

	serverGiven:  {hopFlags, OK, "the server is %s", ""},
	serverPlain:  {hopFlags, Warn, "the server is asked without TLS", "Use https:// where others share the network: the token and the events are readable on the way."},
	wrongProxy:   {hopFlags, Fail, agent.InvalidProxyAddress + ": %v", "Write --proxy ADDRESS[:PORT], or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]."},
	wrongToken:   {hopToken, Fail, agent.InvalidToken + ": %v", "%s"},
	tokenForm:    {hopToken, OK, "%d characters, the form is right", ""},
	othersRead:   {hopToken, Warn, "other users may read %s: its mode is %04o", "Let the agent's user alone read it: chmod 600 %s, and chown it to that user."},
	proxyUnknown: {hopDNS, Fail, "the proxy %s: %s", "Check the proxy's name in --proxy (or HTTPS_PROXY, HTTP_PROXY) and this machine's DNS servers, or write its address."},
	proxyAway: {hopTCP, Fail, "the proxy %s is not reached: %s",
		"Check host and port of --proxy (or HTTPS_PROXY, HTTP_PROXY), whether the proxy runs, and the firewalls on the way to it; leave the proxy out when the server can be reached without it."},
	serverAway: {hopTCP, Fail, "%s",
		"Check host and port of --server, whether the server runs, and the firewalls on the way; if the server is reached through a proxy only, name that with --proxy."},
	proxyBypassed:   {hopProxy, Skip, "the server is reached without it: --no-proxy or NO_PROXY names it", ""},
	noProxy:         {hopProxy, Skip, "there is none", ""},
	eachRequest:     {hopProxy, Skip, "%s is asked with each request", ""},
	proxyRefuses:    {hopProxy, Fail, "%v", "It is the proxy that answers: correct what it says, or leave --proxy out when the server can be reached without it."},
	proxyLeads:      {hopProxy, OK, "%s leads to %s", ""},
	serverNoTLS:     {hopTLS, Skip, "the server is asked without it", ""},
	certificate:     {hopDestTLS, OK, "%s, %q, issued by %q, valid until %s%s", ""},
	certificateEnds: {hopDestTLS, Warn, "%s, %q, issued by %q, valid until %s%s, in %s", "Have the certificate renewed before it ends."},
	certificateInspected: {hopDestTLS, Warn, "%s, %q, issued by %q, valid until %s%s",
		"That issuer is usually a firewall that inspects TLS. It works as long as it is trusted here; if connections break, have the host excepted."},
	tokenRefused:  {hopAccess, Fail, "%v", "Check that --server is the address of Kiroku itself."},
	tokenKnown:    {hopAccess, OK, "the server knows the token: it is of agent %q", ""},
	noDestination: {hopConfig, Fail, "the agent has no destination", addDestination},
	paused:        {hopConfig, Warn, "the agent is paused: nothing is sent", "Let it go on: kiroku agents resume ID."},
	tokenReplaced: {hopConfig, Warn, "the token was replaced and works until %s", "Put the newer token into the file of --token-file: no restart is needed. An agent with --token has to be started again with it."},
	configured:    {hopConfig, OK, "%d destination%s", ""},
	clocksDiffer:  {hopClock, Warn, "this clock and the server's differ by %v", "Synchronise both clocks, for example by NTP: certificates and states depend on them."},
	clocksAgree:   {hopClock, OK, "it differs from the server's by %v", ""},
	noSample:      {hopRecords, Fail, "%v", "The server cannot encode what this destination wants: kiroku agents show ID."},
	unfit:         {hopRecords, Warn, "the last one cannot be sent and would be a dead letter: %s", agent.UnfitRemedy},
	noRecord:      {hopRecords, Warn, "there is no record yet that would be sent", "Look whether the filter is meant so: kiroku agents preview."},
	record:        {hopRecords, OK, "the last one, %s, has %d bytes: %s", ""},

	destinationUnknown: {hopDestDNS, Fail, "the agent has no destination %q", "List them with: kiroku agents show ID."},
	wrongDestination:   {hopDestDNS, Fail, "%v", correctDestination},
	toStdout:           {hopDestDNS, Skip, "records go to standard output", ""},
	toFile:             {hopDestDNS, OK, "%s can be written to", ""},
	noFolder:           {hopDestDNS, Fail, "%v", "Make the folder, and give the agent's user the right to write to it."},
	keptFile:           {hopDestDNS, Fail, "%v", "Give the agent's user the right to write to the folder."},
	proxyMissing:       {hopDestTCP, Fail, "the destination goes through the agent's proxy, and there is none", "Start the agent with --proxy, or set proxy to false in the destination."},
	udpNoConnection:    {hopDestTCP, Skip, "UDP makes no connection", ""},
	udpUnconfirmed:     {hopConfirm, Warn, "UDP confirms nothing: what is lost on the way is lost", "Use RELP, HTTPS, or TCP with --confirm halfclose, if the SIEM offers it."},
	noTLS:              {hopDestTLS, Skip, "the destination has none", ""},
	wrongFiles:         {hopDestTLS, Fail, "%v", "Correct the files on this machine, or the destination: kiroku agents edit ID."},
	closesProxy: {hopConfirm, Warn, "the connection is closed when we have ended, and it may be the proxy that closes: halfclose then says no more than that the proxy has the records",
		"Use RELP or HTTPS through a proxy: there the receiver itself answers."},
	closes:          {hopConfirm, OK, "the receiver closes when we have ended: halfclose works. Behind a load balancer it is the balancer that closes: use RELP or HTTPS there", ""},
	wouldClose:      {hopConfirm, Warn, "the receiver would confirm by halfclose, and confirm is %s", "Let it confirm: kiroku agents edit ID --to … --confirm halfclose."},
	staysOpen:       {hopConfirm, Fail, "the receiver does not close within %v after we have ended: halfclose does not work", useWindow},
	breaks:          {hopConfirm, Fail, "the connection breaks when we end our half: %v", useWindow},
	confirmsNothing: {hopConfirm, Warn, "confirm is none: what is lost on the way is lost", "Use --confirm window, or RELP or HTTPS if the SIEM offers one of them."},
	kernelConfirms:  {hopConfirm, OK, "the receiver's kernel confirms (window)", ""},
	relpSilent:      {hopConfirm, Fail, "there is no answer to RELP: %v", "Check that the port is one for RELP (rsyslog: module imrelp), and not for plain syslog."},
	relpUnheard: {hopConfirm, Fail, "after TLS, there is no answer to RELP: %v",
		"Look into the receiver's log: it may want a client certificate (--tls-cert-file, --tls-key-file), or not permit this one (rsyslog: tls.permittedPeer), and end the connection without a word. Else check that the port is one for RELP, and not for plain syslog."},
	relpRefuses:  {hopConfirm, Fail, "the answer to RELP is %.80q", "Check that the port is one for RELP, and that the receiver permits this machine."},
	relpOpen:     {hopConfirm, OK, "RELP is open: the receiver confirms each record", ""},
	noCredential: {hopConfirm, Fail, "%v", "Put the value of the header Authorization into that file on this machine; the agent's user must be able to read it."},
	httpNotFound: {hopConfirm, Warn, "HTTP answers %s to a GET", "Check the path of the destination. Some receivers answer so to a GET and take records by POST: --send-test tells."},
	httpDenied: {hopConfirm, Warn, "HTTP answers %s to a GET",
		"If records are refused, too: check http.credential_file (--http-credential-file) of the destination (Splunk: the line \"Splunk TOKEN\")."},
	httpElsewhere:  {hopConfirm, Fail, "HTTP answers %s to a GET and sends on to %q", "Give the address that it sends on to, if it is the right one."},
	httpBroken:     {hopConfirm, Fail, "HTTP answers %s to a GET", "Look at the receiver's log: it, or a load balancer in front of it, cannot take records now."},
	httpAnswers:    {hopConfirm, OK, "HTTP answers %s to a GET: records are confirmed by 2xx", ""},
	notAsked:       {hopRecord, Skip, "not asked for: --send-test sends one", ""},
	hopBefore:      {hopRecord, Skip, "a hop before it failed", ""},
	refused:        {hopRecord, Fail, "the receiver refuses the record: %s", "Correct what the receiver objects to: path, credential file, index or format of the destination."},
	unconfirmed:    {hopRecord, Fail, "it is not confirmed: %s", "Correct that, and run the check again."},
	noConfirmation: {hopRecord, Fail, "it is not confirmed after %v", "Look whether the receiver takes events."},
	sent:           {hopRecord, Warn, "%s was sent", "Look for it in the SIEM: nothing tells whether it has arrived."},
	confirmed:      {hopRecord, OK, "%s is confirmed by %s", ""},
}

// with fills in the text.
func (s say) with(args ...any) result {
	return result{status: says[s].status, text: fmt.Sprintf(says[s].text, args...), remedy: says[s].remedy}
}

// do fills in what to do.
func (r result) do(args ...any) result {
	r.remedy = fmt.Sprintf(r.remedy, args...)
	return r
}

// Saying is something that a hop says, with … in place of what is known only then.
type Saying struct {
	Hop          string
	Status       Status
	Text, Remedy string
}

// Sayings lists all that hops say, in the order of the hops.
func Sayings() (all []Saying) {
	open := regexp.MustCompile(`(%[0-9.]*[a-z])+`)
	sorted := says
	slices.SortStableFunc(sorted[:], func(a, b saying) int { return cmp.Compare(a.hop, b.hop) })
	for _, s := range sorted {
		all = append(all, Saying{names[s.hop], s.status, open.ReplaceAllLiteralString(s.text, "…"), open.ReplaceAllLiteralString(s.remedy, "…")})
	}
	return all
}
