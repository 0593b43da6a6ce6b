package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"kiroku/internal/cli"
	"kiroku/internal/config"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
	"kiroku/internal/serve"
	"kiroku/web"
)

// serveFlags are what the command line says about the configuration.
type serveFlags struct{ config, data, http, syslog string }

func newServe(a *app) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: `Receives, stores and serves audit events until it is told to stop (SIGINT, SIGTERM).

When everything is listening it prints one line on standard error: ready http=ADDRESS syslog=ADDRESS. The first start makes
an administrator, prints the one-time password, and writes a token to DIR/admin.token (readable only by its owner).

The configuration is the file named by --config, else kiroku.yaml in the working folder, else DIR/kiroku.yaml, else the
defaults; flags win over it. Files in conf.d beside the configuration add inputs. Ports that cannot be had end the command
before anything else starts.`,
		Example: `  kiroku serve
  kiroku serve --data /var/lib/kiroku --http 127.0.0.1:8480 --syslog 127.0.0.1:5514
  kiroku serve --config /etc/kiroku/kiroku.yaml`,
		Args: args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := f.load(c.Context())
			if err != nil {
				return err
			}
			signal.Ignore(syscall.SIGPIPE) // a log that nobody reads any more must not end the service
			log := newLog(a.err, cfg.Log)
			for _, w := range cfg.Warnings {
				log.LogAttrs(c.Context(), slog.LevelWarn, "configuration: key has no effect", slog.Any(logkey.Err, w))
			}
			console, err := web.Console()
			if err != nil {
				return fmt.Errorf("open console: %w", err)
			}
			return serve.Run(c.Context(), serve.Options{Config: cfg, Version: versionText(), Log: log, Stderr: a.err, Console: console})
		},
	}
	c.Flags().StringVar(&f.config, "config", "", "configuration file")
	c.Flags().StringVar(&f.data, "data", "", "folder of everything that is stored (default ./data)")
	c.Flags().StringVar(&f.http, "http", "", "address of console and APIs (default 127.0.0.1:8480)")
	c.Flags().StringVar(&f.syslog, "syslog", "", "address of a TCP and a UDP syslog input instead of the default ones (default 127.0.0.1:5514)")
	must(c.MarkFlagFilename("config", "yaml", "yml"))
	must(c.MarkFlagDirname("data"))
	return c
}

// load reads the configuration file and lets the flags win over it.
func (f serveFlags) load(ctx context.Context) (*config.Config, error) {
	cfg, err := config.Load(f.file())
	if err != nil {
		return nil, err
	}
	if f.data != "" {
		cfg.DataDir = f.data
	}
	if f.http != "" {
		cfg.HTTP.Address = f.http
	}
	if f.syslog != "" {
		if cfg.Inputs, err = withSyslog(ctx, cfg.Inputs, f.syslog); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

// file is the configuration file to read; "" is kiroku.yaml in the working folder, if there is one.
func (f serveFlags) file() string {
	if f.config != "" || exists(config.FileName) {
		return f.config
	}
	data := f.data
	if data == "" {
		data = cli.DefaultData
	}
	if file := filepath.Join(data, config.FileName); exists(file) {
		return file
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// withSyslog replaces the inputs that every configuration begins with by a TCP and a UDP input on address.
func withSyslog(ctx context.Context, inputs []config.Input, address string) ([]config.Input, error) {
	address, err := samePort(ctx, address)
	if err != nil {
		return nil, err
	}
	defaults := config.Default().Inputs
	_, port, _ := net.SplitHostPort(address)
	var out []config.Input
	for _, in := range defaults {
		in.Address, in.Name = address, "syslog-"+in.Type+"-"+port
		out = append(out, in)
	}
	for _, in := range inputs {
		replaced := in.Address == defaults[0].Address && in.Source == "" && in.Service == "" && in.Store == "" && in.Integration == "" && len(in.Tags) == 0
		if !replaced {
			out = append(out, in)
		}
	}
	return out, nil
}

// samePort turns port 0 into one that is free for TCP and for UDP, so that both inputs can be reached by one number.
func samePort(ctx context.Context, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil && !strings.Contains(address, ":") {
		host, port, err = "", address, nil
	}
	if err != nil {
		return "", fault.New(fault.Invalid, fmt.Errorf("read --syslog %q: %w", address, err), "Write host:port, for example 127.0.0.1:5514.")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fault.New(fault.Invalid, fmt.Errorf("read --syslog %q: %q is not a port", address, port), "Write host:port, for example 127.0.0.1:5514.")
	} else if n != 0 {
		return net.JoinHostPort(host, port), nil
	}
	const tries = 20
	var listen net.ListenConfig
	for range tries {
		l, err := listen.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return "", fmt.Errorf("find a free port on %q: %w", host, err)
		}
		free := net.JoinHostPort(host, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
		u, err := listen.ListenPacket(ctx, "udp", free)
		l.Close()
		if err == nil {
			u.Close()
			return free, nil
		}
	}
	return "", fmt.Errorf("find a free port on %q: none of %d was free for TCP and UDP", host, tries)
}

func newLog(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	must(level.UnmarshalText([]byte(c.Level))) // the configuration is valid
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
