package cloudtrail

import "testing"

// The longest name has a place: none is looked for in vain.
func TestLongestName(t *testing.T) {
	for n, text := range nameTexts {
		if len(text) > maxNameText {
			t.Errorf("name %d, %q, is %d bytes long", n, text, len(text))
		}
	}
}
