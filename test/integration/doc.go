// Package integration runs the built binary as a user would and looks at what the user would see: real senders (rsyslog,
// syslog-ng, logger, nc), certificates, configuration of a Datadog Agent, ports that cannot be had, SIGKILL at random
// moments, a full disk, other programs that read the tables, and AWS's CLI and SDKs with nothing changed but the endpoint.
//
//	sender ─▶ bin/kiroku serve ─▶ kiroku query, status, fsck ─▶ compared with what was sent
//
// The tests have the build tag "integration"; run them with make integration. KIROKU names the binary, KIROKU_TOOLS the
// folder where .ci/senders unpacked rsyslog and syslog-ng into senders, KIROKU_PYTHON an interpreter with pyiceberg and
// duckdb, KIROKU_AWS the AWS CLI; awsjs holds the SDK for JavaScript. What is missing skips its tests in capitals, and fails them where KIROKU_CI is set. Only Terraform's test is skipped
// there, too: it needs TERRAFORM_AWS_PROVIDER, a folder with a built terraform-provider-aws.
package integration
