//go:build !windows

package main

import "context"

// service runs the program under a service manager that wants to talk to it; there is none here.
func service(context.Context, []string) (code int, handled bool) { return 0, false }
