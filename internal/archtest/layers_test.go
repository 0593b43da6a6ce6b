package archtest

// layers says which of our packages a package may import. Keys and values are folders; "internal/" is left out. "x/*" means
// every folder directly in x that has no line of its own, "*" everything. Tests may import what they like.
//
//	cmd → serve → everything; stages never import each other: each declares the small interface that it needs
var layers = map[string][]string{
	// Words.
	"event":     {},
	"fault":     {},
	"logkey":    {},
	"ocsf":      {},
	"ocsf/nest": {"event", "ocsf"},
	"diskfile":  {},
	"timespec":  {"fault"},
	"spell":     {},
	"lru":       {},
	"prefetch":  {},
	"aws":       {"fault"},
	"config":    {"event", "fault", "forward/wire", "spell"},

	// Formats and sources: pure functions.
	"decode/*":          {},
	"source":            {"event"},
	"source/*":          {"event", "ocsf", "source", "decode/*"},
	"source/all":        {"event", "source", "source/*"},
	"source/sourcetest": {"event", "source"},

	// CloudTrail's bucket: names and digests.
	"cloudtrail/objectkey": {},
	"cloudtrail/digest":    {"cloudtrail/objectkey", "diskfile"},
	"cloudtrail/bucketdir": {"cloudtrail/digest"},
	"cloudtrail/bucket":    {"aws", "cloudtrail/digest", "fault"},
	"cloudtrail/watch":     {"cloudtrail/digest", "event", "fault", "logkey", "meta"},

	// CloudTrail's API: what its documents mean.
	"awsapi/policy":   {},
	"awsapi/selector": {},
	"insight":         {},

	// Stages.
	"intake":        {},
	"intake/syslog": {"event", "fault", "intake", "logkey"},
	"intake/file":   {"fault"},
	"intake/s3":     {"aws", "cloudtrail/objectkey", "decode/trailfile", "event", "fault", "intake", "logkey", "meta"},
	"enrich":        {"event"},
	"pipeline":      {"event", "fault", "logkey", "prefetch", "source"},
	"lake":          {"diskfile", "event", "fault", "lake/segment", "lake/table", "logkey", "meta"},
	"lake/segment":  {"event", "lru", "prefetch"},
	"lake/table":    {"diskfile", "event", "fault"},

	// What stages agree on.
	"meta":          {"event", "fault"},
	"meta/metatest": {"event", "fault", "meta"},
	"identity":      {"diskfile", "fault", "logkey", "meta"},

	// Answers.
	"engine":            {},
	"engine/duckdb":     {"decode/jsonpath", "engine", "event", "fault"},
	"engine/enginetest": {"engine", "event", "fault"},
	"search":            {"event", "source", "spell"},
	"search/searchtest": {"event", "search", "source"},
	"query":             {"engine", "event", "fault", "lake/segment", "logkey", "lru", "search"},
	"api":               {"awsapi", "engine", "event", "fault", "forward", "forward/wire", "identity", "intake", "logkey", "query", "search", "timespec"},
	"api/client":        {"forward/wire", "intake"},
	"awsapi": {"aws", "awsapi/policy", "awsapi/selector", "awsapi/sigv4", "awsapi/trino", "cloudtrail/digest", "cloudtrail/objectkey", "decode/jsonleaf",
		"decode/trailfile", "diskfile", "engine", "event", "fault", "identity", "insight", "logkey", "meta", "query", "search", "source/auditevent"},
	"awsapi/sigv4": {},
	"awsapi/trino": {"decode/jsonpath", "engine", "event", "fault", "spell"},

	// SIEM agents: the server's side, what both sides say, the agent's side.
	"forward":         {"event", "fault", "forward/format", "forward/wire", "logkey", "meta", "search"},
	"forward/wire":    {},
	"forward/format":  {"decode/*", "event", "forward/wire", "ocsf", "ocsf/nest", "source/defender"},
	"forward/deliver": {"fault", "forward/wire", "logkey"},
	"forward/spool":   {"diskfile", "fault", "forward/wire"},
	"forward/agent":   {"fault", "forward/deliver", "forward/spool", "forward/wire", "logkey"},
	"forward/check":   {"fault", "forward/agent", "forward/deliver", "forward/wire"},
	"forward/command": {"fault", "forward/agent", "forward/check", "forward/deliver", "forward/receive", "forward/spool", "forward/wire", "timespec"},
	"forward/receive": {"decode/*", "diskfile", "logkey"},

	// Where everything is put together.
	"serve":               {"*"},
	"cli":                 {"api/client", "fault"},
	"/cmd/kiroku":         {"*"},
	"/cmd/kiroku-agent":   {"fault", "forward/command"},
	"archtest":            {},
	"/web":                {},
	"/changes":            {},
	"/test/*":             {},
	"/test/faultreceiver": {"forward/receive"},
	"/test/integration/*": {},
}

// anybody marks a library that every package may import.
const anybody = "anybody"

// libraries says which packages may import a library: one door for each heavy thing, so that it can be changed or replaced
// in one place. A library that is not named here may not be imported at all; docs/decisions/0006-dependencies.md says why
// each is there. Tests may import what they like.
var libraries = map[string][]string{
	"github.com/duckdb":                    {"engine/duckdb"},
	"github.com/apache/iceberg-go":         {"lake/table"},
	"github.com/uptrace/bun":               {"lake/table"}, // iceberg-go's SQL catalog speaks bun
	"github.com/google/uuid":               {"lake/table"},
	"github.com/apache/arrow-go":           {"engine/enginetest"}, // tests only: files from another writer than ours
	"github.com/DataDog/zstd":              {"lake/segment"},
	"github.com/cespare/xxhash":            {"lake/segment", "source/accessgateway"},
	"github.com/aws/aws-sdk-go-v2":         {"aws", "/test/bench"},
	"github.com/aws/smithy-go":             {"aws"},
	"github.com/klauspost/compress":        {"api", "cloudtrail/digest", "decode/trailfile", "intake/file"},
	"github.com/mattn/go-sqlite3":          {"meta"},
	"github.com/pressly/goose":             {"meta"},
	"github.com/ua-parser/uap-go":          {"enrich", "source/ivanti"},
	"github.com/oschwald/maxminddb-golang": {"enrich"},
	"github.com/goccy/go-yaml":             {"config"},
	"github.com/spf13/cobra":               {"/cmd/kiroku", "forward/command"},
	"github.com/alexedwards/argon2id":      {"identity"},
	"github.com/oapi-codegen/runtime":      {"api", "api/client"},
	"go.yaml.in/yaml":                      {"api/client"}, // generated code
	"github.com/prometheus/client_golang":  {"api", "serve"},
	"github.com/google/go-cmp":             {"meta/metatest"},
	"golang.org/x/net":                     {"forward/agent", "forward/deliver", "intake/syslog"},
	"golang.org/x/sync":                    {anybody},
	"golang.org/x/sys":                     {anybody},
	"golang.org/x/term":                    {"/cmd/kiroku", "cli"},
}

// long names files over the limit and why they stay whole.
var long = map[string]string{}
