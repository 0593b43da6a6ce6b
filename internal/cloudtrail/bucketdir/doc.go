// Package bucketdir reads a copy of a bucket on disk as if it were the bucket.
//
//	folder ──▶ Open ──▶ Dir ──▶ folders, keys, objects with their metadata
//
// A copy keeps the keys from AWSLogs/ on as paths, as "aws s3 sync" makes it. Any folder of it may be opened: the bucket's, one
// above, or one below AWSLogs.
//
// The metadata of objects, in which CloudTrail keeps the signatures of digests, are files too. Either each object has a file
// beside it, named after it and ending in ".metadata.json", that holds what "aws s3api head-object" prints or only the object
// of metadata:
//
//	…T005959Z.json.gz
//	…T005959Z.json.gz.metadata.json    {"Metadata": {"signature": "33d7…", "signature-algorithm": "SHA256withRSA"}}
//
// or the folder that is opened holds a manifest objects.json. Then its entries are the bucket; file is where the content of the
// object lies below the folder, and the key where it is left out:
//
//	[{"bucket": "example", "key": "AWSLogs/…", "file": "1.json.gz", "metadata": {"signature": "33d7…"}}, …]
//
// Nothing outside of the folder is read, whatever links and keys say.
package bucketdir
