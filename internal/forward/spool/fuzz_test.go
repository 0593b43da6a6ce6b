package spool

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// FuzzScan: in any bytes, the frames and what lies between them cover the segment without overlap, each frame has its checksum;
// and two frames that are put around the bytes are found, unless the bytes hold a whole frame or the beginning of one that
// reaches into the second.
func FuzzScan(f *testing.F) {
	now := time.UnixMicro(1738633915000000)
	h, all := records(1, 2)
	one, _, err := appendFrame(nil, 0, now, &h, all)
	if err != nil {
		f.Fatal(err)
	}
	two, _, err := appendFrame(nil, 100, now, &h, all)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte("KrkF"))
	f.Add(one[:len(one)-1])
	f.Add(one[:frameHead+3])
	f.Add(two)
	f.Fuzz(func(t *testing.T, middle []byte) {
		for _, b := range [][]byte{middle, slices.Concat([]byte(segmentHead), one, middle, two)} {
			frames, bad := scan(b)
			var at int64
			if bytes.HasPrefix(b, []byte(segmentHead)) {
				at = int64(len(segmentHead))
			}
			i, k := 0, 0
			for at < int64(len(b)) {
				switch {
				case i < len(frames) && frames[i].at == at:
					if fr := frames[i]; fr.size < frameHead || at+fr.size > int64(len(b)) || !whole(b[at:at+fr.size]) || fr.records <= 0 {
						t.Fatalf("frame %+v is none", fr)
					}
					at += frames[i].size
					i++
				case k < len(bad) && bad[k].from == at && bad[k].to > at:
					at = bad[k].to
					k++
				default:
					t.Fatalf("nothing is said of byte %d: %+v, %+v", at, frames, bad)
				}
			}
			if i != len(frames) || k != len(bad) || at != int64(len(b)) {
				t.Fatalf("%d bytes: %+v, %+v", len(b), frames, bad)
			}
		}
		frames, _ := scan(slices.Concat([]byte(segmentHead), one, middle, two))
		if frames[0].first != 0 {
			t.Fatal("the frame before the bytes is not found")
		}
		if inside, _ := scan(slices.Concat(middle, two)); len(inside) > 0 && inside[len(inside)-1].first == 100 && frames[len(frames)-1].first != 100 {
			t.Fatal("the frame behind the bytes is not found")
		}
		if !bytes.Contains(slices.Concat(middle, two[:3]), frameMark) && frames[len(frames)-1].first != 100 {
			t.Fatal("the frame behind bytes without a mark is not found")
		}
	})
}
