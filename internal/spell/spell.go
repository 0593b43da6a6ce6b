// Package spell finds the words that were probably meant.
//
//	a word that is not known, those that are ──Nearest──▶ the few that look like it
package spell

import (
	"slices"
	"strings"
)

// longest is how long a word may be, in bytes, to be near any other.
const longest = 64

// Nearest returns at most three of words that look like word, the nearest first, in any case of letters.
func Nearest(word string, words []string) []string {
	if len(word) < 3 || len(word) > longest {
		return nil // everything short is near
	}
	type candidate struct {
		word string
		far  int
	}
	low := strings.ToLower(word)
	var found []candidate
	for _, w := range words {
		if far := distance(low, strings.ToLower(w)); far <= max(1, len(word)/3) {
			found = append(found, candidate{w, far})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.far - b.far })
	var near []string
	for _, c := range found[:min(3, len(found))] {
		near = append(near, c.word)
	}
	return near
}

// distance is how many letters must be added, removed, changed or swapped with their neighbour (optimal string alignment),
// in bytes.
func distance(a, b string) int {
	if len(b) > longest {
		return longest
	}
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := range len(a) {
		two, one, now := &rows[(i+2)%3], &rows[i%3], &rows[(i+1)%3]
		now[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			now[j+1] = min(one[j+1]+1, now[j]+1, one[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], two[j-1]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
