package segment

/*
#include <stddef.h>

// libzstd is compiled into the program by github.com/DataDog/zstd, whose functions take a level and nothing else. These are
// of its stable interface: https://facebook.github.io/zstd/zstd_manual.html
typedef struct ZSTD_CCtx_s ZSTD_CCtx;
ZSTD_CCtx *ZSTD_createCCtx(void);
size_t ZSTD_freeCCtx(ZSTD_CCtx *);
size_t ZSTD_CCtx_reset(ZSTD_CCtx *, int);
size_t ZSTD_CCtx_setParameter(ZSTD_CCtx *, int, int);
size_t ZSTD_compress2(ZSTD_CCtx *, void *, size_t, const void *, size_t);
unsigned ZSTD_isError(size_t);

static size_t compress(ZSTD_CCtx *c, const int *params, int n, void *dst, size_t room, const void *src, size_t len) {
	ZSTD_CCtx_reset(c, 3); // session and parameters
	for (int i = 0; i < n; i++) {
		size_t err = ZSTD_CCtx_setParameter(c, params[2 * i], params[2 * i + 1]);
		if (ZSTD_isError(err)) return err;
	}
	return ZSTD_compress2(c, dst, room, src, len);
}
*/
import "C"

import (
	"runtime"
	"slices"
	"unsafe"

	"github.com/DataDog/zstd"
)

// parameters of libzstd: pairs of a ZSTD_cParameter and its value.
type parameters []C.int

const (
	byLevel   = 100
	windowLog = 101
	hashLog   = 102
	chainLog  = 103
	minMatch  = 105
	strategy  = 107

	strategyFast  = 1
	strategyDfast = 2
)

// compressor compresses one page after the other.
type compressor struct {
	ctx *C.ZSTD_CCtx

	records parameters // raw_data
	texts   parameters
	codes   parameters // and numbers
}

// newCompressor makes a compressor. The parameters of Fast are explained in docs/decisions/0009-compression.md. Records are
// long and much alike: long matches, anywhere in the page. Codes do not get smaller by trying harder.
func newCompressor(l Level) *compressor {
	all := parameters{byLevel, C.int(l)}
	c := &compressor{C.ZSTD_createCCtx(), all, all, all}
	if l == Fast {
		c.records = parameters{byLevel, 1, strategy, strategyFast, windowLog, 23, hashLog, 15, minMatch, 7}
		c.texts = parameters{byLevel, 3, strategy, strategyDfast, hashLog, 15, chainLog, 15, minMatch, 7}
		c.codes = parameters{byLevel, 1}
	}
	runtime.AddCleanup(c, func(ctx *C.ZSTD_CCtx) { C.ZSTD_freeCCtx(ctx) }, c.ctx)
	return c
}

// compress returns src as one frame, in dst if there is room.
func (c *compressor) compress(dst, src []byte, p parameters) []byte {
	dst = slices.Grow(dst[:0], zstd.CompressBound(len(src)))[:zstd.CompressBound(len(src))]
	n := C.compress(c.ctx, unsafe.SliceData(p), C.int(len(p)/2), unsafe.Pointer(unsafe.SliceData(dst)), C.size_t(len(dst)),
		unsafe.Pointer(unsafe.SliceData(src)), C.size_t(len(src)))
	runtime.KeepAlive(c)
	if C.ZSTD_isError(n) != 0 {
		panic("BUG: zstd: room or parameters are wrong")
	}
	return dst[:n]
}
