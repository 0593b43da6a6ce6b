package api

import (
	"context"
	"errors"
	"slices"

	"kiroku/internal/fault"
	"kiroku/internal/identity"
)

// Login answers POST /api/v1/login.
func (s *server) Login(ctx context.Context, r LoginRequestObject) (LoginResponseObject, error) {
	if len(r.Body.User) > 200 || len(r.Body.Password) > 1024 {
		return nil, invalid("Check both.", "log in: the user or the password is too long")
	}
	start, err := s.deps.Identity.Login(ctx, r.Body.User, r.Body.Password, peer(ctx).Addr())
	if err != nil {
		return nil, err
	}
	return Login200JSONResponse{Token: start.Token, User: start.User.Name, Role: Role(start.User.Role), Expires: start.Expires.UTC(),
		MustChangePassword: start.User.MustChange}, nil
}

// Logout answers POST /api/v1/logout.
func (s *server) Logout(ctx context.Context, _ LogoutRequestObject) (LogoutResponseObject, error) {
	p := identity.FromContext(ctx)
	if p.Kind != identity.Session {
		return nil, invalid("Revoke a token with DELETE /api/v1/tokens/{id}.", "log out: the caller is a token, not a session")
	}
	if err := s.deps.Identity.Revoke(ctx, p.Token); err != nil {
		return nil, err
	}
	return Logout204Response{}, nil
}

// ChangePassword answers POST /api/v1/password.
func (s *server) ChangePassword(ctx context.Context, r ChangePasswordRequestObject) (ChangePasswordResponseObject, error) {
	if err := s.deps.Identity.ChangePassword(ctx, identity.FromContext(ctx), r.Body.Old, r.Body.New, peer(ctx).Addr()); err != nil {
		return nil, err
	}
	return ChangePassword204Response{}, nil
}

// Me answers GET /api/v1/me.
func (s *server) Me(ctx context.Context, _ MeRequestObject) (MeResponseObject, error) {
	p := identity.FromContext(ctx)
	return Me200JSONResponse{User: p.Name(), Role: Role(p.Role), Permissions: permissionsTo(p.Permissions()), Stores: p.Stores,
		Expires: p.Expires, MustChangePassword: p.MustChange}, nil
}

// ListUsers answers GET /api/v1/users.
func (s *server) ListUsers(ctx context.Context, _ ListUsersRequestObject) (ListUsersResponseObject, error) {
	users, err := s.deps.Identity.Users(ctx)
	if err != nil {
		return nil, err
	}
	out := ListUsers200JSONResponse{Users: make([]User, len(users))}
	for i, u := range users {
		out.Users[i] = User{Name: u.Name, Role: Role(u.Role), Grants: permissionsTo(u.Grants), Created: u.Created, LastLogin: u.LastLogin, MustChangePassword: u.MustChange}
	}
	return out, nil
}

// CreateUser answers POST /api/v1/users.
func (s *server) CreateUser(ctx context.Context, r CreateUserRequestObject) (CreateUserResponseObject, error) {
	u, password, err := s.deps.Identity.CreateUser(ctx, r.Body.Name, identity.Role(r.Body.Role), permissionsFrom(r.Body.Grants))
	if err != nil {
		return nil, err
	}
	return CreateUser201JSONResponse{Name: u.Name, Role: Role(u.Role), Grants: permissionsTo(u.Grants), Created: u.Created.UTC(), MustChangePassword: u.MustChange,
		Password: password}, nil
}

// DeleteUser answers DELETE /api/v1/users/{name}.
func (s *server) DeleteUser(ctx context.Context, r DeleteUserRequestObject) (DeleteUserResponseObject, error) {
	if err := s.deps.Identity.DeleteUser(ctx, r.Name); err != nil {
		return nil, err
	}
	return DeleteUser204Response{}, nil
}

// ListTokens answers GET /api/v1/tokens.
func (s *server) ListTokens(ctx context.Context, _ ListTokensRequestObject) (ListTokensResponseObject, error) {
	tokens, err := s.deps.Identity.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	out := ListTokens200JSONResponse{Tokens: make([]Token, len(tokens))}
	for i, t := range tokens {
		out.Tokens[i] = tokenTo(t)
	}
	return out, nil
}

// CreateToken answers POST /api/v1/tokens.
func (s *server) CreateToken(ctx context.Context, r CreateTokenRequestObject) (CreateTokenResponseObject, error) {
	if err := s.storesExist(ctx, r.Body.Stores); err != nil {
		return nil, err
	}
	t, secret, err := s.deps.Identity.CreateToken(ctx, identity.FromContext(ctx), identity.TokenRequest{Name: r.Body.Name, Role: identity.Role(r.Body.Role),
		Grants: permissionsFrom(r.Body.Grants), Stores: r.Body.Stores, Expires: r.Body.Expires})
	if err != nil {
		return nil, err
	}
	o := tokenTo(t)
	return CreateToken201JSONResponse{ID: o.ID, Name: o.Name, Kind: o.Kind, Prefix: o.Prefix, Role: o.Role, Grants: o.Grants, Stores: o.Stores, User: o.User,
		Created: o.Created, Expires: o.Expires, Token: secret}, nil
}

// storesExist refuses a token that is limited to a misspelt store: it would see nothing.
func (s *server) storesExist(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	stores, err := s.deps.Stores.List(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(stores, func(st Store) bool { return st.Name == name }) {
			return invalid("List the stores with GET /api/v1/stores.", "create token: there is no store %q", name)
		}
	}
	return nil
}

// RevokeToken answers DELETE /api/v1/tokens/{id}, for tokens and sessions.
func (s *server) RevokeToken(ctx context.Context, r RevokeTokenRequestObject) (RevokeTokenResponseObject, error) {
	if r.ID == identity.FromContext(ctx).Token {
		return nil, fault.New(fault.Conflict, errors.New("revoke token: it is the one that asks"), "Use another token to revoke this one, or POST /api/v1/logout for a session.")
	}
	if err := s.deps.Identity.Revoke(ctx, r.ID); err != nil {
		return nil, err
	}
	return RevokeToken204Response{}, nil
}

func tokenTo(t identity.Token) Token {
	stores := t.Stores
	if stores == nil {
		stores = []string{}
	}
	return Token{ID: t.ID, Name: t.Name, Kind: TokenKind(t.Kind), Prefix: t.Prefix(), Role: Role(t.Role), Grants: permissionsTo(t.Grants), Stores: stores,
		User: t.User, Created: t.Created.UTC(), Expires: t.Expires.UTC(), LastUsed: t.LastUsed.UTC()}
}

func permissionsTo(in []identity.Permission) []Permission {
	out := make([]Permission, len(in))
	for i, p := range in {
		out[i] = Permission(p)
	}
	return out
}

func permissionsFrom(in []Permission) []identity.Permission {
	out := make([]identity.Permission, len(in))
	for i, p := range in {
		out[i] = identity.Permission(p)
	}
	return out
}
