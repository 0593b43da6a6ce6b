package serve

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"kiroku/internal/intake"
)

// metrics registers what the parts count. The figures are read when somebody asks for them.
func (s *Server) metrics(reg *prometheus.Registry) {
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{s})
}

// figure passes on what a metric is.
type figure func(d *prometheus.Desc, v float64, labels ...string)

// collector turns the parts' own figures into metrics.
type collector struct{ s *Server }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("kiroku_"+name, help, labels, nil)
}

var (
	descRecords    = desc("input_records_total", "Records received.", "input")
	descBytes      = desc("input_bytes_total", "Bytes received.", "input")
	descDropped    = desc("input_dropped_total", "Records lost because the queue was full.", "input")
	descMalformed  = desc("input_malformed_total", "Runs of bytes that belong to no frame, plain text without a header among them.", "input")
	descOversized  = desc("input_oversized_total", "Frames longer than the limit.", "input")
	descUnparsed   = desc("input_unparsed_total", "Records stored with a parse_error.", "input")
	descConns      = desc("input_connections", "Open connections.", "input")
	descEvents     = desc("events_total", "Events taken by the pipeline.")
	descDuplicates = desc("duplicates_total", "Records with an id that was stored before.")
	descQueue      = desc("pipeline_queue_batches", "Batches waiting.")
	descCommits    = desc("lake_commits_total", "Commits.")
	descPublishes  = desc("lake_publishes_total", "Publications to Iceberg tables.")
	descCommitTook = desc("lake_commit_seconds", "Duration of the last commit.")
	descFree       = desc("lake_disk_free_bytes", "Free bytes on the disk of the lake.")
	descBlocked    = desc("lake_blocked", "1 while intake waits because nothing can be stored.")
	descStoreRows  = desc("store_events", "Events of a store.", "store")
	descStoreBytes = desc("store_bytes", "Bytes of a store on disk.", "store")
	descFresh      = desc("store_fresh_segments", "Segments not yet published.", "store")
)

func (c collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

func (c collector) Collect(ch chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, in := range c.s.Inputs() {
		c.input(in, counter, gauge)
	}
	ps, ls := c.s.pipe.Stats(), c.s.storage.lake.Stats()
	counter(descEvents, float64(ps.Events))
	counter(descDuplicates, float64(ps.Duplicates))
	gauge(descQueue, float64(ps.Queue))
	counter(descCommits, float64(ls.Commits))
	counter(descPublishes, float64(ls.Publishes))
	gauge(descCommitTook, ls.CommitTook.Seconds())
	gauge(descFree, float64(ls.FreeBytes))
	blocked := 0.0
	if ls.Blocked != "" {
		blocked = 1
	}
	gauge(descBlocked, blocked)
	c.siemAgents(counter, gauge)
	for _, st := range c.s.storage.lake.Stores() {
		gauge(descStoreRows, float64(st.Events), st.Name)
		gauge(descStoreBytes, float64(st.Bytes), st.Name)
		gauge(descFresh, float64(st.FreshSegments), st.Name)
	}
}

func (c collector) input(in intake.Status, counter, gauge figure) {
	counter(descRecords, float64(in.Records), in.Name)
	counter(descBytes, float64(in.Bytes), in.Name)
	counter(descDropped, float64(in.Dropped), in.Name)
	counter(descMalformed, float64(in.Malformed), in.Name)
	counter(descOversized, float64(in.Oversized), in.Name)
	counter(descUnparsed, float64(in.Unparsed), in.Name)
	gauge(descConns, float64(in.Connections), in.Name)
}
