// Package sigv4 verifies AWS Signature Version 4 on the server's side, in the Authorization header form.
//
//	request ──Begin: header, key, scope, time──▶ Pending ──Check: hash of the body──▶ Claims
//	                                                              └──▶ Replays: was this signature taken before?
//
// Begin needs no body, so that a caller without a valid key cannot make the service read one. Names of errors and their
// HTTP status are those of AWS services, because SDKs act on them: see Error.
//
// Invariants: the secret and the canonical request never leave the package; signatures are compared in constant time; the
// work is linear in the size of the request, whose header net/http has bounded.
//
// Specification: "Authenticating requests (AWS Signature Version 4)" of the AWS IAM user guide.
package sigv4
