// Package aws runs the built binary against real servers in the place of AWS: versitygw as S3, moto as SQS, CloudTrail,
// Organizations and STS.
//
//	test ─put─▶ versitygw ─▶ proxy ─▶ bin/kiroku serve ─▶ kiroku query, status ─▶ compared with what was put
//	test ─send─▶ moto ───▶ proxy ─▶
//
// The proxy sees what Kiroku asks for, and kills it at the moment that a test names.
//
// The tests have the build tag "integration"; run them with make integration. KIROKU names the binary, KIROKU_VERSITYGW and
// KIROKU_MOTO the servers. What is missing skips its tests in capitals, and fails them where KIROKU_CI is set.
package aws
