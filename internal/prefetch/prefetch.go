//go:build amd64 || arm64

package prefetch

import "unsafe"

// At asks the processor to fetch the memory at the offsets from base, and does not wait for it.
//
//go:noescape
func At(base unsafe.Pointer, offsets []uint32)
