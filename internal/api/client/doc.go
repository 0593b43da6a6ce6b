// Package client calls the HTTP API. It is generated from openapi.yaml: ClientWithResponses reads whole answers, Client
// returns the http.Response for those that are streamed (export, tail, runSQL).
//
//	cmd/kiroku ──▶ client ──HTTP──▶ api
package client

//go:generate go tool oapi-codegen -config client.cfg.yaml ../openapi.yaml
