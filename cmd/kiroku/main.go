// Command kiroku is the home of every audit trail: it receives, keeps, searches and passes on audit events.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program; it returns the exit code. The first of args is what it was started as.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	a := &app{in: in, out: out, err: errw, getenv: os.Getenv}
	root := newRoot(a)
	a.called, a.commands = calledAs(args[0]), commandsOf(root)
	root.SetArgs(searchLast(root, args[1:]))
	return a.exit(ctx, root.ExecuteContext(ctx))
}

// versionText is the version that was linked in, or the one that the module system knows.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
