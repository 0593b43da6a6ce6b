//go:build integration

package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	account = "111122223333"
	bucket  = "example-trail-bucket"
)

// missing ends a test that cannot prove anything here.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("KIROKU_CI") != "" {
		t.Fatalf("MISSING: %s", what)
	}
	t.Skipf("SKIPPED, NOTHING WAS PROVED: %s", what)
}

// program finds a program by the variable that names it.
func program(t *testing.T, variable, fallback string) string {
	t.Helper()
	name := os.Getenv(variable)
	if name == "" {
		name = fallback
	}
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, fmt.Sprintf("%s (%v); run make integration, or set %s", name, err, variable))
	}
	if path, err = filepath.Abs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// background runs a program until the test ends, and waits until address can be reached.
func background(t *testing.T, address string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-done:
			t.Fatalf("%s ended: %s", name, said.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%s cannot be reached at %s", name, address)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// cloud is the servers in the place of AWS.
type cloud struct {
	t     *testing.T
	gw    string // program
	s3    *s3.Client
	sqs   *sqs.Client
	queue string // URL
	gate  string // address of versitygw
	moto  string // URL

	proxy *proxy // in front of versitygw
	calls *proxy // in front of moto
}

// proxy passes requests on. A hook may look at them, and at the answer's body as it goes by.
type proxy struct {
	url string

	mu       sync.Mutex
	methods  map[string]int // requests by method
	asked    func(*http.Request)
	answered func(*http.Response)
}

func (p *proxy) hook(asked func(*http.Request), answered func(*http.Response)) {
	p.mu.Lock()
	p.asked, p.answered = asked, answered
	p.mu.Unlock()
}

func (p *proxy) count(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.methods[method]
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{methods: map[string]int{}}
	rp := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: func(r *http.Response) error {
			p.mu.Lock()
			f := p.answered
			p.mu.Unlock()
			if f != nil {
				f(r)
			}
			return nil
		},
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // what is killed breaks its connections
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.methods[r.Method]++
		f := p.asked
		p.mu.Unlock()
		if f != nil {
			f(r)
		}
		rp.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	p.url = "http://" + l.Addr().String()
	return p
}

const (
	rootKey, rootSecret     = "AKIAROOTEXAMPLE", "root-secret-example"
	readerKey, readerSecret = "AKIAREADEREXAMPLE", "reader-secret-example"
)

// start runs the servers. Kiroku's user may only list and read the bucket.
func start(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, gw: program(t, "KIROKU_VERSITYGW", "versitygw")}
	moto := program(t, "KIROKU_MOTO", "moto_server")
	dir, iam := t.TempDir(), t.TempDir()
	c.gate = freePort(t)
	background(t, c.gate, nil, c.gw, "--access", rootKey, "--secret", rootSecret, "--port", c.gate, "--iam-dir", iam, "--quiet", "posix", dir)
	host := freePort(t)
	_, port, _ := net.SplitHostPort(host)
	background(t, host, []string{"MOTO_ACCOUNT_ID=" + account}, moto, "-H", "127.0.0.1", "-p", port)
	c.moto = "http://" + host
	c.proxy, c.calls = newProxy(t, "http://"+c.gate), newProxy(t, c.moto)

	root := sdk.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(rootKey, rootSecret, "")}
	c.s3 = s3.NewFromConfig(root, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = sdk.String("http://"+c.gate), true })
	c.sqs = sqs.NewFromConfig(root, func(o *sqs.Options) { o.BaseEndpoint = &c.moto })
	if out, err := exec.Command(c.gw, "admin", "--access", rootKey, "--secret", rootSecret, "--endpoint-url", "http://"+c.gate,
		"create-user", "--access", readerKey, "--secret", readerSecret, "--role", "user").CombinedOutput(); err != nil {
		t.Fatalf("create user: %v: %s", err, out)
	}
	c.makeBucket(bucket, true)
	out, err := c.sqs.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: sdk.String("trail")})
	if err != nil {
		t.Fatal(err)
	}
	c.queue = c.calls.url + "/" + account + "/trail"
	_ = out
	return c
}

// makeBucket makes a bucket that Kiroku's user may read, or not.
func (c *cloud) makeBucket(name string, readable bool) {
	c.t.Helper()
	ctx := context.Background()
	if _, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		c.t.Fatal(err)
	}
	if !readable {
		return
	}
	policy := fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":[%q]},"Action":["s3:ListBucket","s3:GetBucketLocation","s3:GetObject"],"Resource":["arn:aws:s3:::%s","arn:aws:s3:::%s/*"]}]}`, readerKey, name, name)
	if _, err := c.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: &policy}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cloud) put(bucket, key string, body []byte) {
	c.t.Helper()
	if _, err := c.s3.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body), ContentEncoding: sdk.String("gzip"), ContentType: sdk.String("application/json")}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cloud) send(body string) {
	c.t.Helper()
	if _, err := c.sqs.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &c.queue, MessageBody: &body}); err != nil {
		c.t.Fatal(err)
	}
}

// tell sends CloudTrail's own notification.
func (c *cloud) tell(keys ...string) {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"s3Bucket": bucket, "s3ObjectKey": keys})
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(string(text))
}

// left is how many messages the queue holds, hidden ones too.
func (c *cloud) left() int {
	c.t.Helper()
	out, err := c.sqs.GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{QueueUrl: &c.queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		c.t.Fatal(err)
	}
	n, hidden := 0, 0
	_, _ = fmt.Sscan(out.Attributes["ApproximateNumberOfMessages"], &n)
	_, _ = fmt.Sscan(out.Attributes["ApproximateNumberOfMessagesNotVisible"], &hidden)
	return n + hidden
}

// config writes a kiroku.yaml with one input of these keys.
func (c *cloud) config(keys ...string) string {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "kiroku.yaml")
	text := "inputs:\n  - type: cloudtrail\n    name: trail\n    poll_interval: 1s\n    visibility_timeout: 5s\n"
	for _, k := range keys {
		text += "    " + k + "\n"
	}
	text += fmt.Sprintf("    aws:\n      region: us-east-1\n      access_key_id: %s\n      secret_access_key: %s\n      path_style: true\n"+
		"      endpoints: {s3: %q, cloudtrail: %q, organizations: %q, sts: %q}\n", readerKey, readerSecret, c.proxy.url, c.moto, c.moto, c.moto)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// environment is that of Kiroku: nothing of the machine's own AWS configuration.
func environment() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "AWS_") {
			out = append(out, kv)
		}
	}
	return append(out, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent")
}
