package forward

import (
	"fmt"
	"time"

	"kiroku/internal/forward/wire"
)

// refusal is a request of an agent that is not answered.
type refusal struct {
	status int
	body   wire.Refusal
	after  time.Duration // Retry-After
}

func (r *refusal) Error() string { return r.body.Message }

// refuse says why, in the words of the reason.
func refuse(reason wire.Reason) *refusal {
	e := wire.ExplainReason(reason)
	return &refusal{status: e.Status, body: wire.Refusal{Reason: reason, Message: e.Cause, Next: e.Remedy}}
}

// wrong refuses a request that is not as it must be.
func wrong(format string, args ...any) *refusal {
	r := refuse(wire.ReasonInvalid)
	r.body.Message = fmt.Sprintf(format, args...)
	return r
}

// busy has the agent ask again.
func busy(status int, after time.Duration) *refusal {
	r := refuse(wire.ReasonBusy)
	r.status, r.after = status, after
	return r
}
