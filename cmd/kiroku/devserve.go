package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	_ "net/http/pprof"

	"kiroku/internal/config"
	"kiroku/internal/serve"
	"kiroku/web"
)

func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	cfg := config.Default()
	cfg.DataDir = args[0]
	cfg.Inputs[0].Name, cfg.Inputs[0].Address = "syslog-tcp", args[1]
	cfg.Inputs = cfg.Inputs[:1]
	go http.ListenAndServe("127.0.0.1:6061", nil)
	fsys, _ := fs.Sub(web.Placeholder, "placeholder")
	if err := serve.Run(ctx, serve.Options{Config: cfg, Version: "dev", Log: slog.New(slog.NewTextHandler(errw, nil)), Stderr: errw, Console: fsys}); err != nil {
		fmt.Fprintln(errw, err)
		return 1
	}
	return 0
}
