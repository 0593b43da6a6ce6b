// Package api is the HTTP API of the console, the command line and everybody's scripts. openapi.yaml comes first: the
// server's interface, its types and the client are generated from it.
//
//	request ──▶ protect (headers, request id, gzip) ──▶ route table ──▶ authenticate ──▶ limits ──▶ generated router
//	                                                        │                                          │
//	                                         permission, body limit, time                 handler ──▶ Searcher, SQL, …
//
// Invariants: nothing but health, login and the console's static files is answered without a token; a route that is not
// in the route table does not exist; every error is a problem document (RFC 9457) with the request's id; raw_data leaves
// the service only for callers with the permission raw; POST /api/v1/ingest answers 200 only when everything is durable.
//
// The package knows no other stage: it declares what it needs from them (needs.go) and serve connects them.
package api

//go:generate go tool oapi-codegen -config server.cfg.yaml openapi.yaml
