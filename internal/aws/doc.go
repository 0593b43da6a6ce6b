// Package aws is the one door to AWS: who we are there, and the few calls that Kiroku makes.
//
//	Options ──Open──▶ Client ──List, Get, Put──▶ objects of S3, or of a server that speaks like it
//	                     ├──Receive, Extend, Delete──▶ messages of SQS
//	                     ├──Trails, Status, Organization, Identity──▶ what an account has
//	                     └──PublicKeys──▶ keys that CloudTrail signs with
//
// It turns the SDK's errors into faults: NotFound (the object is gone), Denied with the permission that is missing (see
// Missing), Conflict (the object is archived), Invalid (no such bucket, queue or trail). Every other error is worth another
// try later; the SDK has tried some times already.
//
// Invariants: nothing is written to a bucket but by Put; a body that stops coming ends with an error; no secret is in an error.
package aws
