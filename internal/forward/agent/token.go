package agent

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"kiroku/internal/fault"
)

// How long tokens are, as the original's.
const (
	minToken = 64
	maxToken = 192
)

// TokenError says what is wrong with a token that was not even sent.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return e.Err.Error() }
func (e *TokenError) Unwrap() error { return e.Err }

const nextToken = "Copy the whole token as it was shown when the agent was created, or make a new one: kiroku agents rotate-token ID."

// CheckToken says whether a text can be a token. It returns it without what copying leaves around it.
func CheckToken(text string) (string, error) {
	token := strings.TrimSpace(text)
	var err error
	switch {
	case token == "":
		err = errors.New("the token is empty")
	case strings.HasPrefix(token, "kiro_"):
		err = errors.New("this is an API token; an agent has a token of its own")
	case len(token) > maxToken:
		err = fmt.Errorf("the token has %d characters, and none has more than %d", len(token), maxToken)
	case strings.ContainsFunc(token, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '='
	}):
		err = errors.New("the token holds something else than letters, digits and =; perhaps a quote or a line break was copied with it")
	case len(token) < minToken:
		err = fmt.Errorf("the token has %d characters, and none has fewer than %d: a part of it is missing", len(token), minToken)
	default:
		return token, nil
	}
	return "", fault.New(fault.Invalid, &TokenError{err}, nextToken)
}

// TokenFile reads a token from a file at every call, so that a newer one is used without a restart.
func TokenFile(name string) func() (string, error) {
	return func() (string, error) {
		b, err := os.ReadFile(name)
		if err != nil {
			return "", fault.New(fault.Invalid, &TokenError{fmt.Errorf("read token: %w", err)}, "Name a file that holds the token and that the agent may read: --token-file FILE.")
		}
		if len(b) > 16*maxToken {
			return "", noTokenFile(name, len(b))
		}
		return CheckToken(string(b))
	}
}
