package awsapi

import (
	"context"
	"slices"
)

// Operation answers one operation of the API cloudtrail. body is the JSON of its input; the output becomes the JSON of the
// answer. Errors that are not *Error are ours, and the caller is not told their cause.
type Operation func(ctx context.Context, c Caller, body []byte) (any, error)

// Op makes an Operation of a function with typed input and output. Unknown members of the input are passed over, as AWS does.
func Op[In, Out any](f func(context.Context, Caller, *In) (Out, error)) Operation {
	return func(ctx context.Context, c Caller, body []byte) (any, error) {
		var in In
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		return f(ctx, c, &in)
	}
}

// Empty is the output of operations that return nothing.
type Empty struct{}

// operations are those that this package answers.
func (s *Service) operations() map[string]Operation {
	ops := map[string]Operation{
		"CreateEventDataStore":         Op(s.CreateEventDataStore),
		"GetEventDataStore":            Op(s.GetEventDataStore),
		"ListEventDataStores":          Op(s.ListEventDataStores),
		"UpdateEventDataStore":         Op(s.UpdateEventDataStore),
		"DeleteEventDataStore":         Op(s.DeleteEventDataStore),
		"RestoreEventDataStore":        Op(s.RestoreEventDataStore),
		"StartEventDataStoreIngestion": Op(s.StartEventDataStoreIngestion),
		"StopEventDataStoreIngestion":  Op(s.StopEventDataStoreIngestion),
		"CreateChannel":                Op(s.CreateChannel),
		"GetChannel":                   Op(s.GetChannel),
		"ListChannels":                 Op(s.ListChannels),
		"UpdateChannel":                Op(s.UpdateChannel),
		"DeleteChannel":                Op(s.DeleteChannel),
		"PutResourcePolicy":            Op(s.PutResourcePolicy),
		"GetResourcePolicy":            Op(s.GetResourcePolicy),
		"DeleteResourcePolicy":         Op(s.DeleteResourcePolicy),
		"AddTags":                      Op(s.AddTags),
		"RemoveTags":                   Op(s.RemoveTags),
		"ListTags":                     Op(s.ListTags),
		"CreateDashboard":              Op(s.CreateDashboard),
		"GetDashboard":                 Op(s.GetDashboard),
		"ListDashboards":               Op(s.ListDashboards),
		"UpdateDashboard":              Op(s.UpdateDashboard),
		"DeleteDashboard":              Op(s.DeleteDashboard),
		"StartDashboardRefresh":        Op(s.StartDashboardRefresh),
		"LookupEvents":                 Op(s.LookupEvents),
		"ListPublicKeys":               Op(s.ListPublicKeys),
		"StartImport":                  Op(s.StartImport),
		"GetImport":                    Op(s.GetImport),
		"StopImport":                   Op(s.StopImport),
		"ListImports":                  Op(s.ListImports),
		"ListImportFailures":           Op(s.ListImportFailures),
		"GetEventConfiguration":        Op(s.GetEventConfiguration),
		"PutEventConfiguration":        Op(s.PutEventConfiguration),
		"GetInsightSelectors":          Op(s.GetInsightSelectors),
		"PutInsightSelectors":          Op(s.PutInsightSelectors),
	}
	if s.opt.SQL != nil {
		ops["StartQuery"] = Op(s.StartQuery)
		ops["DescribeQuery"] = Op(s.DescribeQuery)
		ops["GetQueryResults"] = Op(s.GetQueryResults)
		ops["ListQueries"] = Op(s.ListQueries)
		ops["CancelQuery"] = Op(s.CancelQuery)
		ops["SearchSampleQueries"] = Op(s.SearchSampleQueries)
	}
	return ops
}

// known are all operations of the service model; those that nobody answers are unsupported, not unknown.
var known = []string{
	"AddTags", "CancelQuery", "CreateChannel", "CreateDashboard", "CreateEventDataStore", "CreateTrail", "DeleteChannel", "DeleteDashboard",
	"DeleteEventDataStore", "DeleteResourcePolicy", "DeleteTrail", "DeregisterOrganizationDelegatedAdmin", "DescribeQuery", "DescribeTrails",
	"DisableFederation", "EnableFederation", "GenerateQuery", "GetChannel", "GetDashboard", "GetEventConfiguration", "GetEventDataStore",
	"GetEventSelectors", "GetImport", "GetInsightSelectors", "GetQueryResults", "GetResourcePolicy", "GetTrail", "GetTrailStatus", "ListChannels",
	"ListDashboards", "ListEventDataStores", "ListImportFailures", "ListImports", "ListInsightsData", "ListInsightsMetricData", "ListPublicKeys",
	"ListQueries", "ListTags", "ListTrails", "LookupEvents", "PutEventConfiguration", "PutEventSelectors", "PutInsightSelectors", "PutResourcePolicy",
	"RegisterOrganizationDelegatedAdmin", "RemoveTags", "RestoreEventDataStore", "SearchSampleQueries", "StartDashboardRefresh",
	"StartEventDataStoreIngestion", "StartImport", "StartLogging", "StartQuery", "StopEventDataStoreIngestion", "StopImport", "StopLogging",
	"UpdateChannel", "UpdateDashboard", "UpdateEventDataStore", "UpdateTrail",
}

// find looks an operation up by its name.
func (s *Service) find(name string) (Operation, error) {
	if op := s.lookup[name]; op != nil {
		return op, nil
	}
	if slices.Contains(known, name) {
		return nil, refuse(codeUnsupported, "The operation %s is not supported here.", name)
	}
	return nil, refuse(codeUnknown, "There is no operation %q.", name)
}
