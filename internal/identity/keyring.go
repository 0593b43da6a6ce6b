package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"kiroku/internal/diskfile"
	"kiroku/internal/fault"
)

// keyring encrypts secrets that must be read again, with AES-256-GCM. Its key is a file of 64 hexadecimal digits that only
// its owner can read: whoever gets hold of the database alone, for example in a backup, cannot read the secrets.
type keyring struct {
	path string

	mu   sync.Mutex
	aead cipher.AEAD // nil until the file was read
}

// seal encrypts text under a name, which open must be given again.
func (k *keyring) seal(name, text string) (string, error) {
	aead, err := k.load(true)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(text), []byte(name))), nil
}

func (k *keyring) open(name, sealed string) (string, error) {
	aead, err := k.load(false)
	if err != nil {
		return "", err
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(b) < aead.NonceSize() {
		return "", errors.New("decrypt secret: it is damaged")
	}
	text, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], []byte(name))
	if err != nil {
		return "", fault.New(fault.Other, fmt.Errorf("decrypt secret: %q is not the key it was encrypted with", k.path), "Put the right key file back, or make new access keys.")
	}
	return string(text), nil
}

// load reads the key, or makes one.
func (k *keyring) load(create bool) (cipher.AEAD, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.aead != nil {
		return k.aead, nil
	}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) && create {
		text, err = k.create()
	}
	if err != nil {
		return nil, fmt.Errorf("read key of secrets: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("read key of secrets %q: it does not hold 64 hexadecimal digits", k.path)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("read key of secrets: %w", err)
	}
	k.aead, err = cipher.NewGCM(block)
	return k.aead, err
}

// create makes the key file. One that is there is never overwritten.
func (k *keyring) create() ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	text := []byte(hex.EncodeToString(key) + "\n")
	f, err := os.OpenFile(k.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	return text, errors.Join(err, f.Sync(), f.Close(), diskfile.SyncDir(filepath.Dir(k.path)))
}
