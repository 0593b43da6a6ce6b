// Package objectkey reads and writes the names under which CloudTrail puts files into a bucket.
//
//	[prefix/]AWSLogs/[o-…/]<account>/<kind>/<region>/YYYY/MM/DD/<name>  ──▶ Parse ──▶ Key ──▶ String
//
// A bucket holds other things too (Config, load balancers, VPC flow logs, what people put there): the folder after the
// account decides, and what is not CloudTrail's is not a Key. The prefix may contain anything, also "AWSLogs", so a key is
// read from its end. Regions of every partition are taken as they are (us-gov-west-1, cn-north-1).
//
// Names of files, by kind:
//
//	<account>_<kind>_<region>_YYYYMMDDTHHMMZ_<unique>.json.gz                                      log files
//	<account>_CloudTrail-Digest_<region>_<trail>_<home region>_YYYYMMDDTHHMMSSZ[_backfill].json.gz digest files
//
// A file that somebody decompressed in place (.json) keeps its meaning.
//
// Sources: AWS CloudTrail User Guide, "Getting and viewing your CloudTrail log files", "CloudTrail digest file structure".
package objectkey
