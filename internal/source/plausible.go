package source

import "time"

// maxAhead is how many seconds ahead of its receipt a record's time may lie: a year, for clocks that are off.
const maxAhead = 366 * 24 * 3600

// Plausible says whether a record that was received then can be of time t: from 1970 on and at most a year ahead. A source that finds
// several times takes the first plausible one. Where there is only one that is not, it sets that one: the pipeline then puts the event at
// its receipt, with the label implausible_time, and original_time shows what the record says.
func Plausible(t, received time.Time) bool {
	s := t.Unix()
	return s >= 0 && s <= received.Unix()+maxAhead
}
