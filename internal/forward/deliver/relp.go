package deliver

import "context"

func (d *Deliverer) relp(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
