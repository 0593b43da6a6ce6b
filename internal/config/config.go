package config

import "kiroku/internal/forward/wire"

// Config is everything that can be configured. Paths in a file are relative to the file's folder.
type Config struct {
	// Folder of everything that Kiroku stores.
	DataDir string `yaml:"data_dir" path:"folder"`
	HTTP    HTTP   `yaml:"http"`
	Log     Log    `yaml:"log"`
	Lake    Lake   `yaml:"lake"`
	// Event data stores. The store "default" is always there.
	Stores []Store `yaml:"stores"`
	// Which store an event goes to: the first route that fits, else the store of its input, else "default".
	Routes []Route `yaml:"routes"`
	// How much attention the events of a service get, by source and service: normal, or low for what is seldom looked at.
	// "default" stands for the services that are not named. Without it the 30 services in docs/guide/cloudtrail-events.md
	// are normal and all others of cloudtrail low; every service of another source is normal.
	Priorities map[string]map[string]string `yaml:"priorities" example:"{cloudtrail: {sts: normal, ec2: low}}"`
	// Where records come in. Files in conf.d add to them.
	Inputs []Input `yaml:"inputs"`
	Enrich Enrich  `yaml:"enrich"`
	Query  Query   `yaml:"query"`
	AWSAPI AWSAPI  `yaml:"aws_api"`
	SIEM   SIEM    `yaml:"siem_agents"`
	// Folder with input files of the Datadog Agent's form: <name>.d/conf.yaml or <name>.yaml. Default: conf.d beside
	// this file.
	ConfD string `yaml:"conf_d" path:"folder" example:"/etc/kiroku/conf.d"`

	LogsEnabled ignored `yaml:"logs_enabled"` // the Datadog Agent's; logs are always enabled here
	Logs        ignored `yaml:"logs"`         // belongs in conf.d

	// Warnings are keys that were accepted but have no effect.
	Warnings Problems `yaml:"-"`

	where map[string]position
}

// HTTP is the console and the APIs.
type HTTP struct {
	// Address to listen on. Wider than this machine only with TLS and a password.
	Address string `yaml:"address"`
	// Certificate and key, PEM. Both or neither.
	CertFile string `yaml:"cert_file" path:"file" example:"/etc/kiroku/tls/cert.pem"`
	KeyFile  string `yaml:"key_file" path:"file" example:"/etc/kiroku/tls/key.pem"`
}

// Log is Kiroku's own log, on standard error.
type Log struct {
	// debug, info, warn or error.
	Level string `yaml:"level"`
	// text or json.
	Format string `yaml:"format"`
}

// Lake is how events are stored.
type Lake struct {
	// An event is durable and searchable at most this long after it arrived.
	FlushInterval Duration `yaml:"flush_interval"`
	// A batch is written sooner when it has this many events.
	FlushEvents int `yaml:"flush_events"`
	// A batch is written sooner when its records are this long together.
	FlushBytes Size `yaml:"flush_bytes"`
	// Fresh events are merged and published to their Iceberg table this often.
	PublishInterval Duration `yaml:"publish_interval"`
	// They are published sooner when a store's fresh files are this large.
	PublishBytes Size `yaml:"publish_bytes"`
	// Small data files of a day are merged towards this size.
	CompactTarget Size `yaml:"compact_target"`
	// Table snapshots older than this are removed.
	SnapshotExpiry Duration `yaml:"snapshot_expiry"`
	// Nothing is taken in while the disk has less room than this; nothing acknowledged is lost.
	MinFree Size `yaml:"min_free"`
}

// Store is an event data store: a table with its own retention.
type Store struct {
	// Lower-case letters, digits, "-" and "_", at most 63, beginning with a letter.
	Name string `yaml:"name"`
	// How long events are kept, by their own time: days (365d), or forever.
	Retention Retention `yaml:"retention"`

	implied bool
}

// Implied says that this is the store "default" and that the file does not name it.
func (s *Store) Implied() bool { return s.implied }

// Route sends events to a store. Every list that is given must contain the event's value.
type Route struct {
	// Store that fitting events go to.
	Store string `yaml:"store" example:"vpn"`
	// Sources, for example ivanti-connect-secure.
	Sources []string `yaml:"sources" example:"[ivanti-connect-secure]"`
	// Tags; one of them is enough.
	Tags []string `yaml:"tags" example:"[\"env:prod\"]"`
	// Services.
	Services []string `yaml:"services" example:"[vpn]"`
	// Names of inputs.
	Inputs []string `yaml:"inputs" example:"[syslog-tcp-5514]"`
}

// Input is one place where records come in.
type Input struct {
	// Unique name. Default: syslog-<type>-<port>; cloudtrail-<bucket or queue>.
	Name string `yaml:"name" example:"vpn"`
	// tcp, udp or tls for syslog, or cloudtrail for the files that CloudTrail delivers to S3.
	Type string `yaml:"type"`
	// Address to listen on, host:port. Without a host all addresses of the machine, IPv4 and IPv6.
	Address string `yaml:"address"`
	// Instead of address: the port, and the address of this machine to listen on (default: all).
	Port     int    `yaml:"port" example:"514"`
	BindHost string `yaml:"bind_host" example:"192.0.2.10"`
	// Product whose records come in. Without it each record is recognised by its content.
	Source string `yaml:"source" example:"ivanti-connect-secure"`
	// Service of the events, where their source sets no better one.
	Service string `yaml:"service" example:"vpn"`
	// Tags of the events: a list, or one text with commas.
	Tags Tags `yaml:"tags" example:"[\"env:prod\", \"site:tokyo\"]"`
	// Time zone of time stamps that carry none.
	Zone string `yaml:"zone" example:"Asia/Tokyo"`
	// Store of the events, unless a route sends them elsewhere.
	Store string `yaml:"store" example:"default"`
	// Longest record. Of a longer one the beginning is kept, with the label truncated; the status counts the bytes that were cut.
	FrameSize Size `yaml:"frame_size"`
	// How much may be on its way from this input to the disk. When it is reached TCP waits and UDP drops. For type cloudtrail
	// it is 8MiB when left out.
	Queue Size `yaml:"queue"`
	// Most connections at once.
	MaxConnections int `yaml:"max_connections"`
	// A connection that is silent for so long is closed. 0: never.
	IdleTimeout Duration `yaml:"idle_timeout"`
	// Addresses and networks that may send; all when empty.
	Allow []string `yaml:"allow" example:"[192.0.2.0/24, \"2001:db8::/32\"]"`
	// Addresses and networks that may not send, even when allowed above.
	Deny []string `yaml:"deny" example:"[198.51.100.7]"`
	// For type tls.
	TLS TLS `yaml:"tls"`
	// What happens to records before they are stored, in this order.
	Rules []Rule `yaml:"log_processing_rules"`

	// For type cloudtrail: bucket to look into, by its name.
	Bucket string `yaml:"bucket" example:"example-trail-bucket"`
	// For type cloudtrail: the S3 key prefix of the trail: what stands before AWSLogs/ in the keys of the bucket.
	Prefix string `yaml:"prefix" example:"trails"`
	// For type cloudtrail: SQS queue that tells of new objects, in any of the forms that S3, SNS, CloudTrail and EventBridge
	// send.
	QueueURL string `yaml:"queue_url" example:"https://sqs.us-east-1.amazonaws.com/111122223333/trail"`
	// For type cloudtrail: ask CloudTrail for the trails of the account and look into their buckets; so it does when
	// neither bucket nor queue_url is given.
	Discover bool `yaml:"discover" example:"true"`
	// For type cloudtrail: first day that is looked at, a date or an age (90d); everything when left out.
	Since string `yaml:"since" example:"2026-01-01"`
	// For type cloudtrail: how often the buckets are looked into (5m when left out).
	PollInterval Duration `yaml:"poll_interval" example:"5m"`
	// For type cloudtrail: how long a message of the queue stays hidden when nothing is heard of Kiroku (2m when left out).
	VisibilityTimeout Duration `yaml:"visibility_timeout" example:"2m"`
	// For type cloudtrail: verify CloudTrail's digests continuously and raise an alert for what is wrong. true: digests must be
	// found; false: they are not looked for; left out: those that are found are verified.
	VerifyDigests Switch `yaml:"verify_digests" example:"true"`
	// For type cloudtrail: how often digests are verified (1h when left out).
	VerifyInterval Duration `yaml:"verify_interval" example:"1h"`
	// For type cloudtrail: files with the public keys of digests, as "aws cloudtrail list-public-keys" prints them, for machines
	// that cannot ask CloudTrail.
	DigestKeys []string `yaml:"digest_keys" path:"file" example:"[/etc/kiroku/cloudtrail-keys.json]"`
	AWS        AWS      `yaml:"aws"`

	// Integration is the folder of conf.d that configures the input, without ".d".
	Integration string `yaml:"-"`

	path    string // of the input within where
	agent   bool   // comes from conf.d
	implied bool   // a default that nobody asked for
}

// TLS is how an input proves who it is, and whom it asks for a certificate. Changed files are read without a restart.
type TLS struct {
	// Certificate and key, PEM.
	CertFile string `yaml:"cert_file" path:"file" example:"/etc/kiroku/tls/cert.pem"`
	KeyFile  string `yaml:"key_file" path:"file" example:"/etc/kiroku/tls/key.pem"`
	// Authorities of client certificates, PEM.
	CAFile string `yaml:"ca_file" path:"file" example:"/etc/kiroku/tls/ca.pem"`
	// none, optional or required.
	ClientAuth string `yaml:"client_auth" example:"required"`
	// tlsv1.2 or tlsv1.3.
	MinVersion string `yaml:"min_tls_version" example:"tlsv1.2"`
}

// AWS is for type cloudtrail, and for aws_api.imports and deliveries: who Kiroku is at AWS. What is not given is taken from where the AWS CLI takes it: environment,
// ~/.aws, web identity of a pod, role of the machine.
type AWS struct {
	// Region; it also decides the partition (us-gov-west-1, cn-north-1). Default: the profile's, else us-east-1. Buckets
	// and queues may be in other regions.
	Region string `yaml:"region" example:"us-east-1"`
	// Profile of ~/.aws/config and ~/.aws/credentials.
	Profile string `yaml:"profile" example:"audit"`
	// Static keys: the id,
	AccessKeyID string `yaml:"access_key_id" example:"AKIAIOSFODNN7EXAMPLE"`
	// the secret,
	SecretAccessKey string `yaml:"secret_access_key"`
	// and the token that temporary keys have.
	SessionToken string `yaml:"session_token"`
	// Role to assume with these credentials.
	RoleARN string `yaml:"role_arn" example:"arn:aws:iam::111122223333:role/kiroku"`
	// External id that the role's trust policy asks for.
	ExternalID string `yaml:"external_id" example:"kiroku-7f3a"`
	// Name of the role's session, as CloudTrail shows it. Default: kiroku.
	SessionName string `yaml:"role_session_name" example:"kiroku"`
	// File with a token of an identity provider; the role is assumed with it instead of credentials.
	WebIdentityTokenFile string `yaml:"web_identity_token_file" path:"file" example:"/var/run/secrets/eks.amazonaws.com/serviceaccount/token"`
	// URL of all services, for servers that speak like AWS.
	Endpoint  string       `yaml:"endpoint" example:"https://s3.example.com"`
	Endpoints AWSEndpoints `yaml:"endpoints"`
	// Buckets are named in the path, not in the host name. Many servers other than AWS need it.
	PathStyle bool `yaml:"path_style" example:"true"`
}

// AWSEndpoints is the URLs of single services, before endpoint.
type AWSEndpoints struct {
	S3            string `yaml:"s3" example:"http://127.0.0.1:7070"`
	SQS           string `yaml:"sqs" example:"http://127.0.0.1:5000"`
	CloudTrail    string `yaml:"cloudtrail" example:"http://127.0.0.1:5000"`
	Organizations string `yaml:"organizations" example:"http://127.0.0.1:5000"`
	STS           string `yaml:"sts" example:"http://127.0.0.1:5000"`
}

// Rule drops or masks records of an input.
type Rule struct {
	// exclude_at_match, include_at_match or mask_sequences.
	Type string `yaml:"type" example:"mask_sequences"`
	// Name of the rule.
	Name string `yaml:"name" example:"mask_card_numbers"`
	// Regular expression (RE2).
	Pattern string `yaml:"pattern" example:"\"[0-9]{16}\""`
	// For mask_sequences: what is written instead of the match; $1 is its first group.
	Placeholder string `yaml:"replace_placeholder" example:"\"[masked]\""`

	Matching ignored `yaml:"matching"` // of remap_source, which has no effect
}

// Enrich is what is added to events.
type Enrich struct {
	// Database of address locations (MMDB). Without it events have no location.
	GeoIP string `yaml:"geoip" path:"file" example:"/usr/share/GeoIP/city.mmdb"`
}

// Query is what searches and SQL jobs may use at most.
type Query struct {
	// Memory of all queries together. 0: 1GiB.
	Memory Size `yaml:"memory" example:"1GiB"`
	// Processor cores of all queries together. 0: all.
	Threads int `yaml:"threads" example:"2"`
	// A query that takes longer is ended.
	Timeout Duration `yaml:"timeout"`
	// Rows that an SQL job may return.
	MaxRows int `yaml:"max_rows"`
}

// AWSAPI is the endpoints for the AWS CLI and SDKs: event data stores, channels and PutAuditEvents, on the address of http.
type AWSAPI struct {
	// Account of what is made without naming one. Without it the account of the access keys, when they are of one.
	Account string `yaml:"account" example:"\"111122223333\""`
	// Region of what is made without naming one. Clients may sign for any region; each has its own stores and channels.
	Region string `yaml:"region"`
	// Management account of your organization: only its stores may take the events of all accounts (OrganizationEnabled).
	// Without it no store may. Whoever has an access key of this account can read what all accounts did.
	ManagementAccount string `yaml:"management_account" example:"\"111122223333\""`
	// Second part of ARNs: aws, aws-cn or aws-us-gov.
	Partition string `yaml:"partition"`
	// Names, with the port if it is not the usual one, under which clients know this server when a proxy changes the
	// Host header. A signature is for the name that the client used.
	Hosts []string `yaml:"hosts" example:"[kiroku.example.com, \"kiroku.example.com:8443\"]"`
	// Sources that channels may have beside Custom and those of CloudTrail's partners.
	ChannelSources []string `yaml:"channel_sources" example:"[OurPortal]"`
	// Who Kiroku is at AWS when it reads the files of an import. Without role_arn the role that the import names
	// (S3BucketAccessRoleArn) is assumed, but not where endpoint or endpoints.s3 is given without endpoints.sts.
	Imports AWS `yaml:"imports"`
	// Who Kiroku is at AWS when it delivers the result of a query to a bucket.
	Deliveries AWS `yaml:"deliveries"`
	// Buckets that imports may read. Without it, all that the credentials of imports can.
	ImportBuckets []string `yaml:"import_buckets" example:"[amzn-s3-demo-trail]"`
	// Buckets that results may be delivered to. Without it, all that the credentials of deliveries can.
	DeliveryBuckets []string `yaml:"delivery_buckets" example:"[amzn-s3-demo-results]"`
	// Quotas; the defaults are CloudTrail Lake's.
	Limits AWSLimits `yaml:"limits"`
}

// AWSLimits is the quotas of an account in a region, and of a request.
type AWSLimits struct {
	// Event data stores.
	EventDataStores int `yaml:"event_data_stores"`
	// Whether stores that wait to be deleted count.
	CountPending bool `yaml:"count_pending_deletion"`
	// Channels.
	Channels int `yaml:"channels"`
	// Channels that have the same source.
	ChannelsPerSource int `yaml:"channels_per_source"`
	// Tags of a store or a channel.
	Tags int `yaml:"tags"`
	// Events of one PutAuditEvents request.
	AuditEvents int `yaml:"audit_events"`
	// Days that a deleted store can be restored.
	DeletionDays int `yaml:"deletion_days"`
	// Refused events that are kept of a channel, the newest ones.
	Rejected int `yaml:"rejected_events"`
	// Dashboards.
	Dashboards int `yaml:"dashboards"`
	// Widgets of a dashboard.
	Widgets int `yaml:"widgets"`
	// Queries that wait or run.
	Queries int `yaml:"queries"`
	// A query that runs longer is ended.
	QueryTime Duration `yaml:"query_time"`
}

// SIEM is when SIEM agents count as lost, and their destinations as failing or behind.
type SIEM struct {
	// An agent that was not heard of for longer is in the state connection_error, and has the notification siem_agent_error.
	ConnectionErrorAfter Duration `yaml:"connection_error_after"`
	// After longer than this it is in the state disconnected, and a system alert is raised.
	DisconnectedAfter Duration `yaml:"disconnected_after"`
	// A destination that has had errors for longer raises the notification siem_agent_notification_error and a system alert.
	NotificationErrorAfter Duration `yaml:"notification_error_after"`
	// The delivery of a destination is backlog when its next event was taken in longer ago.
	BacklogAfter Duration `yaml:"backlog_after"`
}

// Default is the configuration without any file.
func Default() *Config {
	tcp, udp, siem := Input{Type: "tcp"}, Input{Type: "udp"}, wire.DefaultThresholds()
	for _, in := range []*Input{&tcp, &udp} {
		in.setDefaults()
		in.Address, in.implied = "127.0.0.1:5514", true
	}
	return &Config{
		DataDir: "data",
		HTTP:    HTTP{Address: "127.0.0.1:8480"},
		Log:     Log{Level: "info", Format: "text"},
		Lake: Lake{
			FlushInterval:   milliseconds(500),
			FlushEvents:     128 << 10,
			FlushBytes:      64 << 20,
			PublishInterval: seconds(60),
			PublishBytes:    64 << 20,
			CompactTarget:   128 << 20,
			SnapshotExpiry:  days(1),
			MinFree:         512 << 20,
		},
		Stores: []Store{{Name: DefaultStore, implied: true}}, // for ever: what people bring along may be old
		Inputs: []Input{tcp, udp},
		Query:  Query{Timeout: seconds(60), MaxRows: 1_000_000},
		AWSAPI: AWSAPI{Region: "us-east-1", Partition: "aws", Limits: AWSLimits{EventDataStores: 10, CountPending: true, Channels: 25,
			ChannelsPerSource: 1, Tags: 50, AuditEvents: 100, DeletionDays: 7, Rejected: 10_000, Dashboards: 100, Widgets: 10, Queries: 10, QueryTime: seconds(60 * 60)}},
		SIEM: SIEM{ConnectionErrorAfter: Duration(siem.ConnectionError), DisconnectedAfter: Duration(siem.Disconnected),
			NotificationErrorAfter: Duration(siem.NotificationError), BacklogAfter: Duration(siem.Backlog)},
		where: map[string]position{},
	}
}

// DefaultStore is the store of events that nothing sends elsewhere.
const DefaultStore = "default"

func (in *Input) setDefaults() {
	in.FrameSize, in.Queue, in.MaxConnections = 64<<10, 32<<20, 4096
}

func (s *Store) setDefaults() {}
