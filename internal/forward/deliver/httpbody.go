package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kiroku/internal/forward/wire"
)

// encode makes the body of a request.
func (h *httpSender) encode(dst []byte, recs []numbered) ([]byte, error) {
	if h.dest.Body == wire.Array {
		dst = append(dst, '[')
	}
	for i := range recs {
		line := recs[i].Line
		switch h.dest.Body {
		case wire.Array:
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, line...)
		case wire.SplunkHEC:
			dst = h.appendSplunk(dst, &recs[i].Record)
		case wire.Elastic:
			dst = append(dst, `{"create":{"_index":`...)
			dst = appendJSON(dst, h.dest.Index)
			if recs[i].UID != "" {
				dst = appendJSON(append(dst, `,"_id":`...), recs[i].UID)
			}
			dst = append(appendWithout(append(dst, "}}\n"...), line, '\n'), '\n')
		default:
			dst = append(appendWithout(dst, line, '\n'), '\n')
		}
	}
	if h.dest.Body == wire.Array {
		dst = append(dst, ']')
	}
	if h.gzip {
		return h.compress(dst)
	}
	return dst, nil
}

// appendSplunk appends a record as the HTTP Event Collector takes it.
func (h *httpSender) appendSplunk(dst []byte, r *wire.Record) []byte {
	dst = append(dst, '{')
	if r.Time != 0 {
		dst = append(dst, `"time":`...)
		dst = strconv.AppendFloat(dst, float64(r.Time)/1e6, 'f', 6, 64)
		dst = append(dst, ',')
	}
	if h.dest.Index != "" {
		dst = append(appendJSON(append(dst, `"index":`...), h.dest.Index), ',')
	}
	dst = append(dst, `"event":`...)
	if h.json && json.Valid(r.Line) {
		dst = append(dst, r.Line...)
	} else {
		dst = appendJSON(dst, string(r.Line))
	}
	return append(dst, "}\n"...)
}

// appendJSON appends a text, with <, > and & as they are.
func appendJSON(dst []byte, s string) []byte {
	out := bytes.NewBuffer(dst)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text always can be, and a buffer takes it
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func (h *httpSender) contentType() string {
	switch {
	case h.dest.Body == wire.Elastic, h.dest.Body == wire.Lines && h.json:
		return "application/x-ndjson"
	case h.dest.Body == wire.Lines:
		return "text/plain; charset=utf-8"
	}
	return "application/json"
}

// address is where requests go: the destination, with the path of the API where it has none.
func (h *httpSender) address(t target) string {
	u, err := url.Parse(t.url)
	if err != nil {
		return t.url
	}
	switch path := strings.TrimSuffix(u.Path, "/"); {
	case h.dest.Body == wire.SplunkHEC && path == "":
		u.Path = splunkPath + "/event"
	case h.dest.Body == wire.Elastic && !strings.HasSuffix(path, "/_bulk"):
		u.Path = path + "/_bulk"
	}
	return u.String()
}

// items judges the answer of the _bulk API, which tells of each record. What is there already (409) was sent before.
func (h *httpSender) items(ctx context.Context, t target, recs []numbered, answer []byte) error {
	var a struct {
		Errors bool `json:"errors"`
		Items  []map[string]struct {
			Status int             `json:"status"`
			Error  json.RawMessage `json:"error"`
		} `json:"items"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return fmt.Errorf("%s answers, but not as the _bulk API does (%.100q); check the path of the destination", t, answer)
	}
	if !a.Errors {
		return nil
	}
	if len(a.Items) != len(recs) {
		return fmt.Errorf("%s tells of %d records, and %d were sent", t, len(a.Items), len(recs))
	}
	var again error
	for i, item := range a.Items {
		for _, result := range item {
			e := &answerError{target: t, status: result.Status, text: fmt.Sprintf("%.300s", result.Error)}
			switch {
			case result.Status/100 == 2, result.Status == http.StatusConflict:
			case result.Status == http.StatusBadRequest, result.Status == http.StatusRequestEntityTooLarge, result.Status == http.StatusUnprocessableEntity:
				if err := h.d.bury(ctx, recs[i].Record, e.Error()); err != nil {
					return err
				}
				h.d.buried[recs[i].index] = true
			default:
				again = e
			}
		}
	}
	return again
}

// splunkPath is where the HTTP Event Collector listens.
const splunkPath = "/services/collector"

// splunkSetting says whether the collector refuses a request for a reason that lies in its settings or ours, not in the
// records: index, channel, acknowledgment.
func splunkSetting(answer []byte) bool {
	var a struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(answer, &a) != nil {
		return false
	}
	switch a.Code {
	case 1, 2, 3, 4, 7, 10, 11, 14:
		return true
	}
	return false
}

func ackID(t target, answer []byte) (int64, error) {
	var a struct {
		AckID *int64 `json:"ackId"`
	}
	if err := json.Unmarshal(answer, &a); err != nil || a.AckID == nil || *a.AckID < 0 {
		return -1, fmt.Errorf("%s gives no ackId (%.100q): %w", t, answer, errNoAcks)
	}
	return *a.AckID, nil
}

var errNoAcks = errors.New("enable indexer acknowledgment of the token in Splunk, or set http.ack (--http-ack) to false")
