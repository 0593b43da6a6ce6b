package file

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lake is a Sink in memory.
type lake struct {
	mu     sync.Mutex
	pieces map[string]Piece
	order  []string // records in the order of sending
	fail   error    // of the next Store
}

func newLake() *lake { return &lake{pieces: map[string]Piece{}} }

func (l *lake) Stored(_ context.Context, key string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.pieces[key]
	return ok, nil
}

func (l *lake) Store(ctx context.Context, p *Piece) (int64, error) {
	if err := p.Turn(ctx); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return 0, l.fail
	}
	_, ok := l.pieces[p.Key]
	if !ok {
		l.pieces[p.Key] = *p
		for line := range strings.SplitSeq(strings.TrimSuffix(string(p.Data), "\n"), "\n") {
			if p.Truncated {
				line += "…"
			}
			l.order = append(l.order, line)
		}
	}
	p.Sent()
	if ok {
		return 0, nil
	}
	return p.Records, nil
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gz(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, m := range members {
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(m)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func zst(t *testing.T, text string) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll([]byte(text), nil)
}

type entry struct {
	name string
	data []byte
}

func tarOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(e.data))}
		if strings.HasSuffix(e.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImport(t *testing.T) {
	long := strings.Repeat("x", MaxRecord+10)
	nodes := tarOf(t, entry{"node1/", nil}, entry{"node1/all/all.log.gz", gz(t, "a\nb\n")}, entry{"node2/all/all.log.gz", gz(t, "c\n", "d\n")},
		entry{"node2/access.log.zst", zst(t, "e")}, entry{"node2/plain.log", []byte("f\n")})
	whole := gz(t, strings.Repeat("line\n", 3), "more\n")
	for _, tt := range []struct {
		name   string
		data   []byte
		want   []string
		damage string // part of the message
	}{
		{name: "lines", data: []byte("a\nb\r\n\n\r\nc\x00d\x00\x00e"), want: []string{"a", "b", "c", "d", "e"}},
		{name: "carriage return within a line", data: []byte("a\rb\n"), want: []string{"a\rb"}},
		{name: "byte order mark", data: []byte("\xef\xbb\xbfa\n"), want: []string{"a"}},
		{name: "empty", data: nil},
		{name: "only line ends", data: []byte("\n\r\n\x00")},
		{name: "gzip members", data: gz(t, "a\nb", "c\nd\n"), want: []string{"a", "bc", "d"}},
		{name: "zstd", data: zst(t, "a\nb\n"), want: []string{"a", "b"}},
		{name: "tar", data: nodes, want: []string{"a", "b", "c", "d", "e", "f"}},
		{name: "tar.gz", data: gz(t, string(nodes)), want: []string{"a", "b", "c", "d", "e", "f"}},
		{name: "line that is too long", data: []byte("a\n" + long + "\nb\n"), want: []string{"a", long[:MaxRecord] + "…", "b"}},
		{name: "last line that is too long", data: []byte(long + long + long), want: []string{long[:MaxRecord] + "…"}},
		{name: "JSON array", data: []byte(" [\n {\"a\": [1,\n \"]\\\"\"]},{\"b\":2},\n3, \"x\"]\n"), want: []string{`{"a": [1,  "]\""]}`, `{"b":2}`, `3`, `"x"`}},
		{name: "empty JSON array", data: []byte("[ ]")},
		{name: "JSON values over lines", data: []byte("{\n \"a\": 1\n}\n{\"b\": 2}\n"), want: []string{`{  "a": 1 }`, `{"b": 2}`}},
		{name: "CloudTrail log file", data: gz(t, `{"Records":[{"a":1},{"b":[2]}]}`), want: []string{`{"a":1}`, `{"b":[2]}`}},
		{name: "CloudTrail log files, laid out and one after another", data: []byte("{\n \"Records\" : [\n{\"a\":\n1} ]\n}\n{\"Records\":[]}\n{\"Records\":[{\"b\":2}]}\n"), want: []string{`{"a": 1}`, `{"b":2}`}},
		{name: "CloudTrail log file that is cut off", data: []byte(`{"Records":[{"a":1},{"b":`), want: []string{`{"a":1}`, `{"b":…`}, damage: "array that is not closed"},
		{name: "CloudTrail log file with other members", data: []byte(`{"made": {"Records":[1]}, "n":1, "Records":[{"eventVersion":"1","a":1},{"b":2}], "more":[{"x":"]}"}] , "end":null}` + "\n" + `{"Records":[{"c":3}],"end":1}` + `{"Records":[], "after" : [{}],"x": "y" }`),
			want: []string{`{"eventVersion":"1","a":1}`, `{"b":2}`, `{"c":3}`}},
		{name: "object with a list of something else", data: []byte(`{"n":1,"Records":[{"a":1}]}` + "\n" + `{"n":2,"Records":[{"a":1}]}` + "\n"), want: []string{`{"n":1,"Records":[{"a":1}]}`, `{"n":2,"Records":[{"a":1}]}`}},
		{name: "messages of the streaming API", data: []byte(`{"records":[{"category":"AdvancedHunting-CloudAppEvents","a":1}, {"category":"AdvancedHunting-CloudAppEvents","a":2}]}` + "\n" + `{"records":[{"category":"AdvancedHunting-CloudAppEvents","a":3}]}` + "\n"),
			want: []string{`{"category":"AdvancedHunting-CloudAppEvents","a":1}`, `{"category":"AdvancedHunting-CloudAppEvents","a":2}`, `{"category":"AdvancedHunting-CloudAppEvents","a":3}`}},
		{name: "lists under the same name of something else", data: []byte(`{"records":[{"a":1},{"a":2}]}` + "\n"), want: []string{`{"records":[{"a":1},{"a":2}]}`}},
		{name: "CloudTrail log file without records", data: []byte(`{"Records":[]}`)},
		{name: "CloudTrail log file with null for its list", data: []byte(`{"Records":null}`)},
		{name: "CloudTrail log files with null between them", data: []byte(`{"Records":[{"a":1}]}` + "\n" + `{ "Records" : null }` + "\n" + `{"Records":[{"b":2}]}`), want: []string{`{"a":1}`, `{"b":2}`}},
		{name: "null beside something else", data: []byte(`{"Records":null,"n":1}`), want: []string{`{"Records":null,"n":1}`}},
		{name: "records of something else", data: []byte("{\"Records\":3}\n{\"Records\":4}\n"), want: []string{`{"Records":3}`, `{"Records":4}`}},
		{name: "JSON lines", data: []byte("{\"a\":1}\n{\"b\":\n"), want: []string{`{"a":1}`, `{"b":`}},
		{name: "line that begins with a bracket", data: []byte("[x] a\n[y] b\n"), want: []string{"[x] a", "[y] b"}},
		{name: "JSON array that turns into text", data: []byte("[{\"a\":1}\noops\nmore"), want: []string{`{"a":1}`, "oops", "more"}, damage: `JSON has 'o' at byte 9`},
		{name: "JSON array that is cut off", data: []byte("[{\"a\":1},{\"b\":"), want: []string{`{"a":1}`, `{"b":…`}, damage: "array that is not closed"},
		{name: "gzip that is cut off", data: whole[:len(whole)-12], want: []string{"line", "line", "line", "mor…"}, damage: "gzip: the file ends too early: it is cut off after 18 unpacked bytes; records before it: 4"},
		{name: "gzip with a wrong checksum", data: flip(gz(t, "a\nb\n"), -8), want: []string{"a", "b"}, damage: "checksum is wrong"},
		{name: "gzip with something behind it", data: append(gz(t, "a\n"), "this is no gzip member"...), want: []string{"a"}, damage: "something else where the next gzip member should begin after 2 unpacked bytes"},
		{name: "gzip with a few bytes behind it", data: append(gz(t, "a\n"), "junk"...), want: []string{"a"}, damage: "something else where the next gzip member should begin after 2 unpacked bytes"},
		{name: "gzip with zeros behind it", data: append(gz(t, "a\n", "b\n"), make([]byte, 512)...), want: []string{"a", "b"}},
		{name: "gzip with zeros and something behind them", data: append(gz(t, "a\n"), "\x00\x00\x1f\x8b"...), want: []string{"a"}, damage: "something else where the next gzip member should begin"},
		{name: "gzip whose next member is cut off", data: append(gz(t, "a\n"), "\x1f\x8b\x08"...), want: []string{"a"}, damage: "gzip: the file ends too early"},
		{name: "zeros before a line that is too long", data: []byte("\x00\x00" + long + "\x00\x00b\x00"), want: []string{long[:MaxRecord] + "…", "b"}},
		{name: "zip", data: []byte("PK\x03\x04..."), damage: "it is a zip archive"},
		{name: "damaged member of a tar", data: tarOf(t, entry{"a.gz", []byte("\x1f\x8b\x08junk")}, entry{"b", []byte("b\n")}), want: []string{"b"}, damage: `member "a.gz": gzip`},
		{name: "tar that is cut off", data: nodes[:1024+20], want: []string{"a", "b"}, damage: `member "node1/all/all.log.gz": gzip: the file ends too early`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLake()
			path := write(t, "in", tt.data)
			for _, again := range []bool{false, true} {
				var p Progress
				damages, err := Import(t.Context(), []Item{{Path: path}}, l, Options{Progress: &p})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, l.order); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
				got := ""
				if len(damages) > 0 {
					got = damages[0].Error()
				}
				if (tt.damage == "") != (got == "") || !strings.Contains(got, tt.damage) || len(damages) > 1 {
					t.Errorf("damage is %q, want %q", got, tt.damage)
				}
				stored, already := int64(len(tt.want)), int64(0)
				if again {
					stored, already = already, stored
				}
				if p.New.Load() != stored || p.Already.Load() != already {
					t.Errorf("again=%v: %d new, %d already there; want %d, %d", again, p.New.Load(), p.Already.Load(), stored, already)
				}
			}
		})
	}
}

func flip(b []byte, at int) []byte {
	b[len(b)+at] ^= 0xff
	return b
}

// An import that was interrupted goes on, in the order of the file, and stores everything once.
func TestImportGoesOn(t *testing.T) {
	var text strings.Builder
	var want []string
	for i := range 400_000 {
		line := strings.Repeat(string(rune('a'+i%26)), 40)
		want = append(want, line)
		text.WriteString(line + "\n")
	}
	data := []byte(text.String())
	l := newLake()
	stop, cancel := context.WithCancelCause(t.Context())
	items := []Item{{Path: write(t, "in.gz", gz(t, text.String()))}}
	n := 0
	_, err := Import(stop, items, stopAfter{l, func() {
		if n++; n == 2 {
			cancel(errors.New("enough"))
		}
	}}, Options{})
	if err == nil || len(l.order) == 0 || len(l.order) >= len(want) {
		t.Fatalf("import was not interrupted in the middle: %v, %d records", err, len(l.order))
	}
	damages, err := Import(t.Context(), []Item{{Path: Stdin}}, l, Options{Stdin: bytes.NewReader(data)})
	if err != nil || len(damages) > 0 {
		t.Fatal(err, damages)
	}
	if !slices.Equal(l.order, want) {
		t.Errorf("%d records are stored, want the %d of the file in their order", len(l.order), len(want))
	}
}

type stopAfter struct {
	*lake
	done func()
}

func (s stopAfter) Store(ctx context.Context, p *Piece) (int64, error) {
	fresh, err := s.lake.Store(ctx, p)
	s.done()
	return fresh, err
}

// An error of the sink ends the import and is what Import returns.
func TestImportFails(t *testing.T) {
	l := newLake()
	l.fail = errors.New("token is void")
	path := write(t, "in", []byte(strings.Repeat("0123456789abcdef\n", 1<<20)))
	_, err := Import(t.Context(), []Item{{Path: path}}, l, Options{InFlight: 1})
	if err == nil || err.Error() != "store records: token is void" {
		t.Errorf("error is %v", err)
	}
}

// The same content in two stores, or in two members of an archive, is not the same.
func TestKeys(t *testing.T) {
	l := newLake()
	items := []Item{{Path: write(t, "x.tar", tarOf(t, entry{"a", []byte("x\n")}, entry{"b", []byte("x\n")}))}}
	for _, store := range []string{"", "other"} {
		if _, err := Import(t.Context(), items, l, Options{Store: store}); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.pieces) != 4 {
		t.Errorf("%d pieces are stored, want 4", len(l.pieces))
	}
}

// A piece says which of its records stood in earlier pieces of its member, and how often.
func TestRepeats(t *testing.T) {
	big := strings.Repeat("x", pieceBytes-1)
	l := newLake()
	items := []Item{{Path: write(t, "x.tar", tarOf(t, entry{"a", []byte("a\na\nb\n" + big + "\na\nc\na\nb\n" + big + "\na\n")}, entry{"b", []byte("a\n")}))}}
	if _, err := Import(t.Context(), items, l, Options{Repeats: true}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range l.pieces {
		got = append(got, strings.ReplaceAll(string(p.Data)+"< "+string(p.Before), big, "BIG"))
	}
	slices.Sort(got)
	want := []string{"BIG\n< ", "BIG\n< 1 BIG\n", "a\n< ", "a\n< 4 a\n", "a\na\nb\n< ", "a\nc\na\nb\n< 2 a\n1 b\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pieces and what was before them (-want +got):\n%s", diff)
	}
}

// Keys are promised to stay: what was imported by an earlier version is known.
func TestKeyOfVersion1(t *testing.T) {
	l := newLake()
	if _, err := Import(t.Context(), []Item{{Path: Stdin}}, l, Options{Stdin: strings.NewReader("a\nb\n"), Store: "vpn"}); err != nil {
		t.Fatal(err)
	}
	for key := range l.pieces {
		if want := "import/1/99ca15e14469"; !strings.HasPrefix(key, want) {
			t.Errorf("key is %s, want %s…", key, want)
		}
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.log", "a.log", ".hidden", "sub/c.log", ".git/x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("sub", filepath.Join(dir, ".link")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want []string
		errs int
	}{
		{"link to a folder", []string{".link"}, []string{".link/c.log"}, 0},
		{"folder", []string{""}, []string{"a.log", "b.log", "sub/c.log"}, 0},
		{"pattern", []string{"*.log"}, []string{"a.log", "b.log"}, 0},
		{"twice", []string{"a.log", "*.log"}, []string{"a.log", "b.log"}, 0},
		{"hidden by name", []string{".hidden"}, []string{".hidden"}, 0},
		{"missing", []string{"absent.log", "b.log"}, []string{"b.log"}, 1},
		{"no match", []string{"*.gz"}, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var args, want []string
			for _, a := range tt.args {
				args = append(args, filepath.Join(dir, a))
			}
			for _, w := range tt.want {
				want = append(want, filepath.Join(dir, w))
			}
			items, errs := Find(args)
			var got []string
			for _, it := range items {
				got = append(got, it.Path)
			}
			if !slices.Equal(got, want) || len(errs) != tt.errs {
				t.Errorf("found %q and %d errors %v, want %q and %d", got, len(errs), errs, want, tt.errs)
			}
		})
	}
}

// FuzzImport: whatever the bytes are, a second import adds nothing, no record has a line end in it, and the records of
// plain text are its lines.
func FuzzImport(f *testing.F) {
	f.Add([]byte("a\nb\r\n\x00c"))
	f.Add([]byte(`[{"a":1},{"b":[2,"]"]}]`))
	f.Add([]byte("[{\"a\":1}\noops"))
	f.Add([]byte("{\n\"a\":1}\n{}"))
	f.Add([]byte(`{"n":1,"Records":[{"eventVersion":"1"}],"m":[{}]}`))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := newLake()
		for again := range 2 {
			var p Progress
			if _, err := Import(t.Context(), []Item{{Path: Stdin}}, l, Options{Stdin: bytes.NewReader(data), Progress: &p}); err != nil {
				t.Fatal(err)
			}
			if int(p.New.Load()+p.Already.Load()) != len(l.order) || again == 1 && p.New.Load() > 0 {
				t.Fatalf("import %d: %d new, %d already there, %d stored", again, p.New.Load(), p.Already.Load(), len(l.order))
			}
		}
		f, err := formatOf(data)
		if _, isLines := splitterFor(data[:min(len(data), headBytes)], nil).(*lines); f != plain || err != nil || !isLines {
			return
		}
		text := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
		if _, isLines := splitterFor(text[:min(len(text), headBytes)], nil).(*lines); !isLines {
			return
		}
		var want []string
		for _, part := range bytes.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == 0 }) {
			if rec := bytes.TrimRight(part, "\r"); len(rec) > 0 {
				want = append(want, string(rec))
			}
		}
		if !slices.Equal(l.order, want) {
			t.Fatalf("records are %q, want %q", l.order, want)
		}
	})
}

// A log that was cut while its writer went on begins with zeros, as many as it had bytes.
func TestZeros(t *testing.T) {
	l := newLake()
	path := write(t, "in", append(bytes.Repeat([]byte("\x00"), 100<<20), "a\n"...))
	began := time.Now()
	if damages, err := Import(t.Context(), []Item{{Path: path}}, l, Options{}); err != nil || len(damages) > 0 {
		t.Fatal(damages, err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("100 MiB of zeros took %v", took)
	}
	if got := l.order; !slices.Equal(got, []string{"a"}) {
		t.Errorf("records %q", got)
	}
}

func BenchmarkImport(b *testing.B) {
	data := []byte(strings.Repeat(strings.Repeat("x", 810)+"\n", 20_000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Import(b.Context(), []Item{{Path: Stdin}}, discard{}, Options{Stdin: bytes.NewReader(data)}); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Stored(context.Context, string) (bool, error) { return false, nil }

func (discard) Store(_ context.Context, p *Piece) (int64, error) {
	p.Sent()
	return p.Records, nil
}
