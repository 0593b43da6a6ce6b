package api

import (
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// consolePolicy lets the console load its own files only. Styles may be inline: components place themselves with them.
const consolePolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// console serves the console's files. An address without a file is a page of the console, which index.html draws.
func (s *server) console() http.Handler {
	files := http.FileServerFS(s.deps.Console)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", consolePolicy)
		h.Set("Cache-Control", "no-cache")
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name != "" && path.Ext(name) == "" {
			if info, err := fs.Stat(s.deps.Console, name); err != nil || info.IsDir() {
				r = r.Clone(r.Context())
				r.URL.Path = "/"
			}
		}
		files.ServeHTTP(w, r)
	})
}
