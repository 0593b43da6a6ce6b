package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"runtime/pprof"
	"time"

	"kiroku/internal/fault"
)

const (
	profileDefault = 10 // seconds
	profileMost    = 60
)

// Profile answers GET /api/v1/profile.
func (s *server) Profile(ctx context.Context, r ProfileRequestObject) (ProfileResponseObject, error) {
	if err := within("seconds", r.Params.Seconds, 1, profileMost); err != nil {
		return nil, err
	}
	seconds := cmp.Or(r.Params.Seconds, profileDefault)
	var out bytes.Buffer
	if err := pprof.StartCPUProfile(&out); err != nil {
		return nil, fault.New(fault.Conflict, errors.New("a profile is being taken already"), "Try again when it has ended, at most a minute from now.")
	}
	enough := time.NewTimer(time.Duration(seconds) * time.Second)
	defer enough.Stop()
	select {
	case <-enough.C:
	case <-ctx.Done():
	}
	pprof.StopCPUProfile()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Profile200ApplicationOctetStreamResponse{Body: &out, ContentLength: int64(out.Len())}, nil
}
