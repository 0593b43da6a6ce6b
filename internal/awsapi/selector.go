package awsapi

import (
	"bytes"
	"encoding/json"
	"slices"

	"kiroku/internal/awsapi/selector"
)

// Families of categories: a store holds events of one.
var (
	awsEvents  = []selector.Category{selector.Management, selector.Data, selector.NetworkActivity}
	ingestible = append([]selector.Category{selector.ConfigurationItem}, awsEvents...) // whose ingestion can be stopped and started
)

const categoryActivity = string(selector.ActivityAuditLog)

// given says whether a member of an input has a list that is not empty.
func given(list json.RawMessage) bool {
	switch text := string(bytes.TrimSpace(list)); text {
	case "", "null", "[]":
		return false
	}
	return true
}

// readSelectors checks selectors, none meaning all management events, and returns their JSON as it is stored and the
// category of the store: of several of AWS's events the first in their order.
func readSelectors(list json.RawMessage) (text, category string, err error) {
	set := selector.Default()
	if given(list) {
		if set, err = selector.Parse(list); err != nil {
			return "", "", refuse("InvalidEventSelectorsException", "%v", err)
		}
	}
	all := set.Categories()
	for _, c := range all {
		if !sameFamily(string(all[0]), string(c)) {
			return "", "", refuse("InvalidEventSelectorsException", "A store cannot take events of %s and of %s.", all[0], c)
		}
	}
	first := slices.MinFunc(all, func(a, b selector.Category) int { return slices.Index(awsEvents, a) - slices.Index(awsEvents, b) })
	b, err := set.MarshalJSON()
	return string(b), string(first), err
}

// sameFamily says whether a store of one category may also hold events of the other.
func sameFamily(a, b string) bool {
	return a == b || slices.Contains(awsEvents, selector.Category(a)) && slices.Contains(awsEvents, selector.Category(b))
}
