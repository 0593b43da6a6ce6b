package api

import (
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// consolePolicy lets the console load its own files and talk to its own server, and nothing else: no inline script or style, no
// frame, and no text that becomes markup (Trusted Types).
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// hashedNames is the folder of files whose names change with their content: browsers need never ask for them again.
const hashedNames = "assets/"

// encodings are what lies beside a file compressed, the best first.
var encodings = [...]struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// console serves the console's files. An address without a file is a page of the console, which index.html draws.
func (s *server) console() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", consolePolicy)
		h.Set("Cache-Control", "no-cache")
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if path.Ext(name) == "" {
			name = "index.html"
		}
		if info, err := fs.Stat(s.deps.Console, name); err != nil || info.IsDir() {
			http.NotFound(w, r)
			return
		}
		if strings.HasPrefix(name, hashedNames) {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		s.serveFile(w, r, name)
	})
}

// serveFile sends a file, compressed when it lies there so and the caller takes it.
func (s *server) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Vary", "Accept-Encoding")
	for _, e := range encodings {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), e.name) {
			continue
		}
		if info, err := fs.Stat(s.deps.Console, name+e.suffix); err == nil && !info.IsDir() {
			h.Set("Content-Encoding", e.name)
			http.ServeFileFS(w, r, s.deps.Console, name+e.suffix)
			return
		}
	}
	http.ServeFileFS(w, r, s.deps.Console, name)
}

// contentType does not ask the machine's own table, which may know less.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	default:
		return "application/octet-stream"
	}
}
