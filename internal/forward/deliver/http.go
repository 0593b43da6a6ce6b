package deliver

import "context"

func (d *Deliverer) loadHTTP() error                    { return nil }
func (d *Deliverer) requests(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
