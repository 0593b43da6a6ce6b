package receive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds a request, decompressed.
const maxBody = 64 << 20

// ServeHTTP takes records in the bodies of requests: lines, a JSON array, Splunk's HTTP Event Collector, Elasticsearch's
// _bulk. GET /receipts lists the receipts.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.Method == http.MethodGet && req.URL.Path == "/receipts":
		r.listReceipts(w, req)
	case req.Method == http.MethodGet || req.Method == http.MethodHead:
		fmt.Fprintln(w, "kiroku agent listen: POST records here; GET /receipts?since=TIME lists what was received")
	case req.Method != http.MethodPost && req.Method != http.MethodPut:
		http.Error(w, msgMethod, http.StatusMethodNotAllowed)
	case strings.HasSuffix(req.URL.Path, "/services/collector/ack"):
		r.splunkAcks(w, req)
	default:
		r.receive(w, req)
	}
}

// body reads a request, unpacked.
func body(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	in := io.Reader(http.MaxBytesReader(w, req.Body, maxBody))
	if strings.EqualFold(req.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		in = io.LimitReader(z, maxBody+1)
	}
	b, err := io.ReadAll(in)
	if err == nil && len(b) > maxBody {
		err = &http.MaxBytesError{Limit: maxBody}
	}
	return b, err
}

func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) {
	b, err := body(w, req)
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		http.Error(w, msgTooLong, http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, msgUnreadable+err.Error(), http.StatusBadRequest)
		return
	}
	form := "lines"
	switch {
	case strings.HasSuffix(req.URL.Path, "/_bulk"):
		form = "elastic"
	case strings.Contains(req.URL.Path, "/services/collector"):
		form = "splunk-hec"
	case bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")):
		form = "array"
	}
	recs, err := split(form, b)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for i := range recs {
		recs[i].Transport, recs[i].Peer, recs[i].Framing = "http", req.RemoteAddr, form
		if req.TLS != nil {
			recs[i].Transport = "https"
		}
		if err = r.take(&recs[i]); err != nil {
			break
		}
	}
	if syncErr := r.sync(); err == nil {
		err = syncErr
	}
	switch {
	case errors.Is(err, ErrReset), errors.Is(err, ErrClose):
		panic(http.ErrAbortHandler) // how a handler ends its connection
	case err != nil:
		w.Header().Set("Retry-After", "1")
		http.Error(w, msgNotStored, http.StatusServiceUnavailable)
	default:
		answer(w, form, len(recs), req.Header.Get("X-Splunk-Request-Channel") != "")
	}
}

func answer(w http.ResponseWriter, form string, n int, channel bool) {
	w.Header().Set("Content-Type", "application/json")
	switch form {
	case "splunk-hec":
		if channel {
			fmt.Fprintln(w, `{"text":"Success","code":0,"ackId":0}`)
			return
		}
		fmt.Fprintln(w, `{"text":"Success","code":0}`)
	case "elastic":
		out := bufio.NewWriter(w)
		out.WriteString(`{"errors":false,"items":[`)
		for i := range n {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(`{"create":{"status":201}}`)
		}
		out.WriteString("]}\n")
		_ = out.Flush() // a sender that went away sends again
	default:
		fmt.Fprintf(w, "{\"received\":%d}\n", n)
	}
}

// splunkAcks says that everything is stored: it is, before it is answered.
func (r *Receiver) splunkAcks(w http.ResponseWriter, req *http.Request) {
	var ask struct {
		Acks []int64 `json:"acks"`
	}
	if err := json.NewDecoder(io.LimitReader(req.Body, 1<<20)).Decode(&ask); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	acks := map[string]bool{}
	for _, id := range ask.Acks {
		acks[strconv.FormatInt(id, 10)] = true
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"acks": acks}) // a sender that went away asks again
}

// split takes the records out of a body.
func split(form string, b []byte) ([]Record, error) {
	switch form {
	case "array":
		var all []json.RawMessage
		if err := json.Unmarshal(b, &all); err != nil {
			return nil, fmt.Errorf("read array: %w", err)
		}
		recs := make([]Record, len(all))
		for i := range all {
			recs[i].Line = all[i]
		}
		return recs, nil
	case "splunk-hec":
		return splitSplunk(b)
	case "elastic":
		return splitBulk(b)
	}
	var recs []Record
	for line := range bytes.Lines(b) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			recs = append(recs, Record{Line: line})
		}
	}
	return recs, nil
}

func splitSplunk(b []byte) ([]Record, error) {
	var recs []Record
	in := json.NewDecoder(bytes.NewReader(b))
	for {
		var e struct {
			Event json.RawMessage `json:"event"`
		}
		err := in.Decode(&e)
		if errors.Is(err, io.EOF) {
			return recs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read event %d: %w", len(recs)+1, err)
		}
		line := []byte(e.Event)
		var text string
		if json.Unmarshal(line, &text) == nil {
			line = []byte(text)
		}
		if len(line) == 0 {
			return nil, fmt.Errorf("event %d has no member event", len(recs)+1)
		}
		recs = append(recs, Record{Line: line})
	}
}

func splitBulk(b []byte) ([]Record, error) {
	var recs []Record
	uid, action := "", true
	for line := range bytes.Lines(b) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			continue
		}
		if action {
			var a map[string]struct {
				ID string `json:"_id"`
			}
			if err := json.Unmarshal(line, &a); err != nil || len(a) != 1 {
				return nil, fmt.Errorf("record %d: expected an action such as {\"create\":{}}", len(recs)+1)
			}
			for name, what := range a {
				if name != "create" && name != "index" {
					return nil, fmt.Errorf("record %d: the action %q is not taken", len(recs)+1, name)
				}
				uid = what.ID
			}
		} else {
			recs = append(recs, Record{Line: line, UID: uid})
		}
		action = !action
	}
	if !action {
		return nil, errors.New("the last action has no record")
	}
	return recs, nil
}

// listReceipts writes the receipts since a time, one JSON object a line.
func (r *Receiver) listReceipts(w http.ResponseWriter, req *http.Request) {
	if r.o.Receipts == nil {
		http.Error(w, msgNoReceipts, http.StatusNotFound)
		return
	}
	since := time.Time{}
	if text := req.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			http.Error(w, msgSince, http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := r.o.Receipts.Copy(w, since); err != nil {
		panic(http.ErrAbortHandler) // a list that is cut off must not look whole
	}
}

var _ net.Listener = (*webListener)(nil)
