//go:build integration

package siem

import (
	"testing"

	"kiroku/test/testca"
)

// authority signs certificates for receivers and agents.
type authority struct{ *testca.Authority }

func newAuthority(t *testing.T) *authority { return &authority{testca.New(t)} }

// tlsFlags name the authority and a client certificate of it to an agent.
func (a *authority) tlsFlags(t *testing.T) []string {
	cert, key := a.Issue(t, "agent.example.com")
	return []string{"--tls-ca-file", a.File, "--tls-ca-only", "--tls-cert-file", cert, "--tls-key-file", key}
}
