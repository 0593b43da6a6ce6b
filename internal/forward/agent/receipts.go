package agent

import (
	"context"
	"time"

	"kiroku/internal/forward/wire"
)

// ReceiptMargin is how much earlier than the event's own time a receipt may be dated, by clocks that differ.
const ReceiptMargin = 24 * time.Hour

// readReceipts reads what the SIEM has, when that shall be left out. Without receipts nothing is sent, rather than everything.
func (a *Agent) readReceipts(ctx context.Context, c *wire.Config) (err error) {
	if !c.Agent.Missing || a.had != nil {
		return nil
	}
	if a.o.Receipts == nil {
		return noReceipts()
	}
	a.had, err = a.o.Receipts(ctx, c.Agent.From.Add(-ReceiptMargin))
	return err
}
