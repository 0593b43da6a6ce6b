package api

import (
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"kiroku/internal/fault"
)

// maxWindow is what RFC 9659 allows content of the encoding zstd.
const maxWindow = 8 << 20

// ratio is how much records usually shrink. It is only a guess of how much memory a compressed body will take.
const ratio = 12

// decodeBody replaces a compressed body by one that decompresses it while it is read. It returns how long the body will
// probably be; -1 when nothing tells.
func decodeBody(r *http.Request) (int64, error) {
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		return r.ContentLength, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return 0, readError(fmt.Errorf("gzip: %w", err))
		}
		r.Body = decoder{Reader: z, release: func() {}, name: "gzip", under: r.Body}
	case "zstd":
		z, err := zstd.NewReader(r.Body, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return 0, readError(fmt.Errorf("zstd: %w", err))
		}
		r.Body = decoder{Reader: z, release: z.Close, name: "zstd", under: r.Body}
	default:
		return 0, fault.New(fault.Invalid, fmt.Errorf("read body: Content-Encoding %q is not known", encoding), "Send gzip, zstd or no encoding.")
	}
	if r.ContentLength < 0 {
		return -1, nil
	}
	return r.ContentLength * ratio, nil
}

// decoder is a body that is decompressed while it is read.
type decoder struct {
	io.Reader
	release func()
	name    string
	under   io.Closer
}

func (d decoder) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", d.name, err)
	}
	return n, err
}

func (d decoder) Close() error {
	d.release()
	return d.under.Close()
}
