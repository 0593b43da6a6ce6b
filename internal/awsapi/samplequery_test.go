package awsapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

type samples struct {
	SearchResults []struct {
		Name, Description, SQL string
		Relevance              float64
	}
	NextToken string
}

// Every sample runs as it stands over a store of the kind that it is for.
func TestSampleQueriesRun(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	audit := arnID(q.newStore("audit"))
	var all samples
	// Each says for which events it is.
	q.read("SearchSampleQueries", `{"SearchPhrase":"AWS channels","MaxResults":50}`, &all)
	if len(all.SearchResults) < 20 || all.NextToken != "" {
		t.Fatalf("%d samples, token %q", len(all.SearchResults), all.NextToken)
	}
	rows := 0
	for _, s := range all.SearchResults {
		store := q.store
		if strings.Contains(s.Description, "ActivityAuditLog") {
			store = audit
		} else if !strings.Contains(s.Description, "For AWS events") {
			t.Errorf("%s does not say what it is for: %s", s.Name, s.Description)
		}
		b, _ := json.Marshal(map[string]string{"QueryStatement": strings.ReplaceAll(s.SQL, "$EDS_ID", store)})
		a := q.op("StartQuery", string(b))
		if a.code != "" {
			t.Errorf("%s: %s", s.Name, a.body)
			continue
		}
		id := member(t, a, "QueryId")
		if d := q.ended(id); d.QueryStatus != "FINISHED" {
			t.Errorf("%s: %+v", s.Name, d)
			continue
		}
		rows += len(q.page(id, "", 1000).QueryResultRows)
	}
	if rows == 0 {
		t.Error("no sample finds anything in the sample records")
	}
}

func TestSearchSampleQueries(t *testing.T) {
	q := newQueryWorld(t, nil)
	for phrase, want := range map[string]string{
		"failed console logins":        "Failed console sign-ins",
		"who used the ROOT user":       "Use of the root user",
		"access-denied":                "Access denied errors",
		"Which buckets are public?":    "Public S3 buckets",
		"security group 0.0.0.0/0":     "Security groups opened to the internet",
		"channelARN":                   "Integration events by channel",
		"使われた AssumeRole accounts":     "Roles assumed from other accounts",
		"xyzzy":                        "",
		"show me all of my events":     "",
		"kms":                          "KMS keys used for decryption",
		"what was deleted":             "Deleted resources",
		"trails that somebody stopped": "Trails that were stopped or changed",
	} {
		var got samples
		b, _ := json.Marshal(map[string]any{"SearchPhrase": phrase, "MaxResults": 1})
		q.read("SearchSampleQueries", string(b), &got)
		name := ""
		if len(got.SearchResults) > 0 {
			name = got.SearchResults[0].Name
			if r := got.SearchResults[0].Relevance; r <= 0 || r > 1 {
				t.Errorf("%s: relevance %v", phrase, r)
			}
		}
		if name != want {
			t.Errorf("%s: %q, want %q", phrase, name, want)
		}
	}
	var names []string
	for token := ""; ; {
		var got samples
		q.read("SearchSampleQueries", fmt.Sprintf(`{"SearchPhrase":"AWS","MaxResults":3,"NextToken":%q}`, token), &got)
		for _, s := range got.SearchResults {
			names = append(names, s.Name)
		}
		if token = got.NextToken; token == "" {
			break
		}
	}
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			t.Errorf("%s is there twice", n)
		}
		seen[n] = true
	}
	if len(seen) < 15 {
		t.Errorf("%d samples on all pages", len(seen))
	}
	for _, input := range []string{`{}`, `{"SearchPhrase":"x"}`, `{"SearchPhrase":"root","MaxResults":0}`, `{"SearchPhrase":"root","MaxResults":51}`, `{"SearchPhrase":"root","NextToken":"abcd"}`,
		`{"SearchPhrase":"` + strings.Repeat("a", 1001) + `"}`} {
		q.refuses("SearchSampleQueries", input, "InvalidParameterException")
	}
}
