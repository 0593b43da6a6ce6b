package ocsf

import (
	"cmp"
	"slices"
)

// Code names the rule that an object breaks, in the words of the schema server's "validate" (version 2).
type Code string

// Codes of errors: an object that has one of them is not valid OCSF.
const (
	CodeRequiredMissing         Code = "attribute_required_missing"
	CodeUnknown                 Code = "attribute_unknown"
	CodeWrongType               Code = "attribute_wrong_type"
	CodeEnumValueUnknown        Code = "attribute_enum_value_unknown"
	CodeEnumArrayValueUnknown   Code = "attribute_enum_array_value_unknown"
	CodeEnumArraySiblingMissing Code = "attribute_enum_array_sibling_missing"
	CodeEnumArraySiblingWrong   Code = "attribute_enum_array_sibling_incorrect"
	CodeExceedsRange            Code = "attribute_value_exceeds_range"
	CodeExceedsMaxLen           Code = "attribute_value_exceeds_max_len"
	CodeNotInTypeValues         Code = "attribute_value_not_in_type_values"
	CodeClassUnknown            Code = "class_uid_unknown"
	CodeProfileUnknown          Code = "profile_unknown"
	CodeTypeUIDIncorrect        Code = "type_uid_incorrect"
	CodeConstraintFailed        Code = "constraint_failed"
	CodeObservableReference     Code = "observable_name_invalid_reference"
	CodeVersionIncompatible     Code = "version_incompatible"
	CodeVersionFormat           Code = "version_invalid_format"
)

// Codes of warnings: allowed, but advised against.
const (
	CodeClassDeprecated          Code = "class_deprecated"
	CodeObjectDeprecated         Code = "object_deprecated"
	CodeAttributeDeprecated      Code = "attribute_deprecated"
	CodeEnumValueDeprecated      Code = "attribute_enum_value_deprecated"
	CodeEnumArrayValueDeprecated Code = "attribute_enum_array_value_deprecated"
	CodeEnumSiblingIncorrect     Code = "attribute_enum_sibling_incorrect"
	CodeEnumSiblingSuspicious    Code = "attribute_enum_sibling_suspicious_other"
	CodeRegexNotMatched          Code = "attribute_value_regex_not_matched"
	CodeVersionIncorrect         Code = "version_incorrect"
)

// Warning says whether the code stands for advice rather than an error.
func (c Code) Warning() bool {
	switch c {
	case CodeClassDeprecated, CodeObjectDeprecated, CodeAttributeDeprecated, CodeEnumValueDeprecated,
		CodeEnumArrayValueDeprecated, CodeEnumSiblingIncorrect, CodeEnumSiblingSuspicious, CodeRegexNotMatched,
		CodeVersionIncorrect:
		return true
	}
	return false
}

// Issue is one rule that an object breaks.
type Issue struct {
	Code    Code   `json:"code"`
	Path    string `json:"path"` // dotted, elements as "[0]"; empty for the object as a whole
	Message string `json:"message"`
}

// Errors returns the issues that make an object invalid, without the warnings.
func Errors(issues []Issue) []Issue {
	var errs []Issue
	for _, i := range issues {
		if !i.Code.Warning() {
			errs = append(errs, i)
		}
	}
	return errs
}

func sortIssues(issues []Issue) {
	slices.SortFunc(issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}
