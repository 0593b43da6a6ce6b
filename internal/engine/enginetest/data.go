package enginetest

import (
	"fmt"
	"time"

	"kiroku/internal/event"
)

// start is the time of the first event.
var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// Events makes n events, always the same ones: one a second, users user0 to user9, addresses in 192.0.2.0/24 and
// 2001:db8::/32, every seventh a failure.
func Events(first, n int) []*event.Event {
	list := make([]*event.Event, n)
	for k := range list {
		i := first + k
		e := &event.Event{}
		e.Class(event.ClassAuthentication, 1+i%2)
		e.Str(event.ColEventUID, "", fmt.Sprintf("event-%08d", i))
		e.Time(event.ColTime, "", start.Add(time.Duration(i)*time.Second))
		e.Time(event.ColIngestTime, "", start.Add(time.Duration(i)*time.Second+250*time.Millisecond))
		e.Int(event.ColSeq, "", int64(i))
		e.Str(event.ColSource, "", string(event.IvantiConnectSecure))
		e.Str(event.ColRawData, "", fmt.Sprintf(`{"id":"AUT%05d","n":%d}`, 24326+i%3, i))
		e.Int(event.ColSeverityID, "", int64(1+i%4))
		e.Int(event.ColStatusID, "", event.StatusSuccess)
		if i%7 == 0 {
			e.Int(event.ColStatusID, "", event.StatusFailure)
			e.Str(event.ColMessage, "", "Primary authentication failed for user"+fmt.Sprint(i%10))
		}
		e.Str(event.ColActorUserName, "", fmt.Sprintf("user%d", i%10))
		e.Str(event.ColSrcIP, "", fmt.Sprintf("192.0.2.%d", i%256))
		if i%5 == 0 {
			e.Str(event.ColSrcIP, "", fmt.Sprintf("2001:db8::%x", i%256))
		}
		e.Double(event.ColSrcLat, "", 35.6895+float64(i%10))
		e.Bool(event.ColIsMFA, "", i%2 == 0)
		e.Add(event.ColActorUserGroups, "", "staff")
		e.Add(event.ColActorUserGroups, "", fmt.Sprintf("team%d", i%3))
		e.Add(event.ColResourceUids, "", fmt.Sprintf("res-%d", i%4))
		e.Unmap("vendor.realm", fmt.Sprintf("realm%d", i%2))
		e.Unmap("vendor.node", "node-1")
		list[k] = e
	}
	return list
}
