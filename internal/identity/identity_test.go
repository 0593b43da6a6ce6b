package identity_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/identity"
	"kiroku/internal/meta"
)

var home = netip.MustParseAddr("192.0.2.1")

func open(t testing.TB) (*identity.Identity, *meta.DB) {
	t.Helper()
	db, err := meta.Open(context.Background(), filepath.Join(t.TempDir(), "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return identity.New(db, slog.New(slog.DiscardHandler)), db
}

func start(t testing.TB) (*identity.Identity, identity.FirstStart) {
	t.Helper()
	i, _ := open(t)
	var first identity.FirstStart
	if err := i.Bootstrap(t.Context(), func(f identity.FirstStart) error { first = f; return nil }); err != nil {
		t.Fatal(err)
	}
	return i, first
}

func verify(t testing.TB, i *identity.Identity, token string) *identity.Principal {
	t.Helper()
	p, err := i.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantKind(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != kind || err == nil {
		t.Errorf("%s: %v, want an error of kind %d", what, err, kind)
	}
}

func TestBootstrap(t *testing.T) {
	i, db := open(t)
	if err := i.Bootstrap(t.Context(), func(identity.FirstStart) error { return fs.ErrPermission }); !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("the error of announce is lost: %v", err)
	}
	if n, _ := meta.CountUsers(t.Context(), db.Read(), ""); n != 0 {
		t.Fatal("an administrator was created whose secrets nobody was told")
	}
	calls := 0
	var first identity.FirstStart
	for range 2 {
		if err := i.Bootstrap(t.Context(), func(f identity.FirstStart) error { calls++; first = f; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 {
		t.Fatalf("%d first starts", calls)
	}
	p := verify(t, i, first.Token)
	if p.Role != identity.Admin || p.MustChange || p.Name() != "token:first start" || !p.Can(identity.Manage) || !p.Can(identity.Raw) {
		t.Errorf("administrator token stands for %+v", p)
	}
	s, err := i.Login(t.Context(), first.User, first.Password, home)
	if err != nil || !s.User.MustChange {
		t.Fatalf("login with the one-time password: %+v, %v", s, err)
	}
	if p := verify(t, i, s.Token); !p.MustChange || p.Kind != identity.Session || p.Name() != "admin" {
		t.Errorf("session stands for %+v", p)
	}
}

// What is stored must not be enough to call anything.
func TestNoSecretIsStored(t *testing.T) {
	db, err := meta.Open(t.Context(), filepath.Join(t.TempDir(), "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	i := identity.New(db, slog.New(slog.DiscardHandler))
	var first identity.FirstStart
	if err := i.Bootstrap(t.Context(), func(f identity.FirstStart) error { first = f; return nil }); err != nil {
		t.Fatal(err)
	}
	var file string
	if err := db.Read().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	secret := first.Token[strings.LastIndex(first.Token, "_")+1:]
	if strings.Contains(string(b), secret) || strings.Contains(string(b), first.Password) {
		t.Error("the database holds a secret")
	}
	if !strings.Contains(string(b), "$argon2id$") {
		t.Error("the database holds no argon2id hash: the test looks at the wrong file")
	}
}

func TestPermissions(t *testing.T) {
	i, first := start(t)
	admin := verify(t, i, first.Token)
	tests := []struct {
		role   identity.Role
		grants []identity.Permission
		want   []identity.Permission
	}{
		{identity.Admin, nil, identity.Permissions()},
		{identity.Analyst, nil, []identity.Permission{identity.Read, identity.SQL, identity.Export}},
		{identity.Analyst, []identity.Permission{identity.Raw}, []identity.Permission{identity.Read, identity.Raw, identity.SQL, identity.Export}},
		{identity.Ingest, nil, []identity.Permission{identity.Put}},
	}
	for _, tt := range tests {
		_, secret, err := i.CreateToken(t.Context(), admin, identity.TokenRequest{Name: "x", Role: tt.role, Grants: tt.grants})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, verify(t, i, secret).Permissions()); diff != "" {
			t.Errorf("%s with %v: -want +got:\n%s", tt.role, tt.grants, diff)
		}
	}
	for _, req := range []identity.TokenRequest{
		{Name: "x", Role: "root"},
		{Name: "x"},
		{Name: " ", Role: identity.Ingest},
		{Name: "x", Role: identity.Ingest, Grants: []identity.Permission{identity.Raw}},
		{Name: "x", Role: identity.Analyst, Grants: []identity.Permission{identity.Manage}},
		{Name: "x", Role: identity.Ingest, Expires: time.Now().Add(-time.Second)},
	} {
		_, _, err := i.CreateToken(t.Context(), admin, req)
		wantKind(t, "CreateToken "+string(req.Role), err, fault.Invalid)
	}
}

func TestVerifyRefuses(t *testing.T) {
	i, first := start(t)
	tok := first.Token
	flipped := []byte(tok)
	flipped[len(flipped)-2] ^= 1 // the last character holds padding bits, too
	for _, s := range []string{"", "kiro_", "kiro__", tok[:len(tok)-1], tok + "a", " " + tok, strings.ToUpper(tok), string(flipped), "Bearer " + tok, "kiro_aaaaaaaaaaaaaaaa_" + strings.Repeat("a", 52)} {
		_, err := i.Verify(t.Context(), s)
		wantKind(t, "Verify "+s, err, fault.NoToken)
	}
	verify(t, i, tok)
}

func TestRevoke(t *testing.T) {
	i, first := start(t)
	admin := verify(t, i, first.Token)
	tok, secret, err := i.CreateToken(t.Context(), admin, identity.TokenRequest{Name: "shipper", Role: identity.Ingest, Stores: []string{"vpn"}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, tok.Prefix()+"_") {
		t.Errorf("token %q does not begin with its prefix %q", secret, tok.Prefix())
	}
	verify(t, i, secret)
	list, err := i.Tokens(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "shipper" || list[0].LastUsed.IsZero() || list[0].User != "admin" {
		t.Errorf("Tokens = %+v, %v", list, err)
	}
	if err := i.Revoke(t.Context(), tok.ID); err != nil {
		t.Fatal(err)
	}
	_, err = i.Verify(t.Context(), secret)
	wantKind(t, "a revoked token", err, fault.NoToken)
	wantKind(t, "revoke again", i.Revoke(t.Context(), tok.ID), fault.NotFound)
}

func TestChangePassword(t *testing.T) {
	i, first := start(t)
	ctx := t.Context()
	login := func() identity.SessionStart {
		t.Helper()
		s, err := i.Login(ctx, first.User, first.Password, home)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one, two := login(), login()
	p := verify(t, i, one.Token)
	const good = "correct horse battery"
	for _, bad := range []string{"short", first.Password, strings.Repeat("x", 1025)} {
		wantKind(t, "new password "+bad[:5], i.ChangePassword(ctx, p, first.Password, bad, home), fault.Invalid)
	}
	wantKind(t, "wrong old password", i.ChangePassword(ctx, p, "wrong", good, home), fault.Denied)
	wantKind(t, "a token", i.ChangePassword(ctx, verify(t, i, first.Token), first.Password, good, home), fault.Denied)
	if err := i.ChangePassword(ctx, p, first.Password, good, home); err != nil {
		t.Fatal(err)
	}
	if verify(t, i, one.Token).MustChange {
		t.Error("the password must still be changed")
	}
	_, err := i.Verify(ctx, two.Token)
	wantKind(t, "the other session", err, fault.NoToken)
	_, err = i.Login(ctx, first.User, first.Password, home)
	wantKind(t, "the old password", err, fault.NoToken)
	if _, err := i.Login(ctx, first.User, good, home); err != nil {
		t.Error(err)
	}
}

func TestUsers(t *testing.T) {
	i, _ := start(t)
	ctx := t.Context()
	_, password, err := i.CreateUser(ctx, "eve@example.com", identity.Analyst, []identity.Permission{identity.Raw})
	if err != nil {
		t.Fatal(err)
	}
	s, err := i.Login(ctx, "eve@example.com", password, home)
	if err != nil || !verify(t, i, s.Token).Can(identity.Raw) {
		t.Fatalf("login of a new user: %+v, %v", s, err)
	}
	_, _, err = i.CreateUser(ctx, "eve@example.com", identity.Analyst, nil)
	wantKind(t, "the same name", err, fault.Conflict)
	for _, name := range []string{"", "a b", "-x", "token:x", "a\nb", strings.Repeat("a", 101)} {
		_, _, err = i.CreateUser(ctx, name, identity.Analyst, nil)
		wantKind(t, "name "+name, err, fault.Invalid)
	}
	wantKind(t, "the last administrator", i.DeleteUser(ctx, "admin"), fault.Conflict)
	if err := i.DeleteUser(ctx, "eve@example.com"); err != nil {
		t.Fatal(err)
	}
	_, err = i.Verify(ctx, s.Token)
	wantKind(t, "a session of a deleted user", err, fault.NoToken)
	wantKind(t, "delete again", i.DeleteUser(ctx, "eve@example.com"), fault.NotFound)
	users, err := i.Users(ctx)
	if err != nil || len(users) != 1 || users[0].Name != "admin" {
		t.Errorf("Users = %+v, %v", users, err)
	}
}

func TestLimit(t *testing.T) {
	tests := []struct{ limits, asked, want []string }{
		{nil, nil, nil},
		{nil, []string{"a"}, []string{"a"}},
		{[]string{"a", "b"}, nil, []string{"a", "b"}},
		{[]string{"a", "b"}, []string{"b"}, []string{"b"}},
	}
	for _, tt := range tests {
		p := &identity.Principal{Stores: tt.limits}
		got, err := p.Limit(tt.asked)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("Limit(%v) of %v = %v, %v", tt.asked, tt.limits, got, err)
		}
	}
	p := &identity.Principal{Stores: []string{"a"}}
	_, err := p.Limit([]string{"a", "c"})
	wantKind(t, "a store outside", err, fault.Denied)
	if identity.FromContext(t.Context()).Can(identity.Read) {
		t.Error("nobody may read")
	}
}

func TestLoginSlowsDown(t *testing.T) {
	i, first := start(t)
	wrong := func(user string) error {
		_, err := i.Login(t.Context(), user, "wrong", home)
		return err
	}
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		for n := range 5 {
			if err := wrong(first.User); fault.KindOf(err) != fault.NoToken {
				t.Fatalf("attempt %d: %v", n, err)
			}
		}
		var slow *identity.Throttled
		if _, err := i.Login(ctx, first.User, first.Password, home); !errors.As(err, &slow) || slow.After > time.Second || slow.After <= 0 {
			t.Fatalf("after five failures: %v", err)
		}
		if _, err := i.Login(ctx, first.User, first.Password, netip.MustParseAddr("192.0.2.2")); err != nil {
			t.Errorf("the same user from elsewhere is locked out: %v", err)
		}
		time.Sleep(slow.After)
		if err := wrong(first.User); fault.KindOf(err) != fault.NoToken {
			t.Fatalf("after the wait: %v", err)
		}
		if err := wrong(first.User); !errors.As(err, &slow) || slow.After <= time.Second {
			t.Errorf("the wait does not grow: %v", err)
		}
		time.Sleep(slow.After)
		if _, err := i.Login(ctx, first.User, first.Password, home); err != nil {
			t.Errorf("the right password after the wait: %v", err)
		}
		for n := range 5 {
			if err := wrong(first.User); fault.KindOf(err) != fault.NoToken {
				t.Errorf("attempt %d after a success: %v", n, err)
			}
		}
	})
}

// One host that tries many names is slowed down, too; with IPv6 one host has a whole network.
func TestLoginSlowsDownAddress(t *testing.T) {
	i, _ := start(t)
	var slow *identity.Throttled
	for n := range 60 {
		addr := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(n)})
		_, err := i.Login(t.Context(), "user"+string(rune('a'+n)), "wrong", addr)
		if errors.As(err, &slow) {
			if n < 20 {
				t.Errorf("slowed down after %d names", n)
			}
			return
		}
		wantKind(t, "unknown user", err, fault.NoToken)
	}
	t.Error("sixty names from one network were tried at full speed")
}

func TestExpiryAndFlush(t *testing.T) {
	i, first := start(t)
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		admin := verify(t, i, first.Token)
		_, secret, err := i.CreateToken(ctx, admin, identity.TokenRequest{Name: "short", Role: identity.Ingest, Expires: time.Now().Add(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		verify(t, i, secret)
		if err := i.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		list, err := i.Tokens(ctx)
		if err != nil || list[0].LastUsed.IsZero() || list[1].LastUsed.IsZero() {
			t.Errorf("the use of tokens was not noted: %+v, %v", list, err)
		}
		time.Sleep(time.Minute)
		_, err = i.Verify(ctx, secret)
		wantKind(t, "an expired token", err, fault.NoToken)
		if err := i.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if list, err := i.Tokens(ctx); err != nil || len(list) != 1 {
			t.Errorf("%d tokens after one expired, %v", len(list), err)
		}
	})
}

func TestRunFlushesAtTheEnd(t *testing.T) {
	i, first := start(t)
	verify(t, i, first.Token)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := i.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if list, err := i.Tokens(t.Context()); err != nil || list[0].LastUsed.IsZero() {
		t.Errorf("the use of a token was not noted: %+v, %v", list, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	i, first := start(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.Verify(b.Context(), first.Token); err != nil {
			b.Fatal(err)
		}
	}
}
