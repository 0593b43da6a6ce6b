package awsapi

import (
	"encoding/json"
	"slices"
)

// AdvancedEventSelector says which events a store takes.
type AdvancedEventSelector struct {
	Name           string                  `json:",omitempty"`
	FieldSelectors []AdvancedFieldSelector `json:""`
}

// AdvancedFieldSelector is one condition of a selector.
type AdvancedFieldSelector struct {
	Field         string   `json:""`
	Equals        []string `json:",omitempty"`
	StartsWith    []string `json:",omitempty"`
	EndsWith      []string `json:",omitempty"`
	NotEquals     []string `json:",omitempty"`
	NotStartsWith []string `json:",omitempty"`
	NotEndsWith   []string `json:",omitempty"`
}

// Categories of events that stores are made for.
const (
	categoryActivity   = "ActivityAuditLog"
	categoryManagement = "Management"
)

// awsEvents are the categories that one store may hold together.
var awsEvents = []string{categoryManagement, "Data", "NetworkActivity"}

// ingestible are the categories whose ingestion can be stopped and started.
var ingestible = append([]string{"ConfigurationItem"}, awsEvents...)

// managementEvents is what a store takes whose maker gave no selectors.
func managementEvents() []AdvancedEventSelector {
	return []AdvancedEventSelector{{Name: "Default management events", FieldSelectors: []AdvancedFieldSelector{{Field: "eventCategory", Equals: []string{categoryManagement}}}}}
}

// readSelectors checks selectors and returns their JSON as it is stored, and the category of the store.
func readSelectors(selectors []AdvancedEventSelector) (text, category string, err error) {
	b, err := json.Marshal(selectors)
	if err != nil {
		return "", "", err
	}
	if err := checkSelectors(b); err != nil {
		return "", "", refuse("InvalidEventSelectorsException", "%v", err)
	}
	for _, s := range selectors {
		c := s.category()
		switch {
		case category == "" || category == c:
			category = c
		case slices.Contains(awsEvents, category) && slices.Contains(awsEvents, c):
			category = awsEvents[min(slices.Index(awsEvents, category), slices.Index(awsEvents, c))]
		default:
			return "", "", refuse("InvalidEventSelectorsException", "A store cannot take events of %s and of %s.", category, c)
		}
	}
	return string(b), category, nil
}

func (s *AdvancedEventSelector) category() string {
	for _, f := range s.FieldSelectors {
		if f.Field == "eventCategory" && len(f.Equals) == 1 {
			return f.Equals[0]
		}
	}
	return ""
}

// sameFamily says whether a store of one category may become one of the other.
func sameFamily(a, b string) bool {
	return a == b || slices.Contains(awsEvents, a) && slices.Contains(awsEvents, b)
}
