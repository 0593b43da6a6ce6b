// Package bucket reads a bucket of S3 for the verification of digests.
//
//	aws.Client, name of a bucket ──▶ Bucket ──▶ folders, keys, objects with their metadata
//	aws.Client, region ──▶ Lister ──▶ public keys
//
// Nothing is written to the bucket; s3:ListBucket, s3:GetObject and, for encrypted objects, kms:Decrypt are enough, and for the
// keys cloudtrail:ListPublicKeys.
package bucket
