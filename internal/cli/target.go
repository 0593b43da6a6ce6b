package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"kiroku/internal/fault"
)

// Files in a data folder that clients on the same machine read, as the server writes them.
const (
	tokenFile = "admin.token"
	urlFile   = "http.url"
)

// Names of environment variables.
const (
	EnvURL   = "KIROKU_URL"
	EnvToken = "KIROKU_TOKEN"
)

// DefaultData is the data folder of a server that nobody configured.
const DefaultData = "data"

const defaultURL = "http://127.0.0.1:8480"

// Target says which server is meant, as far as the person says it.
type Target struct {
	URL, Token string              // flags; empty: not given
	Data       string              // flag; empty: not given
	Getenv     func(string) string // nil: os.Getenv
}

// Find returns the server's address and the token to use; the token may be empty. Flags win over the environment, which
// wins over the default data folder.
func (t Target) Find() (address, token string, err error) {
	getenv := t.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	given := t.Data != ""
	data := t.Data
	if !given {
		data = DefaultData
	}
	fileURL, err := readLine(filepath.Join(data, urlFile))
	if given && t.URL == "" && err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("find server: %w", err)
	}
	address, ours := t.URL, false
	switch {
	case address != "":
	case given && fileURL != "":
		address, ours = fileURL, true
	case given:
		return "", "", fault.New(fault.NotFound, fmt.Errorf("find server: no server has written its address to %q", filepath.Join(data, urlFile)),
			fmt.Sprintf(`Start it with "kiroku serve --data %s", or name it with --url.`, data))
	case getenv(EnvURL) != "":
		address = getenv(EnvURL)
	case fileURL != "":
		address, ours = fileURL, true
	default:
		address = defaultURL
	}
	if address, err = clean(address); err != nil {
		return "", "", err
	}
	token, err = t.token(getenv, data, given, ours || address == fileURL)
	return address, token, err
}

// token finds the token. ours says that the address is the data folder's server.
func (t Target) token(getenv func(string) string, data string, given, ours bool) (string, error) {
	if t.Token != "" {
		return t.Token, nil
	}
	env := getenv(EnvToken)
	if env != "" && !given {
		return env, nil
	}
	if given || ours {
		token, err := readLine(filepath.Join(data, tokenFile))
		switch {
		case token != "":
			return token, nil
		case env == "" && errors.Is(err, fs.ErrPermission):
			return "", fault.New(fault.Denied, fmt.Errorf("find token: %w", err), "Run as the user of the server, or give a token with --token or KIROKU_TOKEN.")
		}
	}
	return env, nil
}

func clean(address string) (string, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fault.New(fault.Invalid, fmt.Errorf("find server: %q is not an address", address), "Write an address such as http://127.0.0.1:8480.")
	}
	return strings.TrimRight(address, "/"), nil
}

func readLine(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}
