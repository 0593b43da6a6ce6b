package config

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"kiroku/internal/fault"
	"kiroku/test/testca"
)

var update = flag.Bool("update", false, "write the golden files")

// Each archive of testdata/load holds a kiroku.yaml, perhaps other files beside it, and what loading it says: the
// problems, or the inputs and warnings. Empty files cert.pem, key.pem and ca.pem get what their names say.
func TestLoad(t *testing.T) {
	ca := testca.New(t)
	cert, key := ca.Issue(t, "kiroku")
	made := map[string]string{"cert.pem": cert, "key.pem": key, "ca.pem": ca.File}
	archives, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var want string
			inputs := ar.Files[:0:0]
			for _, f := range ar.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				inputs = append(inputs, f)
				name := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				data := f.Data
				if from := made[filepath.Base(name)]; from != "" && len(data) == 0 {
					if data, err = os.ReadFile(from); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.ReplaceAll(describe(Load(filepath.Join(dir, "kiroku.yaml"))), dir+"/", "")
			if *update {
				ar.Files = append(inputs, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// describe writes the outcome of Load for a golden file.
func describe(c *Config, err error) string {
	var b strings.Builder
	if err != nil {
		b.WriteString(err.Error() + "\n")
		if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			b.WriteString("NOT A FAULT WITH ADVICE\n")
		}
		return b.String()
	}
	for _, in := range c.Inputs {
		b.WriteString("input " + in.Name + ": " + in.Type + " " + in.Address)
		for _, kv := range [][2]string{
			{"integration", in.Integration}, {"source", in.Source}, {"service", in.Service},
			{"tags", strings.Join(in.Tags, "|")}, {"store", in.Store}, {"zone", in.Zone},
			{"allow", strings.Join(in.Allow, " ")}, {"deny", strings.Join(in.Deny, " ")},
		} {
			if kv[1] != "" {
				b.WriteString(", " + kv[0] + " " + kv[1])
			}
		}
		if in.Type == CloudTrail {
			for _, kv := range [][2]string{{"bucket", in.Bucket}, {"prefix", in.Prefix}, {"queue", in.QueueURL}, {"since", in.Since}, {"poll", in.PollInterval.String()},
				{"visibility", in.VisibilityTimeout.String()}, {"region", in.AWS.Region}, {"profile", in.AWS.Profile}, {"role", in.AWS.RoleARN},
				{"external id", in.AWS.ExternalID}, {"key", in.AWS.AccessKeyID}, {"s3", in.AWS.Endpoints.S3}, {"sqs", in.AWS.Endpoints.SQS}, {"verify", string(in.VerifyDigests)},
				{"verified every", in.VerifyInterval.String()}, {"digest keys", strings.Join(in.DigestKeys, " ")}} {
				if kv[1] != "" && kv[1] != "0s" {
					b.WriteString(", " + kv[0] + " " + kv[1])
				}
			}
			fmt.Fprintf(&b, ", discover %v, path style %v\n", in.Discover, in.AWS.PathStyle)
			continue
		}
		b.WriteString(", frame " + in.FrameSize.String() + ", idle " + in.IdleTimeout.String() + "\n")
	}
	for _, s := range c.Stores {
		b.WriteString("store " + s.Name + ": " + s.Retention.String() + "\n")
	}
	for _, source := range slices.Sorted(maps.Keys(c.Priorities)) {
		for _, service := range slices.Sorted(maps.Keys(c.Priorities[source])) {
			b.WriteString("priority of " + source + "/" + service + ": " + c.Priorities[source][service] + "\n")
		}
	}
	for _, w := range c.Warnings {
		b.WriteString("warning " + w.Error() + "\n")
	}
	return b.String()
}

func TestLoadMissing(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "absent.yaml"))
	if err == nil || !strings.Contains(fault.NextOf(err), "kiroku config example") {
		t.Errorf("error %v, next %q", err, fault.NextOf(err))
	}
}

func TestLoadNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Inputs) != 2 || c.Inputs[0].Name != "syslog-tcp-5514" || c.Inputs[1].Name != "syslog-udp-5514" || c.DataDir != "data" {
		t.Errorf("inputs %+v, data in %q", c.Inputs, c.DataDir)
	}
}

// ignoreUnexported leaves out what says where a value was written.
func ignoreUnexported() cmp.Option {
	return cmp.Options{cmpopts.IgnoreUnexported(Config{}, Store{}, Input{}), cmpopts.IgnoreUnexported(ignored{})}
}

func TestExampleLoads(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kiroku.yaml")
	if err := os.WriteFile(path, []byte(Example()), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.DataDir, want.ConfD = filepath.Join(dir, "data"), filepath.Join(dir, "conf.d")
	for i := range want.Inputs {
		want.Inputs[i].complete()
	}
	if d := cmp.Diff(want, got, ignoreUnexported()); d != "" {
		t.Errorf("the example differs from the defaults (-default +example):\n%s", d)
	}
}

// Every commented key of the example is one that exists: with the marks removed it must decode.
func TestExampleKeysExist(t *testing.T) {
	var b strings.Builder
	for line := range strings.Lines(Example()) {
		trimmed := strings.TrimLeft(line, " ")
		if rest, ok := strings.CutPrefix(trimmed, "# "); ok {
			name, _, isKey := strings.Cut(rest, ":")
			if !isKey && strings.TrimSpace(rest) != "-" || strings.Contains(name, " ") {
				continue
			}
			line = line[:len(line)-len(trimmed)] + rest
		}
		b.WriteString(line)
	}
	d := &decoder{file: "example", where: map[string]position{}}
	if !d.decodeYAML([]byte(b.String()), Default()) || len(d.problems) > 0 {
		t.Errorf("%v\n%s", d.problems, b.String())
	}
}

func TestReference(t *testing.T) {
	const path = "../../docs/reference/config.md"
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), Reference()); d != "" {
		t.Errorf("%s is not what config.go says; run the test with -update:\n%s", path, d)
	}
}

func TestCheckExposure(t *testing.T) {
	tests := []struct {
		address       string
		tls, password bool
		ok            bool
	}{
		{"127.0.0.1:8480", false, false, true},
		{"[::1]:8480", false, false, true},
		{"localhost:8480", false, false, true},
		{":8480", false, true, false},
		{":8480", true, false, false},
		{"0.0.0.0:8480", false, false, false},
		{"192.0.2.1:8480", true, true, true},
		{"kiroku.example.com:8480", false, true, false},
	}
	for _, tt := range tests {
		c := Default()
		c.HTTP.Address = tt.address
		if tt.tls {
			c.HTTP.CertFile, c.HTTP.KeyFile = "cert", "key"
		}
		err := c.CheckExposure(tt.password)
		if (err == nil) != tt.ok || err != nil && fault.NextOf(err) == "" {
			t.Errorf("%+v: %v, next %q", tt, err, fault.NextOf(err))
		}
	}
}

func TestFilter(t *testing.T) {
	in := Input{Rules: []Rule{
		{Type: "include_at_match", Name: "a", Pattern: "^<"},
		{Type: "exclude_at_match", Name: "b", Pattern: "debug"},
		{Type: "multi_line", Name: "c", Pattern: "x"},
		{Type: "mask_sequences", Name: "d", Pattern: "(user=)[a-z]+", Placeholder: "${1}***"},
	}}
	filter, err := in.Filter()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"<1>user=alice x": "<1>user=*** x", "<1>debug": "", "text": "", "<1>plain": "<1>plain"} {
		data := []byte(in)
		kept, keep := filter(data)
		if keep != (want != "") || string(kept) != want || string(data) != in {
			t.Errorf("filter %q: %q, %v; want %q", in, kept, keep, want)
		}
	}
	if filter, err := (&Input{}).Filter(); filter != nil || err != nil {
		t.Error("an input without rules has a filter")
	}
}

func TestNetworks(t *testing.T) {
	in := Input{Allow: []string{"192.0.2.7", "198.51.100.9/24", "2001:db8::/32"}, Deny: []string{"::ffff:192.0.2.8"}}
	allow, deny, err := in.Networks()
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, p := range append(allow, deny...) {
		got += p.String() + " "
	}
	if want := "192.0.2.7/32 198.51.100.0/24 2001:db8::/32 192.0.2.8/32 "; got != want {
		t.Errorf("networks %s, want %s", got, want)
	}
}

// FuzzLoad: a text never panics, takes no unreasonable time, and either loads into a configuration that Validate
// accepts or gives problems with a text.
func FuzzLoad(f *testing.F) {
	f.Add(Example())
	f.Add("inputs: [{type: tcp, port: 514, tags: \"a, b\"}]\nstores: &s [{name: a, retention: forever}]\n")
	f.Add("a: &a [*a]\nlake: {flush_interval: 1d}\n--- \n- b")
	f.Add("http:\n\taddress: x\n? [a]: {b\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		problems := c.load(filepath.Join(t.TempDir(), "kiroku.yaml"), []byte(text))
		for _, p := range problems {
			if p.Text == "" {
				t.Errorf("a problem without text: %+v", p)
			}
		}
		if len(problems) == 0 && c.Validate() != nil {
			t.Errorf("loaded, but not valid: %v", c.Validate())
		}
	})
}
