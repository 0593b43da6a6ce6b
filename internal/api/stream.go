package api

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"

	"kiroku/internal/logkey"
)

// streamBuffer is how much of a stream waits before the first byte is sent. A mistake that is found until then is answered
// with a problem document.
const streamBuffer = 64 << 10

// stream is an answer that is written while it is made.
type stream struct {
	contentType string
	fileName    string // offered to browsers for saving; "": none
	log         *slog.Logger
	write       func(w io.Writer) error
}

func (s stream) visit(w http.ResponseWriter) error {
	head := &lateHeader{ResponseWriter: w, stream: s}
	out := bufio.NewWriterSize(head, streamBuffer)
	err := s.write(out)
	if err == nil {
		head.send() // an empty file is a file
		err = out.Flush()
	}
	if err == nil {
		return nil
	}
	if !head.sent {
		return err
	}
	// The status is sent. A cut connection is the only way left to say that this is not all.
	s.log.Warn("stream cut", slog.Any(logkey.Err, err))
	panic(http.ErrAbortHandler)
}

// lateHeader sends the header before the first byte.
type lateHeader struct {
	http.ResponseWriter
	stream stream
	sent   bool
}

func (l *lateHeader) send() {
	if l.sent {
		return
	}
	l.sent = true
	l.Header().Set("Content-Type", l.stream.contentType)
	if l.stream.fileName != "" {
		l.Header().Set("Content-Disposition", `attachment; filename="`+l.stream.fileName+`"`)
	}
	l.WriteHeader(http.StatusOK)
}

func (l *lateHeader) Write(b []byte) (int, error) {
	l.send()
	return l.ResponseWriter.Write(b)
}
