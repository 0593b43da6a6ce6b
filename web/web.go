// Package web holds the console's files, embedded in the binary.
package web

import (
	"embed"
	"io/fs"
)

// dist is what `make console` builds; in a checkout without it, it holds nothing but a name that keeps the folder.
//
//go:embed all:dist
var dist embed.FS

//go:embed placeholder
var placeholder embed.FS

// Console is the files of the console with index.html at their top: those that were built, else a page that says how to have
// them built.
func Console() (fs.FS, error) {
	if _, err := fs.Stat(dist, "dist/index.html"); err == nil {
		return fs.Sub(dist, "dist")
	}
	return fs.Sub(placeholder, "placeholder")
}
