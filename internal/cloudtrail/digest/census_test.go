package digest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/cloudtrail/digest"
)

// addLog adds a log file of the region that no digest lists, named after a time, to the folder of a day.
func (m *maker) addLog(day, at time.Time, unique string) string {
	m.tb.Helper()
	folder := m.folder
	folder.Kind = "CloudTrail"
	key := folder.DayPrefix(day) + folder.Account + "_CloudTrail_" + folder.Region + "_" + at.Format("20060102T1504Z") + "_" + unique + ".json.gz"
	m.into[key] = object{body: compress(m.tb, []byte(`{"Records":[]}`)), metadata: map[string]string{}}
	return key
}

// Log files that no digest lists are found where digests cover the time, and only there.
func TestUnlisted(t *testing.T) {
	noon := time.Date(2025, 6, 5, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		opt  digest.Options
		do   func(m *maker)
		want string // unique parts of the names, newest day first
	}{
		"none": {do: func(*maker) {}},
		"some on three days": {
			do: func(m *maker) {
				m.addLog(noon, noon.Add(-10*time.Hour), "forged1")
				m.addLog(noon.AddDate(0, 0, 1), noon.Add(14*time.Hour), "forged2")
				m.addLog(noon.AddDate(0, 0, 2), noon.Add(38*time.Hour), "forged3")
			},
			want: "forged3 forged2 forged1",
		},
		"before the first digest and after the last": {
			do: func(m *maker) {
				m.addLog(noon, noon.Add(-12*time.Hour), "before")
				m.addLog(noon.AddDate(0, 0, 2), noon.Add(48*time.Hour), "justnow")
			},
		},
		"in folders of other regions, other kinds, and what is no log file": {
			do: func(m *maker) {
				n := *m
				n.folder.Region = "eu-west-1"
				n.addLog(noon, noon, "elsewhere")
				m.into[strings.Replace(m.addLog(noon, noon, "insight"), "CloudTrail", "CloudTrail-Insight", 2)] = object{}
				delete(m.into, m.addLog(noon, noon, "insight"))
				folder := m.folder
				folder.Kind = "CloudTrail"
				m.into[folder.DayPrefix(noon)+"notes.txt"] = object{}
			},
		},
		"on a day one of whose digests is gone": {
			do: func(m *maker) {
				m.addLog(noon, noon.Add(-5*time.Hour), "unsure")
				m.addLog(noon.AddDate(0, 0, 2), noon.Add(38*time.Hour), "forged")
				delete(m.into, m.digests[10])
			},
			want: "forged",
		},
		"when one of several trails is asked for": {
			opt: digest.Options{Trail: "audit"},
			do:  func(m *maker) { m.addLog(noon, noon, "other") },
		},
		"delivered late: a digest days later lists it": {
			do: func(m *maker) {
				n := *m
				late := noon.Add(-3 * time.Hour)
				end := noon.AddDate(0, 0, 2)
				key := n.addLog(late, late, "late")
				n.previous = nil
				n.trail = "second"
				n.put(map[string]any{
					"awsAccountId": n.folder.Account, "digestStartTime": end.Add(-time.Hour).Format(time.RFC3339), "digestEndTime": end.Format(time.RFC3339),
					"digestS3Bucket": n.name, "digestS3Object": n.key(end), "digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
					"logFiles": []map[string]any{{"s3Bucket": n.name, "s3Object": key, "hashValue": hash([]byte(`{"Records":[]}`)), "hashAlgorithm": "SHA-256"}},
				})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := bucket{}
			m := newMaker(t, b)
			m.hours(noon.Add(-11*time.Hour+time.Minute), 60) // three days
			c.do(m)
			sum, got := verify(t, b, c.opt)
			found := []string{}
			for _, f := range got.files {
				if f.Status == digest.Unlisted {
					parts := strings.Split(strings.TrimSuffix(f.Key, ".json.gz"), "_")
					found = append(found, parts[len(parts)-1])
				}
			}
			if diff := cmp.Diff(strings.Fields(c.want), found); len(found)+len(c.want) > 0 && diff != "" {
				t.Error(diff)
			}
			if sum.Unlisted != len(found) || sum.OK() != (name != "on a day one of whose digests is gone") {
				t.Errorf("%+v", sum)
			}
		})
	}
}
