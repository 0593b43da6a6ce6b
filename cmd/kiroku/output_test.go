package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/forward/wire"
	"kiroku/internal/intake"
)

// TestStatusPage compares the page with testdata/status.txt.
func TestStatusPage(t *testing.T) {
	started := time.Date(2026, 6, 30, 9, 0, 0, 0, time.UTC)
	seen := started.Add(time.Minute)
	st := &client.Status{
		Version: "v1.2.3", Started: started, UptimeS: 3700, DataDir: "/var/lib/kiroku", HTTP: "127.0.0.1:8480", MemoryBytes: 90 << 20, ResidentBytes: 700 << 20,
		Inputs: []intake.Status{
			{Name: "vpn", Integration: "ivanti_connect_secure", Type: "tcp", Address: "[::]:514", Source: "ivanti-connect-secure", Service: "vpn", State: "listening", Connections: 1,
				LastSeen: seen, Counters: intake.Counters{Records: 1000, Bytes: 811_000, Malformed: 1, Oversized: 2, Discarded: 77, Parsed: 999, Unparsed: 1},
				Peers: []intake.Peer{{Address: "192.0.2.1", LastSeen: seen, Counters: intake.Counters{Records: 1000, Bytes: 811_000, Parsed: 999, Unparsed: 1}}, {Address: "198.51.100.9", Counters: intake.Counters{Refused: 3}}}},
			{Name: "syslog-udp-5514", Type: "udp", Address: "127.0.0.1:5514", State: "error", Error: "socket was \x1b[2J closed"},
			{Name: "later", Type: "tls", Address: "127.0.0.1:6514"},
			{Name: "trail", Type: "cloudtrail", State: "reading", CloudTrail: &intake.CloudTrail{Buckets: []intake.Bucket{{Bucket: "amzn-s3-demo-trail", Accounts: 1, Regions: 1, Folders: 1}},
				Digests: &intake.Digests{State: "invalid", Verified: seen, Wrong: "s3://amzn-s3-demo-trail/a.json.gz: hash value doesn't match, and 2 more", Next: "See what is wrong."}}},
			{Name: "unproven", Integration: "cloudtrail", Type: "cloudtrail", State: "reading", CloudTrail: &intake.CloudTrail{Digests: &intake.Digests{State: "error", Error: "list public keys: not allowed"}}},
			{Name: "next", Integration: "cloudtrail", Type: "cloudtrail"},
		},
		Stores:   []client.Store{{Name: "default", Events: 1000, Bytes: 119_000, RetentionDays: 365, Oldest: started, Newest: seen, DataFiles: 1}},
		Pipeline: client.PipelineStatus{Workers: 2, Events: 1003, Unparsed: 1, Sources: []client.SourceStatus{{Source: "okta-access-gateway", Events: 3, LastSeen: seen}}},
		Lake:     client.LakeStatus{DataFiles: 1, DataBytes: 119_000, DiskFreeBytes: 1 << 30, DiskTotalBytes: 4 << 30, PushingBack: true, Error: "disk is full"},
		SiemAgents: client.SIEMAgentsStatus{Agents: 3, Unwell: []client.SIEMAgent{
			{ID: "a1", Name: "soc", State: wire.ConnectionLost, Delivery: wire.DeliveryOK, LastContact: started, Notifications: []wire.Notification{
				{Code: wire.AgentError, Title: "SIEM agent error", Text: "The SIEM agent has been disconnected for more than 2 hours", Remedy: "Check that the agent runs."}}},
			{ID: "a2", Name: "other \x1b[2J", State: wire.Connected, Delivery: wire.DeliveryBacklog, LastContact: seen, LagRecords: 12_000, LagSeconds: 400},
		}},
	}
	var b bytes.Buffer
	page := statusPage{w: &b}
	if err := page.print(st); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/status.txt", b.Bytes())
}

// What is counted before the filter is said to be the most that is sent.
func TestToLookAt(t *testing.T) {
	both := []wire.Type{wire.Activities, wire.Alerts}
	for _, tt := range []struct {
		agent           client.SIEMAgent
		events, seconds int64
		want            string
	}{
		{client.SIEMAgent{Types: both}, 1200, 0, "1,200 events"},
		{client.SIEMAgent{Types: both}, 1, 90, "1 event, the next was taken in 1m 30s ago"},
		{client.SIEMAgent{Types: both, Filter: "a:b"}, 1200, 0, "up to 1,200 events"},
		{client.SIEMAgent{Types: both[:1]}, 1, 0, "up to 1 event"},
		{client.SIEMAgent{Types: both, Recovery: &wire.RecoveryStatus{}}, 2, 0, "up to 2 events"},
		{client.SIEMAgent{Types: both[:1]}, 0, 0, "0 events"},
	} {
		if got := toLookAt(&tt.agent, tt.events, tt.seconds); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.agent, got, tt.want)
		}
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestReadEvents(t *testing.T) {
	stream := ": waiting\n\nevent: row\nid: a\ndata: {\"n\":1}\n\nevent: row\r\nid:b\r\ndata:{\"n\":\r\ndata:2}\r\n\r\nevent: row\nid: c\ndata: {\"n\":3}\n"
	var got []string
	err := readEvents(strings.NewReader(stream), func(e serverEvent) error {
		got = append(got, e.name+" "+e.id+" "+string(e.data))
		return nil
	})
	if want := []string{`row a {"n":1}`, "row b {\"n\":\n2}"}; !errors.Is(err, errEnded) || !cmp.Equal(got, want) {
		t.Errorf("events are %q, error %v; want %q: the last one did not end", got, err, want)
	}
	stop := errors.New("stop")
	if err := readEvents(strings.NewReader(stream), func(serverEvent) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error is %v, want that of the caller", err)
	}
}

func TestPrintResult(t *testing.T) {
	for _, tt := range []struct{ name, answer, want, err string }{
		{"rows", `{"columns":[{"name":"user","type":"VARCHAR"},{"name":"n","type":"BIGINT"}],"rows":[["mika",1],[null,23],["a\u001b",9007199254740993]]}`,
			"user                  n\nmika                  1\n-                    23\na\\x1b  9007199254740993\n", ""},
		{"no rows", `{"columns":[{"name":"n","type":"BIGINT"}],"rows":[]}`, "n\n", ""},
		{"cut off", `{"columns":[{"name":"n","type":"BIGINT"}],"rows":[[1]`, "n\n1\n", "the answer ends too early"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w := bufio.NewWriter(&b)
			err := printResult(strings.NewReader(tt.answer), w, 0)
			if ferr := w.Flush(); ferr != nil {
				t.Fatal(ferr)
			}
			if b.String() != tt.want {
				t.Errorf("table is\n%q, want\n%q", b.String(), tt.want)
			}
			if (tt.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error is %v, want %q", err, tt.err)
			}
		})
	}
}

func TestSamePort(t *testing.T) {
	got, err := samePort(t.Context(), "127.0.0.1:0")
	if err != nil || strings.HasSuffix(got, ":0") || !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("address is %q, error %v", got, err)
	}
	if got, err := samePort(t.Context(), "[::1]:5514"); got != "[::1]:5514" || err != nil {
		t.Errorf("address is %q, error %v", got, err)
	}
	for _, bad := range []string{"127.0.0.1:70000", "host", "a:b:c", "127.0.0.1:"} {
		if got, err := samePort(t.Context(), bad); err == nil {
			t.Errorf("%q is taken as %q", bad, got)
		}
	}
}

// FuzzReadEvents: whatever a server sends, events have data, and reading ends.
func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("event: row\nid: a\ndata: {}\n\n"))
	f.Add([]byte("data\n\ndata:\n\n: x\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		err := readEvents(bytes.NewReader(stream), func(e serverEvent) error {
			if len(e.data) == 0 {
				t.Error("an event has no data")
			}
			return nil
		})
		if !errors.Is(err, errEnded) {
			t.Errorf("error is %v", err)
		}
	})
}

var _ rowPrinter = (*csvRows)(nil)

func TestCSVRows(t *testing.T) {
	var b bytes.Buffer
	c := newCSVRows(&b, []string{"message", "seq", "tags", "outcome"})
	for _, row := range []string{`{"message":"=1+1","seq":-5,"tags":["a","b"]}`, `{"message":"x,\"y\"","outcome":"success"}`} {
		if err := c.row([]byte(row)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
	if want := "message,seq,tags,outcome\n'=1+1,-5,\"[\"\"a\"\",\"\"b\"\"]\",\n\"x,\"\"y\"\"\",,,success\n"; b.String() != want {
		t.Errorf("CSV is %q, want %q", b.String(), want)
	}
}

func TestSearchLast(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"query -outcome:success --count", "query --count -- -outcome:success"},
		{"query --count -outcome:success", "query --count -- -outcome:success"},
		{"query --from -15m x", "query --from -15m x"},
		{"query --from=-15m -x:y", "query --from=-15m -- -x:y"},
		{"query --url -x:y", "query --url -x:y"},
		{"query -h", "query -h"},
		{"query -- -x:y", "query -- -x:y"},
		{"tail -x:y --json", "tail --json -- -x:y"},
		{"import -quiet x", "import -quiet x"},
	} {
		root := newRoot(&app{})
		if got := strings.Join(searchLast(root, strings.Fields(tt.args)), " "); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.args, got, tt.want)
		}
	}
}

func TestStyle(t *testing.T) {
	if got := (cli.Style{}).Bad("x"); got != "x" {
		t.Errorf("text without a terminal is %q", got)
	}
}
