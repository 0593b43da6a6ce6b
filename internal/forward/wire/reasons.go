package wire

// ReasonExplanation is what people are told about a refusal.
type ReasonExplanation struct {
	Reason Reason
	Status int // of HTTP
	Cause  string
	Remedy string
}

// ExplainReason returns the explanation of a reason; of one that is not known, a general one.
func ExplainReason(r Reason) ReasonExplanation {
	for _, e := range reasons {
		if e.Reason == r {
			return e
		}
	}
	return ReasonExplanation{Reason: r, Status: 400, Cause: "The server is of another version than the agent.", Remedy: "Run the same version of kiroku on both sides."}
}

// ReasonExplanations lists all reasons, in the order of the constants.
func ReasonExplanations() []ReasonExplanation { return append([]ReasonExplanation(nil), reasons[:]...) }

// newToken goes on with a sentence; anotherToken is one.
const (
	newToken     = "make a new one, which is shown once, and give it to the agent: kiroku agents rotate-token ID."
	anotherToken = "Make a new one, which is shown once, and give it to the agent: kiroku agents rotate-token ID."
)

var reasons = [...]ReasonExplanation{
	{ReasonMalformed, 401, "What was given does not have the form of an agent's token.",
		"Copy the whole token, without blanks or quotes. An API token (kiroku tokens) is none of an agent."},
	{ReasonUnknown, 401, "No agent of this server has this token.",
		"Check --server, and that the token is the one that was shown when the agent was created. Otherwise " + newToken},
	{ReasonRevoked, 401, "The token was revoked.", anotherToken},
	{ReasonExpired, 401, "The token was replaced by a newer one, and the time in which both work is over.",
		"Put the newer token into the file of --token-file, and start the agent if it has ended. If that token is lost, " + newToken},
	{ReasonDeleted, 410, "The agent was deleted on the server.", "Stop the agent's service; create another agent if it is still wanted: kiroku agents create."},
	{ReasonCompleted, 410, "The recovery is complete; its token does not work any more.", "Nothing is to be done. For another period make another recovery: kiroku agent recover."},
	{ReasonReplaced, 409, "Another process runs with the token of this agent; the newest one counts.",
		"Run one process for each agent: stop the other, or create another agent for it."},
	{ReasonBusy, 503, "The server cannot answer now.", "Nothing is to be done: the agent asks again by itself."},
	{ReasonInvalid, 400, "The server does not understand the request.", "Run the same version of kiroku on both sides."},
}
