package serve

import (
	"flag"
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"kiroku/internal/forward/wire"
)

var update = flag.Bool("update", false, "write docs/reference/metrics.md")

// Every figure that is described stands in docs/reference/metrics.md.
func TestReference(t *testing.T) {
	const path = "../../docs/reference/metrics.md"
	got := reference(t)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what the source says; run \"make gen\":\n%s", path, diff)
	}
}

// reference makes the page of the calls of desc and siemDesc.
func reference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- Made from internal/serve/metrics.go and siemmetrics.go; do not edit. -->

` + "`GET /metrics`" + ` answers in the text format of Prometheus, with a token that may read (` + "`authorization: {credentials: …}`" + ` of a scrape). Besides what stands
here there are the figures of the Go runtime and of the process (` + "`go_…`, `process_…`" + `). A counter that an agent keeps begins anew when the agent is
started.

| metric | kind | labels | meaning |
|---|---|---|---|
| ` + "`kiroku_http_request_seconds` | histogram | route, code" + ` | Time to answer HTTP requests, by route and status. |
`)
	for _, name := range []string{"metrics.go", "siemmetrics.go"} {
		file, err := goparser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				b.WriteString(row(call))
			}
			return true
		})
	}
	return b.String()
}

// row is a line of the reference; "" when the call describes nothing.
func row(call *ast.CallExpr) string {
	var texts []string
	for _, arg := range call.Args {
		if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				texts = append(texts, text)
			}
		}
	}
	f, ok := call.Fun.(*ast.Ident)
	if !ok || len(texts) != len(call.Args) {
		return ""
	}
	name, labels := "kiroku_", []string{}
	switch f.Name {
	case "desc":
	case "siemDesc":
		name, labels = "kiroku_siem_agent_", []string{"agent", "name", "destination"}
	default:
		return ""
	}
	name += texts[0]
	kind := "gauge"
	if strings.HasSuffix(name, "_total") {
		kind = "counter"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, kind, strings.Join(append(labels, texts[2:]...), ", "), texts[1])
}

// figures collects what a SIEM agent is shown as.
type figures struct{ wire.AgentStatus }

func (f figures) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(f, ch) }

func (f figures) Collect(ch chan<- prometheus.Metric) {
	pass := func(kind prometheus.ValueType) figure {
		return func(d *prometheus.Desc, v float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
		}
	}
	siemNotifications(&f.AgentStatus, pass(prometheus.GaugeValue))
	for i := range f.Destinations {
		siemDestination(&f.AgentStatus, &f.Destinations[i], pass(prometheus.CounterValue), pass(prometheus.GaugeValue))
	}
}

// Errors are told apart by their code, and an agent cannot make up any number of codes.
func TestSIEMMetrics(t *testing.T) {
	st := wire.AgentStatus{ID: "a1", Name: "soc", Notifications: []wire.Notification{{Destination: "siem", Code: wire.SendError, Count: 2}, {Code: "made_up", Count: 3}, {Code: "another", Count: 4}},
		Destinations: []wire.DestinationStatus{{Name: "siem", Delivery: wire.DeliveryOK, Confirmed: 7, Metrics: wire.Metrics{LimitedMS: 1500, CertExpires: -5, Errors: 6,
			ErrorsBy: map[wire.Code]int64{wire.SendError: 1, wire.TLSError: 2}}}}}
	reg := prometheus.NewRegistry()
	reg.MustRegister(figures{st})
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "kiroku_siem_agent_")
			for _, l := range m.GetLabel() {
				if l.GetName() == "code" || l.GetName() == "delivery" {
					name += " " + l.GetValue()
				}
			}
			got[name] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	maps.DeleteFunc(got, func(_ string, v float64) bool { return v == 0 })
	want := map[string]float64{"notifications data_server_send_error": 2, "notifications other": 7, "delivery ok": 1, "records_confirmed_total": 7, "rate_limited_seconds_total": 1.5,
		"cert_expiry_seconds": -5, "dest_errors_total data_server_send_error": 1, "dest_errors_total data_server_tls_error": 2, "dest_errors_total other": 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures %v (-want +got):\n%s", slices.Sorted(maps.Keys(got)), diff)
	}
}
