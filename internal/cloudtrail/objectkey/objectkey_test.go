package objectkey

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

var parsed = map[string]Key{
	"AWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_AAAAAAAAAAAAAAA1.json.gz": {
		Folder: Folder{Account: "444455556666", Kind: Log, Region: "us-east-1"},
		Day:    day(2025, 6, 5), Time: time.Date(2025, 6, 5, 1, 5, 0, 0, time.UTC),
	},
	// The name of the folder of an organization trail, a prefix of two levels, a file that was decompressed.
	"a/b/AWSLogs/o-exampleorg1/111122223333/CloudTrail/us-gov-west-1/2026/01/31/111122223333_CloudTrail_us-gov-west-1_20260131T2355Z_a_B9.json": {
		Folder: Folder{Prefix: "a/b/", Org: "o-exampleorg1", Account: "111122223333", Kind: Log, Region: "us-gov-west-1"},
		Day:    day(2026, 1, 31), Time: time.Date(2026, 1, 31, 23, 55, 0, 0, time.UTC),
	},
	// A prefix that is a whole folder of logs; the file of a day lies in the folder of another.
	"AWSLogs/111122223333/CloudTrail/AWSLogs/444455556666/CloudTrail/cn-north-1/2025/06/06/444455556666_CloudTrail_cn-north-1_20250605T2355Z_A.json.gz": {
		Folder: Folder{Prefix: "AWSLogs/111122223333/CloudTrail/", Account: "444455556666", Kind: Log, Region: "cn-north-1"},
		Day:    day(2025, 6, 6), Time: time.Date(2025, 6, 5, 23, 55, 0, 0, time.UTC),
	},
	// A prefix that looks like an organization, and one that ends in a slash of its own.
	"o-exampleorg1/AWSLogs/444455556666/CloudTrail-Insight/us-east-1/2025/06/05/444455556666_CloudTrail-Insight_us-east-1_20250605T0105Z_A.json.gz": {
		Folder: Folder{Prefix: "o-exampleorg1/", Account: "444455556666", Kind: Insight, Region: "us-east-1"},
		Day:    day(2025, 6, 5), Time: time.Date(2025, 6, 5, 1, 5, 0, 0, time.UTC),
	},
	"/AWSLogs/444455556666/CloudTrail-NetworkActivity/us-east-1/2025/06/05/444455556666_CloudTrail-NetworkActivity_us-east-1_20250605T0105Z_A.json.gz": {
		Folder: Folder{Prefix: "/", Account: "444455556666", Kind: NetworkActivity, Region: "us-east-1"},
		Day:    day(2025, 6, 5), Time: time.Date(2025, 6, 5, 1, 5, 0, 0, time.UTC),
	},
	"AWSLogs/444455556666/CloudTrail-Aggregated/us-east-1/2024/02/29/444455556666_CloudTrail-Aggregated_us-east-1_20240229T0000Z_A.json.gz": {
		Folder: Folder{Account: "444455556666", Kind: Aggregated, Region: "us-east-1"},
		Day:    day(2024, 2, 29), Time: day(2024, 2, 29),
	},
	"AWSLogs/444455556666/CloudTrail-Digest/eu-west-1/2025/06/05/444455556666_CloudTrail-Digest_eu-west-1_audit_us-east-1_20250605T005959Z.json.gz": {
		Folder: Folder{Account: "444455556666", Kind: Digest, Region: "eu-west-1"},
		Day:    day(2025, 6, 5), Time: time.Date(2025, 6, 5, 0, 59, 59, 0, time.UTC),
		Trail: "audit", HomeRegion: "us-east-1",
	},
	// Underscores, dots and dashes in the name of a trail; a digest made afterwards.
	"x/AWSLogs/444455556666/CloudTrail-Digest/eu-west-1/2025/06/05/444455556666_CloudTrail-Digest_eu-west-1_my_trail.v2_us-east-1_eu-west-1_20250605T005959Z_backfill.json.gz": {
		Folder: Folder{Prefix: "x/", Account: "444455556666", Kind: Digest, Region: "eu-west-1"},
		Day:    day(2025, 6, 5), Time: time.Date(2025, 6, 5, 0, 59, 59, 0, time.UTC),
		Trail: "my_trail.v2_us-east-1", HomeRegion: "eu-west-1", Backfill: true,
	},
}

func TestParse(t *testing.T) {
	for key, want := range parsed {
		want.Name = key[strings.LastIndexByte(key, '/')+1:]
		got, ok := Parse(key)
		if !ok {
			t.Errorf("Parse(%q): not a key", key)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q): %s", key, diff)
		}
		if got.String() != key {
			t.Errorf("Parse(%q).String() = %q", key, got.String())
		}
		if folder, ok := ParseFolder(got.Folder.String()); !ok || folder != got.Folder {
			t.Errorf("ParseFolder(%q) = %+v, %v", got.Folder.String(), folder, ok)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, key := range []string{
		"",
		"/",
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/", // a placeholder
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/notes.txt",
		"AWSLogs/444455556666/Config/us-east-1/2025/6/5/ConfigHistory/444455556666_Config_us-east-1_ConfigHistory_AWS__EC2__VPC_20250605T010500Z_1.json.gz",
		"AWSLogs/444455556666/vpcflowlogs/us-east-1/2025/06/05/444455556666_vpcflowlogs_us-east-1_fl-1_20250605T0105Z_1.log.gz",
		"AWSLogs/444455556666/elasticloadbalancing/us-east-1/2025/06/05/444455556666_elasticloadbalancing_us-east-1_x_20250605T0105Z_1.json.gz",
		"AWSLogs/444455556666/CloudTrail-Lake/Query/2025/06/05/cd8b1a6f-6c1a-4d47-a1ac-1f1f1f1f1f1f/result_1.csv.gz",
		"AWSLogs/44445555666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.gz",
		"444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.gz",
		"MyAWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.gz",
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/02/30/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.gz",
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/6/5/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.gz",
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T2505Z_A.json.gz",
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_.json.gz",
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.zip",
		"AWSLogs/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail-Digest_us-east-1_20250605T0105Z_A.json.gz",
		"AWSLogs/444455556666/CloudTrail-Digest/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.gz",
		"AWSLogs/444455556666/CloudTrail-Digest/us-east-1/2025/06/05/444455556666_CloudTrail-Digest_us-east-1_us-east-1_20250605T010559Z.json.gz",
		"AWSLogs/444455556666/CloudTrail-Digest/us-east-1/2025/06/05/444455556666_CloudTrail-Digest_us-east-1_audit_us-east-1_20250605T0105Z.json.gz",
		"AWSLogs/o-short/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_A.json.gz",
	} {
		if k, ok := Parse(key); ok {
			t.Errorf("Parse(%q) = %+v, want no key", key, k)
		}
	}
}

func TestDayPrefix(t *testing.T) {
	f := Folder{Prefix: "p/", Org: "o-exampleorg1", Account: "111122223333", Kind: Digest, Region: "eu-west-1"}
	at := time.Date(2025, 12, 31, 23, 30, 0, 0, time.FixedZone("", -3600)) // the next day in UTC
	if got, want := f.DayPrefix(at), "p/AWSLogs/o-exampleorg1/111122223333/CloudTrail-Digest/eu-west-1/2026/01/01/"; got != want {
		t.Errorf("DayPrefix = %q, want %q", got, want)
	}
}

// A key that is understood is written again as it was, and holds only what each field promises.
func FuzzParse(f *testing.F) {
	for key := range parsed {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		k, ok := Parse(key)
		if !ok {
			return
		}
		if k.String() != key {
			t.Fatalf("Parse(%q).String() = %q", key, k.String())
		}
		if !k.Kind.Known() || !IsAccount(k.Account) || !IsRegion(k.Region) || k.Org != "" && !IsOrganization(k.Org) ||
			(k.Kind == Digest) != (k.Trail != "") {
			t.Fatalf("Parse(%q) = %+v", key, k)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	const key = "prefix/AWSLogs/o-exampleorg1/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0105Z_AAAAAAAAAAAAAAA1.json.gz"
	b.SetBytes(int64(len(key)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Parse(key); !ok {
			b.Fatal("not a key")
		}
	}
}
