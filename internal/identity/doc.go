// Package identity knows who may do what: users with passwords, tokens, sessions.
//
//	user + password ──▶ Login ──▶ session token ─┐
//	administrator   ──▶ CreateToken ──▶ API token┴──▶ Verify ──▶ Principal ──▶ Can(permission)
//
//	administrator   ──▶ AccessKeys.Create ──▶ access key ──▶ AccessKeys.Find ──▶ secret to verify a signature with, account
//
// A token is "kiro_<id>_<secret>". The id finds its row; of the secret, 256 random bits, only the SHA-256 is stored: a slow
// hash would add nothing to a secret that cannot be guessed, and would cost every request. Passwords, which people choose,
// are hashed with argon2id, and attempts are slowed down by user and address.
//
// Access keys sign requests to the AWS endpoints: their secrets must be known to verify a signature, so they are encrypted
// with a key that lies beside the database.
//
// Invariants: no secret is stored readable, or logged; a token or session that was revoked, expired or whose user was deleted is
// refused from the next request on; there is always an administrator; comparing never takes longer for a better guess.
package identity
