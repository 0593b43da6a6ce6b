// Package web holds the console's files, embedded in the binary.
package web

import "embed"

// Placeholder is the page that stands until the console is built.
//
//go:embed placeholder
var Placeholder embed.FS
