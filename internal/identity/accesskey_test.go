package identity_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/identity"
)

func TestAccessKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, db := open(t)
		file := filepath.Join(t.TempDir(), "secrets.key")
		keys := identity.NewAccessKeys(db, file)
		k, secret, err := keys.Create(t.Context(), "111122223333", "okta-forwarder")
		if err != nil || !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(k.ID) || len(secret) != 40 || k.Principal != "arn:aws:iam::111122223333:user/okta-forwarder" {
			t.Fatalf("Create = %+v, %d characters, %v", k, len(secret), err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key file: %v, %v", info.Mode(), err)
		}
		var sealed string
		if err := db.Read().QueryRow(`SELECT secret FROM access_keys`).Scan(&sealed); err != nil || strings.Contains(sealed, secret) {
			t.Errorf("the database holds %q, %v", sealed, err)
		}
		again := identity.NewAccessKeys(db, file) // another process, the file is read
		got, found, err := again.Find(t.Context(), k.ID)
		if err != nil || found != secret || got.Account != "111122223333" || got.Principal != k.Principal {
			t.Errorf("Find = %+v, %v", got, err)
		}
		again.Used(k.ID)
		for range 2 { // from memory, then from the database
			if all, err := again.List(t.Context()); err != nil || len(all) != 1 || !all[0].LastUsed.Equal(time.Now().UTC().Truncate(time.Microsecond)) && !all[0].LastUsed.Equal(time.Now()) {
				t.Errorf("List = %+v, %v", all, err)
			}
			if err := again.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := again.Revoke(t.Context(), k.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err = again.Find(t.Context(), k.ID)
		wantKind(t, "a revoked key", err, fault.NoToken)
		time.Sleep(time.Minute) // another process may take it for some seconds
		_, _, err = keys.Find(t.Context(), k.ID)
		wantKind(t, "a revoked key in another process", err, fault.NoToken)
		_, _, err = keys.Find(t.Context(), "AKIANOTHERE")
		wantKind(t, "a key that is not there", err, fault.NoToken)
		wantKind(t, "revoke a key that is not there", keys.Revoke(t.Context(), "AKIANOTHERE"), fault.NotFound)
	})
}

func TestAccessKeyPrincipals(t *testing.T) {
	_, db := open(t)
	keys := identity.NewAccessKeys(db, filepath.Join(t.TempDir(), "secrets.key"))
	for name, want := range map[string]string{
		"a.b@example.com":                   "arn:aws:iam::111122223333:user/a.b@example.com",
		"team/forwarder":                    "arn:aws:iam::111122223333:user/team/forwarder",
		"arn:aws:iam::111122223333:root":    "arn:aws:iam::111122223333:root",
		"arn:aws:iam::111122223333:role/r":  "arn:aws:iam::111122223333:role/r",
		"arn:aws:iam::444455556666:role/r":  "",
		"arn:aws:s3:::bucket":               "",
		"":                                  "",
		"a b":                               "",
		"arn:aws:iam::111122223333:group/g": "",
	} {
		k, _, err := keys.Create(t.Context(), "111122223333", name)
		if want == "" {
			wantKind(t, "principal "+name, err, fault.Invalid)
		} else if err != nil || k.Principal != want {
			t.Errorf("principal %q = %q, %v", name, k.Principal, err)
		}
	}
	for _, account := range []string{"", "1111", "11112222333x", "1111222233334"} {
		_, _, err := keys.Create(t.Context(), account, "a")
		wantKind(t, "account "+account, err, fault.Invalid)
	}
}

// Secrets are of no use with another key file, and one is not made silently where secrets are to be read.
func TestAccessKeyFile(t *testing.T) {
	_, db := open(t)
	dir := t.TempDir()
	k, _, err := identity.NewAccessKeys(db, filepath.Join(dir, "a")).Create(t.Context(), "111122223333", "a")
	if err != nil {
		t.Fatal(err)
	}
	other := identity.NewAccessKeys(db, filepath.Join(dir, "b"))
	if _, _, err := other.Find(t.Context(), k.ID); err == nil || fault.KindOf(err) != fault.Other {
		t.Errorf("without its file: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b")); err == nil {
		t.Error("a key file was made")
	}
	if _, _, err := other.Create(t.Context(), "111122223333", "b"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Find(t.Context(), k.ID); err == nil || !strings.Contains(err.Error(), "not the key") {
		t.Errorf("with another file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "c"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := identity.NewAccessKeys(db, filepath.Join(dir, "c")).Find(t.Context(), k.ID); err == nil || !strings.Contains(err.Error(), "64 hexadecimal") {
		t.Errorf("with a damaged file: %v", err)
	}
}
