package accessgateway

import "kiroku/internal/event"
func mapLine(rec *event.Record, e *event.Event) error { return nil }
