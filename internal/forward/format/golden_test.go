package format

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
	"kiroku/internal/source/all"
	"kiroku/internal/source/sourcetest"
)

// events maps the records of testdata/records.txt, "source TAB record", as the pipeline does.
func events(t testing.TB) []*event.Event {
	t.Helper()
	data, err := os.ReadFile("testdata/records.txt")
	if err != nil {
		t.Fatal(err)
	}
	set, err := all.NewSet(all.Sources())
	if err != nil {
		t.Fatal(err)
	}
	var list []*event.Event
	for i, line := range sourcetest.Lines(data) {
		name, record, ok := bytes.Cut(line, []byte{'\t'})
		source, known := set.Find(event.SourceName(name))
		if !ok || !known {
			t.Fatalf("records.txt: line %d: %.80s", i+1, line)
		}
		e, rec := new(event.Event), sourcetest.Record(record)
		if err := source.Map(rec, e); err != nil {
			e.Reset()
			e.Class(event.ClassBaseEvent, 99)
			e.Int(event.ColSeverityID, "", event.SeverityUnknown)
			e.Time(event.ColTime, "", rec.Received)
			e.Str(event.ColParseError, "", err.Error())
		}
		e.Str(event.ColEventUID, "", fmt.Sprintf("019a0000-0000-7000-8000-%012d", i+1))
		e.Str(event.ColSource, "", string(name))
		e.Str(event.ColRawData, "", event.Bytes(record))
		list = append(list, e)
	}
	return list
}

func encoder(t testing.TB, o Options) *Encoder {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestGolden(t *testing.T) {
	list := events(t)
	for name, o := range map[string]Options{
		"cef-mcas":     {Format: wire.CEFMCAS, Host: "agent.example.com"},
		"cef":          {Format: wire.CEF, Host: "agent.example.com", Header: wire.Header{Form: wire.HeaderRFC3164}},
		"leef":         {Format: wire.LEEF, Host: "agent.example.com", Header: wire.Header{Form: wire.HeaderRFC5424, Priority: 14}},
		"rfc5424-json": {Format: wire.RFC5424JSON, Host: "agent.example.com"},
		"ocsf-json":    {Format: wire.OCSFJSON},
		"json":         {Format: wire.JSON, Raw: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Version = "1.0"
			enc := encoder(t, o)
			var got []byte
			for _, ev := range list {
				var err error
				var cut int
				from := len(got)
				if got, cut, err = enc.Append(got, ev); err != nil || cut != 0 {
					t.Errorf("%s: %d, %v", UID(ev), cut, err)
				}
				if bytes.ContainsAny(got[from:], "\r\n\x00") {
					t.Errorf("%s: more than one line: %q", UID(ev), got[from:])
				}
				got = append(got, '\n')
			}
			compare(t, filepath.Join("testdata", name+".golden"), got)
		})
	}
}

// TestEverySample holds that every sample of every source becomes one line in every format, which says who it is and reads
// back as what its format is.
func TestEverySample(t *testing.T) {
	files, err := filepath.Glob("../../source/*/testdata/*/in.log")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files of samples: %v", len(files), err)
	}
	set, err := all.NewSet(all.Sources())
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, f := range formats {
		enc := encoder(t, Options{Format: f, Header: headless(f), MaxBytes: 8 << 20, Version: "1.0"})
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, record := range sourcetest.Lines(data) {
				rec, e := sourcetest.Record(record), new(event.Event)
				source := set.Recognise(rec)
				if source.Map(rec, e) != nil {
					continue
				}
				tried++
				e.Str(event.ColSource, "", string(source.Name))
				e.Str(event.ColRawData, "", event.Bytes(record))
				e.Str(event.ColEventUID, "", "019a0000-0000-7000-8000-000000000001")
				line, cut, err := enc.Append(nil, e)
				if err != nil || cut != 0 || bytes.ContainsAny(line, "\r\n\x00") {
					t.Fatalf("%s of %s: %d, %v: %q", f, file, cut, err, line)
				}
				if at := bytes.IndexByte(line, '{'); f == wire.JSON || f == wire.OCSFJSON || f == wire.RFC5424JSON {
					if !json.Valid(line[at:]) {
						t.Errorf("%s of %s: %s", f, file, line)
					}
				} else if got := decoded(t, f, line)["externalId"]; got != UID(e) && e.GetStr(event.ColSource) != string(event.DefenderForCloudApps) {
					t.Errorf("%s of %s: the id is %q, want %q", f, file, got, UID(e))
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d samples", tried)
	}
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" { // of package sourcetest
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w []byte
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if !bytes.Equal(g, w) {
			t.Errorf("%s: line %d (-update writes the file anew)\n got %s\nwant %s", path, i+1, g, w)
		}
	}
}
