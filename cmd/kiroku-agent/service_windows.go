package main

import (
	"context"

	"golang.org/x/sys/windows/svc"
)

// service runs the program under the service manager of Windows. handled: it was one.
func service(ctx context.Context, args []string) (code int, handled bool) {
	is, err := svc.IsWindowsService()
	if err != nil || !is {
		return 0, false
	}
	h := &handler{run: func(ctx context.Context) int { return run(ctx, args) }, ctx: func() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }}
	if err := svc.Run("", h); err != nil { // the name does not matter for a service of its own process
		return 1, true
	}
	return h.code, true
}

// handler tells the service manager how the agent does, and the agent when it shall stop.
type handler struct {
	run  func(context.Context) int
	ctx  func() (context.Context, context.CancelFunc)
	code int
}

// Execute is called by the service manager.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	ctx, cancel := h.ctx()
	defer cancel()
	done := make(chan int, 1)
	go func() { done <- h.run(ctx) }()
	status <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
	for {
		select {
		case h.code = <-done:
			status <- svc.Status{State: svc.StopPending}
			return h.code != 0, uint32(h.code)
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				status <- r.CurrentStatus
			case svc.Stop, svc.Shutdown:
				status <- svc.Status{State: svc.StopPending, WaitHint: 30_000}
				cancel()
			}
		}
	}
}
