package api

// Patterns are the routes of the table, for tests.
func Patterns() []string {
	var all []string
	for _, r := range routes(DefaultLimits()) {
		all = append(all, r.pattern)
	}
	return all
}
