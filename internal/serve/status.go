package serve

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime/metrics"
	"strconv"
	"time"

	"kiroku/internal/api"
)

// Status is the one document that "kiroku status" prints.
func (s *Server) Status(ctx context.Context) (api.Status, error) {
	stores, err := storesAPI{s.storage.lake}.List(ctx)
	if err != nil {
		return api.Status{}, err
	}
	ls, ps := s.storage.lake.Stats(), s.pipe.Stats()
	st := api.Status{
		Version: s.opt.Version, Started: s.started, UptimeS: time.Since(s.started).Seconds(), DataDir: s.storage.dir,
		HTTP: s.listener.Addr().String(), Inputs: s.Inputs(), Stores: stores, MemoryBytes: memory(), ResidentBytes: resident(),
		Pipeline: api.PipelineStatus{Duplicates: int64(ps.Duplicates), Events: int64(ps.Events), Unparsed: int64(ps.Unparsed), Queued: ls.Pending,
			Sources: []api.SourceStatus{}, Workers: ps.Workers},
		Lake: api.LakeStatus{DiskFreeBytes: ls.FreeBytes, DiskTotalBytes: ls.TotalBytes, Error: ls.Blocked, PushingBack: ls.Blocked != "", LastPublish: ls.LastPublish},
	}
	for _, src := range ps.Sources {
		st.Pipeline.Sources = append(st.Pipeline.Sources, api.SourceStatus{Source: string(src.Name), Events: src.Events, Unparsed: src.Unparsed, LastSeen: src.LastSeen})
	}
	for _, in := range s.storage.lake.Stores() {
		st.Lake.DataBytes += in.Bytes - in.FreshBytes
		st.Lake.DataFiles += in.DataFiles
		st.Lake.FreshBytes += in.FreshBytes
		st.Lake.FreshEvents += in.FreshEvents
		st.Lake.FreshSegments += in.FreshSegments
		st.Lake.PublishLagS = max(st.Lake.PublishLagS, in.OldestFreshAge.Seconds())
	}
	st.SiemAgents.Agents, st.SiemAgents.Unwell = s.agents.Troubles(ctx)
	st.Query.Running, st.Query.Queued = s.jobs.load()
	return st, nil
}

// memory is what the Go runtime has taken from the system and not given back.
func memory() int64 {
	m := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(m)
	return int64(m[0].Value.Uint64() - m[1].Value.Uint64())
}

// resident is the memory of the process as ps shows it; 0 where the system does not tell.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := bytes.Fields(b) // size, resident, …
	if len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(f[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// Ready says why requests would fail now, or nil.
func (s *Server) Ready(context.Context) error {
	if why := s.storage.lake.Stats().Blocked; why != "" {
		return errors.New(why)
	}
	return nil
}
