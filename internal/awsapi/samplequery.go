package awsapi

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SearchSampleQueriesInput is the input of SearchSampleQueries.
type SearchSampleQueriesInput struct {
	SearchPhrase string
	MaxResults   *int
	NextToken    string
}

// SearchSampleQueriesOutput is a page of statements, those that fit best first.
type SearchSampleQueriesOutput struct {
	SearchResults []SampleQuery
	NextToken     string `json:",omitempty"`
}

// SampleQuery is a statement to begin with: $EDS_ID stands for the ID of an event data store.
type SampleQuery struct {
	Name        string
	Description string
	SQL         string
	Relevance   float64 // which part of the phrase's words it has, up to 1
}

// Limits of the service model.
const (
	minPhrase, maxPhrase = 2, 1000
	maxSamples           = 50 // of a page
	defaultSamples       = 10
)

// SearchSampleQueries finds statements by words: names count, and what they are described with, and the statement itself.
func (s *Service) SearchSampleQueries(_ context.Context, c Caller, in *SearchSampleQueriesInput) (SearchSampleQueriesOutput, error) {
	out := SearchSampleQueriesOutput{SearchResults: []SampleQuery{}}
	if n := utf8.RuneCountInString(in.SearchPhrase); n < minPhrase || n > maxPhrase {
		return out, invalid("SearchPhrase must have %d to %d characters, not %d.", minPhrase, maxPhrase, n)
	}
	size := orElse(in.MaxResults, defaultSamples)
	if size < 1 || size > maxSamples {
		return out, invalid("MaxResults must be from 1 to %d, not %d.", maxSamples, size)
	}
	first := 0
	if in.NextToken != "" {
		place, ok := readToken(c.question("SearchSampleQueries", in.SearchPhrase), in.NextToken)
		n, err := strconv.Atoi(place)
		if !ok || err != nil || n < 1 {
			return out, invalid("NextToken is not one that this operation gave.")
		}
		first = n
	}
	found := findSamples(in.SearchPhrase)
	last := min(first+size, len(found))
	if first < last {
		out.SearchResults = found[first:last]
	}
	if last < len(found) {
		out.NextToken = writeToken(c.question("SearchSampleQueries", in.SearchPhrase), strconv.Itoa(last))
	}
	return out, nil
}

// findSamples are the statements that have a word of the phrase, those with most of its words first.
func findSamples(phrase string) []SampleQuery {
	asked := wordsOf(phrase)
	found := []SampleQuery{}
	for _, q := range sampleQueries {
		title, rest := wordsOf(q.Name), wordsOf(q.Description+" "+q.SQL)
		hits := 0.0
		for w := range asked {
			switch {
			case title[w]:
				hits++
			case rest[w]:
				hits += 0.8
			}
		}
		if hits > 0 {
			q.Relevance = math.Round(1000*hits/float64(len(asked))) / 1000
			found = append(found, q)
		}
	}
	slices.SortStableFunc(found, func(a, b SampleQuery) int { return cmp.Compare(b.Relevance, a.Relevance) })
	return found
}

// wordsOf are the words of a text: small letters, without the s of the plural, and without those that say nothing.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if utf8.RuneCountInString(w) < 2 || slices.Contains(empty, w) {
			continue
		}
		if len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") {
			w = w[:len(w)-1]
		}
		words[w] = true
	}
	return words
}

// empty are words that fit every statement.
var empty = []string{"the", "of", "in", "to", "by", "for", "with", "and", "or", "all", "my", "me", "an", "is", "was", "were", "on", "at", "from", "show", "find", "list",
	"which", "who", "what", "how", "that", "did", "select", "query", "queries", "event", "events"}
