package query

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake"
	"kiroku/internal/search/searchtest"
)

// benchEvent is an event of a gateway, with what gateways log.
func benchEvent(i int, e *event.Event) {
	e.Class(event.ClassHTTPActivity, 1+i%4)
	e.Time(event.ColTime, "", day0.Add(time.Duration(i)*10*time.Millisecond))
	e.Time(event.ColIngestTime, "", day0.Add(time.Duration(i)*10*time.Millisecond+time.Second))
	e.Str(event.ColEventUID, "", fmt.Sprintf("%016x-%04x", i, i*40503&0xffff))
	e.Str(event.ColSource, "", "okta-access-gateway")
	e.Str(event.ColService, "", "access")
	e.Int(event.ColSeverityID, "", int64(1+i%5))
	e.Int(event.ColStatusID, "", int64(1+i%2))
	e.Str(event.ColEventCode, "", fmt.Sprintf("AUTHZ_%d", i%40))
	e.Str(event.ColActorUserName, "", fmt.Sprintf("user%d@example.com", i*7919%5000))
	e.Str(event.ColActorSessionUID, "", fmt.Sprintf("s-%x", i/20))
	e.Str(event.ColSrcIP, "", netip.AddrFrom4([4]byte{198, 51, 100, byte(i * 31)}).String())
	e.Int(event.ColSrcPort, "", int64(1024+i*7919%60000))
	e.Str(event.ColDstIP, "", "192.0.2.10")
	e.Str(event.ColDstHost, "", fmt.Sprintf("app%d.example.com", i%25))
	e.Int(event.ColDstPort, "", 443)
	e.Str(event.ColHTTPMethod, "", "GET")
	e.Str(event.ColHTTPURL, "", fmt.Sprintf("https://app%d.example.com/api/v1/items/%d", i%25, i*7919%100000))
	e.Int(event.ColHTTPStatus, "", 200)
	e.Str(event.ColUserAgent, "", fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/%d.0.0.0 Safari/537.36", 100+i%30))
	e.Int(event.ColBytesOut, "", int64(i*7919%100000))
	e.Int(event.ColBytesIn, "", int64(i*31%9000))
	e.Str(event.ColDeviceHost, "", "gw-1.example.com")
	e.Str(event.ColMessage, "", fmt.Sprintf("request %d to app%d.example.com allowed for user%d@example.com by policy default", i, i%25, i*7919%5000))
	e.Str(event.ColRawData, "", fmt.Sprintf("<134>1 2026-06-30T12:00:00.000Z gw-1.example.com access - AUTHZ_%d [session s-%x] user%d@example.com 198.51.100.%d GET /api/v1/items/%d 200 %d",
		i%40, i/20, i*7919%5000, i*31&0xff, i*7919%100000, i*7919%100000))
}

// scattered is an event of any of the last 16 days: every data file has events from the whole range of numbers.
func scattered(i int, e *event.Event) {
	benchEvent(i, e)
	e.Time(event.ColTime, "", day0.Add(-time.Duration(i*7919%16)*24*time.Hour+time.Duration(i)*time.Millisecond))
}

// benchColumns are what a CEF line takes.
var benchColumns = []event.Column{event.ColTime, event.ColEventUID, event.ColSource, event.ColClassUID, event.ColCategoryUID, event.ColActivityID, event.ColActivityName,
	event.ColTypeUID, event.ColSeverityID, event.ColStatusID, event.ColStatusDetail, event.ColEventCode, event.ColActorUserName, event.ColActorSessionUID, event.ColSrcIP,
	event.ColSrcPort, event.ColSrcHost, event.ColDstIP, event.ColDstHost, event.ColDstPort, event.ColHTTPMethod, event.ColHTTPURL, event.ColUserAgent, event.ColBytesIn,
	event.ColBytesOut, event.ColDeviceHost, event.ColMessage, event.ColAppUID, event.ColPolicyName, event.ColRiskScore, event.ColFindingTitle, event.ColParseError}

// benchLake is a lake of a million events in published data files of five groups each, or in fresh segments as commits make
// them at 50,000 events a second.
func benchLake(b *testing.B, events int, published bool, fill func(i int, e *event.Event)) *lake.Lake {
	b.Helper()
	l := openLake(b, b.TempDir())
	w := l.NewWriter()
	batch := 25_000
	if published {
		batch = 1 << 16
	}
	for first := 0; first < events; first += batch {
		write(b, w, lake.DefaultStore, first, batch, fill)
		if err := l.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
		if published && (first/batch%5 == 4 || first+batch >= events) {
			if err := l.Publish(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	return l
}

// BenchmarkFollow reads a backlog in calls of 5000 events. One operation is the whole of it; MB/s are of the raw records.
func BenchmarkFollow(b *testing.B) {
	for _, lay := range []struct {
		name      string
		events    int
		published bool
		compacted bool
		fill      func(i int, e *event.Event)
	}{{"fresh", 400_000, false, false, benchEvent}, {"published", 1 << 20, true, false, benchEvent}, {"compacted", 1 << 20, true, true, benchEvent},
		{"scattered", 1 << 20, true, true, scattered}} {
		l := benchLake(b, lay.events, lay.published, lay.fill)
		if lay.compacted {
			if err := l.Compact(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		raw := l.Stores()[0].RawBytes
		for name, req := range map[string]FollowRequest{
			"cef":        {Columns: benchColumns},
			"all":        {},
			"activities": {Columns: benchColumns, Types: Activities},
			"half":       {Columns: benchColumns, Search: "status_id:1"},
			"percent":    {Columns: benchColumns, Search: "dst_host:app7.example.com severity_id:3"},
			"user":       {Columns: benchColumns, Search: "actor_user_name:user77@example.com"},
			"rare":       {Columns: benchColumns, Search: "nosuchword"},
			"alerts":     {Columns: benchColumns, Types: Alerts},
		} {
			b.Run(lay.name+"/"+name, func(b *testing.B) {
				b.SetBytes(raw)
				b.ReportAllocs()
				given := 0
				for b.Loop() {
					f := newFollower(b, NewFeed(seqLake{l}, searchtest.Fields()), req)
					given = 0
					for after, more := int64(0), true; more; {
						n := 0
						p, err := f.Next(b.Context(), after, func(*event.Event) bool { n++; return n <= 5000 })
						if err != nil {
							b.Fatal(err)
						}
						after, more, given = p.Next, p.More, given+p.Events
					}
				}
				b.ReportMetric(float64(lay.events)*float64(b.N)/b.Elapsed().Seconds(), "looked/s")
				b.ReportMetric(float64(given)*float64(b.N)/b.Elapsed().Seconds(), "given/s")
			})
		}
	}
}

// BenchmarkFollowIdle is what a commit costs 100 followers that wait and want nothing of it, all with the same filter.
func BenchmarkFollowIdle(b *testing.B) {
	l := benchLake(b, 1<<19, true, benchEvent)
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	w := l.NewWriter()
	_, last, err := feed.Head(lake.DefaultStore)
	if err != nil {
		b.Fatal(err)
	}
	var followers []*Follower
	for range 100 {
		followers = append(followers, newFollower(b, feed, FollowRequest{Search: "nosuchword", Columns: benchColumns}))
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		write(b, w, lake.DefaultStore, 1<<19, 1000, benchEvent)
		if err := l.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for _, f := range followers {
			p, err := f.Next(b.Context(), last, func(*event.Event) bool { return true })
			if err != nil || p.Events != 0 || p.Next != last+1000 {
				b.Fatal(p, err)
			}
		}
		last += 1000
	}
}
