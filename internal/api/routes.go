package api

import (
	"slices"
	"time"

	"kiroku/internal/identity"
)

// route is what is checked before a request reaches its handler. A test compares the table with openapi.yaml.
type route struct {
	pattern string // as net/http.ServeMux writes it
	access  access
	json    func() any    // a new value of the JSON body's type; nil: no JSON body
	bytes   int64         // largest body that is not JSON
	timeout time.Duration // how long the handler may take; 0: until the caller gives up
}

// access says who may call a route.
type access struct {
	open       bool                // everybody
	locked     bool                // also a user who must change the password first
	permission identity.Permission // "": every valid token
}

func needs(p identity.Permission) access { return access{permission: p} }

// Times that handlers may take. SQL jobs and streams have limits of their own.
const (
	short = 30 * time.Second
	long  = 2 * time.Minute
)

// of makes values for the decoder of JSON bodies.
func of[T any]() any { return new(T) }

// routes is the one list of what the API answers.
func routes(l Limits) []route {
	anyone, self := access{open: true}, access{locked: true}
	read, manage, put := needs(identity.Read), needs(identity.Manage), needs(identity.Put)
	all := []route{
		{pattern: "POST /api/v1/search", access: read, json: of[SearchQuery], timeout: long},
		{pattern: "POST /api/v1/count", access: read, json: of[EventQuery], timeout: long},
		{pattern: "POST /api/v1/histogram", access: read, json: of[HistogramQuery], timeout: long},
		{pattern: "POST /api/v1/facets", access: read, json: of[FacetQuery], timeout: long},
		{pattern: "GET /api/v1/fields", access: read, timeout: long},
		{pattern: "GET /api/v1/export", access: needs(identity.Export)},
		{pattern: "POST /api/v1/export", access: needs(identity.Export), json: of[ExportQuery]},
		{pattern: "GET /api/v1/tail", access: read},
		{pattern: "POST /api/v1/sql", access: needs(identity.SQL), json: of[SQLQuery], timeout: short},
		{pattern: "GET /api/v1/sql", access: needs(identity.SQL), timeout: short},
		{pattern: "POST /api/v1/sql/run", access: needs(identity.SQL), json: of[SQLQuery]},
		{pattern: "GET /api/v1/sql/{id}", access: needs(identity.SQL), timeout: short},
		{pattern: "DELETE /api/v1/sql/{id}", access: needs(identity.SQL), timeout: short},
		{pattern: "GET /api/v1/sql/{id}/rows", access: needs(identity.SQL), timeout: short},
		{pattern: "GET /api/v1/stores", access: read, timeout: short},
		{pattern: "POST /api/v1/stores", access: manage, json: of[StoreCreate], timeout: short},
		{pattern: "PATCH /api/v1/stores/{name}", access: manage, json: of[StoreUpdate], timeout: short},
		{pattern: "DELETE /api/v1/stores/{name}", access: manage, timeout: long},
		{pattern: "GET /api/v1/priorities", access: read, timeout: short},
		{pattern: "PUT /api/v1/priorities", access: manage, json: of[PriorityChange], timeout: short},
		{pattern: "GET /api/v1/cloudtrail/digests", access: read, timeout: short},
		{pattern: "POST /api/v1/cloudtrail/digests/verify", access: manage, json: of[DigestVerification], timeout: short},
		{pattern: "GET /api/v1/inputs", access: read, timeout: short},
		{pattern: "GET /api/v1/status", access: read, timeout: short},
		{pattern: "POST /api/v1/fsck", access: manage, json: of[FsckOptions]},
		{pattern: "POST /api/v1/parse", access: read, bytes: l.ParseBytes, timeout: long},
		{pattern: "POST /api/v1/ingest", access: put, bytes: l.IngestBytes},
		{pattern: "GET /api/v1/ingest/checkpoint", access: put, timeout: short},
		{pattern: "POST /api/v1/login", access: anyone, json: of[Credentials], timeout: short},
		{pattern: "POST /api/v1/logout", access: self, timeout: short},
		{pattern: "POST /api/v1/password", access: self, json: of[PasswordChange], timeout: short},
		{pattern: "GET /api/v1/me", access: self, timeout: short},
		{pattern: "GET /api/v1/users", access: manage, timeout: short},
		{pattern: "POST /api/v1/users", access: manage, json: of[UserCreate], timeout: short},
		{pattern: "DELETE /api/v1/users/{name}", access: manage, timeout: short},
		{pattern: "GET /api/v1/tokens", access: manage, timeout: short},
		{pattern: "POST /api/v1/tokens", access: manage, json: of[TokenCreate], timeout: short},
		{pattern: "DELETE /api/v1/tokens/{id}", access: manage, timeout: short},
		{pattern: "GET /api/v1/openapi.yaml", access: anyone, timeout: short},
		{pattern: "GET /api/v1/profile", access: manage, timeout: long},
		{pattern: "GET /healthz", access: anyone, timeout: short},
		{pattern: "GET /readyz", access: anyone, timeout: short},
		{pattern: "GET /metrics", access: read, timeout: short},
	}
	return slices.Concat(all, awsRoutes(read, manage), siemRoutes(read, manage))
}

// siemRoutes are those on SIEM agents.
func siemRoutes(read, manage access) []route {
	return []route{
		{pattern: "GET /api/v1/siem-agents", access: read, timeout: short},
		{pattern: "POST /api/v1/siem-agents", access: manage, json: of[SIEMAgentCreate], timeout: long},
		{pattern: "POST /api/v1/siem-agents/preview", access: read, json: of[SIEMPreviewQuery], timeout: long},
		{pattern: "GET /api/v1/siem-agents/{id}", access: read, timeout: short},
		{pattern: "PATCH /api/v1/siem-agents/{id}", access: manage, json: of[SIEMAgentUpdate], timeout: long},
		{pattern: "DELETE /api/v1/siem-agents/{id}", access: manage, timeout: short},
		{pattern: "POST /api/v1/siem-agents/{id}/token", access: manage, json: of[SIEMTokenRotation], timeout: short},
		{pattern: "DELETE /api/v1/siem-agents/{id}/tokens", access: manage, timeout: short},
		{pattern: "POST /api/v1/siem-agents/{id}/pause", access: manage, timeout: short},
		{pattern: "POST /api/v1/siem-agents/{id}/resume", access: manage, timeout: short},
		{pattern: "POST /api/v1/siem-agents/{id}/recover", access: manage, json: of[SIEMRecovery], timeout: long},
		{pattern: "GET /api/v1/siem-agents/{id}/notifications", access: read, timeout: short},
		{pattern: "GET /api/v1/siem-agents/{id}/dead-letters", access: read, timeout: short},
		{pattern: "POST /api/v1/siem-agents/{id}/dead-letters/replay", access: manage, json: of[SIEMReplay], timeout: short},
		{pattern: "DELETE /api/v1/siem-agents/{id}/dead-letters/{letter}", access: manage, timeout: short},
	}
}

// awsRoutes are those on what the AWS endpoints serve.
func awsRoutes(read, manage access) []route {
	return []route{
		{pattern: "GET /api/v1/access-keys", access: manage, timeout: short},
		{pattern: "POST /api/v1/access-keys", access: manage, json: of[AccessKeyCreate], timeout: short},
		{pattern: "DELETE /api/v1/access-keys/{id}", access: manage, timeout: short},
		{pattern: "GET /api/v1/event-data-stores", access: read, timeout: short},
		{pattern: "POST /api/v1/event-data-stores", access: manage, json: of[EventDataStoreCreate], timeout: short},
		{pattern: "GET /api/v1/event-data-stores/{id}", access: read, timeout: short},
		{pattern: "PATCH /api/v1/event-data-stores/{id}", access: manage, json: of[EventDataStoreUpdate], timeout: short},
		{pattern: "DELETE /api/v1/event-data-stores/{id}", access: manage, timeout: short},
		{pattern: "POST /api/v1/event-data-stores/{id}/restore", access: manage, timeout: short},
		{pattern: "GET /api/v1/channels", access: read, timeout: short},
		{pattern: "POST /api/v1/channels", access: manage, json: of[ChannelCreate], timeout: short},
		{pattern: "GET /api/v1/channels/{id}", access: read, timeout: short},
		{pattern: "PATCH /api/v1/channels/{id}", access: manage, json: of[ChannelUpdate], timeout: short},
		{pattern: "DELETE /api/v1/channels/{id}", access: manage, timeout: short},
		{pattern: "GET /api/v1/channels/{id}/policy", access: read, timeout: short},
		{pattern: "PUT /api/v1/channels/{id}/policy", access: manage, json: of[ChannelPolicy], timeout: short},
		{pattern: "DELETE /api/v1/channels/{id}/policy", access: manage, timeout: short},
		{pattern: "GET /api/v1/channels/{id}/rejected", access: manage, timeout: short},
		{pattern: "POST /api/v1/channels/{id}/rejected/replay", access: manage, json: of[ReplayRequest]},
		{pattern: "DELETE /api/v1/channels/{id}/rejected/{event}", access: manage, timeout: short},
	}
}
