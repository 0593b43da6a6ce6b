package deliver

import (
	"context"
	"fmt"

	"kiroku/internal/forward/wire"
)

// bury puts a record on the list of dead letters, trying again until that works.
func (d *Deliverer) bury(ctx context.Context, rec wire.Record, reason string) error {
	for fails := 0; ; fails++ {
		d.confirm.Lock()
		err := d.o.Dead(rec, reason)
		d.confirm.Unlock()
		if err == nil {
			d.dead.Add(1)
			d.o.Problem(wire.RecordDeadLetter, fmt.Sprintf("record %s: %s", rec.UID, reason))
			return nil
		}
		d.o.Problem(wire.InternalError, fmt.Sprintf("put record %s on the list of dead letters: %v", rec.UID, err))
		if err := sleep(ctx, min(firstWait<<min(fails, 6), maxWait)); err != nil {
			return err
		}
	}
}
