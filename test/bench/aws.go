package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"golang.org/x/sync/errgroup"
)

const (
	awsClients  = 8
	awsAccount  = "111122223333"
	awsRegion   = "us-east-1"
	putEvents   = 100 // of a call
	putLasts    = 20 * time.Second
	describes   = 1000 // calls a second
	describeFor = 5 * time.Second
)

// awsBench measures the AWS endpoints of one running binary.
type awsBench struct {
	*bench
	served
	data    string
	key     aws.Credentials
	channel string // ARN
	store   string // ID of the event data store of CloudTrail records
}

// aws measures PutAuditEvents, a query over CloudTrail records, and DescribeQuery.
func (b *bench) aws(ctx context.Context) (err error) {
	b.bin = "bin"
	a := awsBench{bench: b, data: filepath.Join(b.work, "aws")}
	if err := os.RemoveAll(a.data); err != nil {
		return err
	}
	var stop func() error
	if a.served, stop, err = b.start(ctx, a.data); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(), os.RemoveAll(a.data)) }()
	if err := a.prepare(ctx); err != nil {
		return err
	}
	if err := a.put(ctx); err != nil {
		return fmt.Errorf("put audit events: %w", err)
	}
	query, err := a.query(ctx)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return a.describe(ctx, query)
}

// prepare makes an access key, a channel, and an event data store of CloudTrail records, and fills the latter.
func (a *awsBench) prepare(ctx context.Context) error {
	var key struct{ AccessKeyID, SecretAccessKey string }
	if err := a.kiroku(ctx, &key, "keys", "create", "--account", awsAccount, "--principal", "bench", "--json"); err != nil {
		return err
	}
	a.key = aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}
	var made struct{ EventDataStoreArn, ChannelArn string }
	if err := a.call(ctx, "CreateEventDataStore", map[string]any{"Name": "channels", "AdvancedEventSelectors": selectors("ActivityAuditLog")}, &made); err != nil {
		return err
	}
	if err := a.call(ctx, "CreateChannel", map[string]any{"Name": "bench", "Source": "Custom",
		"Destinations": []any{map[string]string{"Type": "EVENT_DATA_STORE", "Location": made.EventDataStoreArn}}}, &made); err != nil {
		return err
	}
	a.channel = made.ChannelArn
	if err := a.call(ctx, "CreateEventDataStore", map[string]any{"Name": "trail", "AdvancedEventSelectors": selectors("Management")}, &made); err != nil {
		return err
	}
	a.store = made.EventDataStoreArn[strings.LastIndexByte(made.EventDataStoreArn, '/')+1:]
	return a.fill(ctx)
}

func selectors(category string) []any {
	return []any{map[string]any{"FieldSelectors": []any{map[string]any{"Field": "eventCategory", "Equals": []string{category}}}}}
}

// kiroku runs a command of the binary and reads what it prints.
func (a *awsBench) kiroku(ctx context.Context, out any, args ...string) error {
	cmd := exec.CommandContext(ctx, "bin/kiroku", append(args, "--data", a.data)...)
	cmd.Stderr = a.errw
	text, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("kiroku %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(text, out)
}

// call is one request of the API of CloudTrail.
func (a *awsBench) call(ctx context.Context, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."+op)
	return a.send(req, "cloudtrail", body, out)
}

// send signs a request and reads its answer.
func (a *awsBench) send(req *http.Request, service string, body []byte, out any) error {
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(req.Context(), a.key, req, hex.EncodeToString(sum[:]), service, awsRegion, time.Now()); err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, text)
	}
	return json.Unmarshal(text, out)
}

// fill imports b.events CloudTrail records of one week.
func (a *awsBench) fill(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "bin/kiroku", "import", "-", "--source", "cloudtrail", "--quiet", "--data", a.data)
	cmd.Stdout, cmd.Stderr = a.errw, a.errw
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	w := bufio.NewWriterSize(in, 1<<20)
	rnd := rand.New(rand.NewPCG(1, 2))
	start := time.Now().UTC().Add(-7 * 24 * time.Hour)
	written := 0
	for i := range a.events {
		at := start.Add(time.Duration(i) * (7 * 24 * time.Hour / time.Duration(a.events)))
		n, err := w.Write(trailRecord(rnd, at))
		if err != nil {
			return errors.Join(err, cmd.Wait())
		}
		written += n
	}
	if err := errors.Join(w.Flush(), in.Close(), cmd.Wait()); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	fmt.Fprintf(a.out, "imported %d CloudTrail records: %.0f a second, %.1f MB/s\n", a.events, float64(a.events)/took, float64(written)/1e6/took)
	return nil
}

var trailCalls = [...][2]string{{"ec2", "DescribeInstances"}, {"s3", "ListBuckets"}, {"iam", "GetUser"}, {"sts", "AssumeRole"}, {"kms", "Decrypt"},
	{"lambda", "Invoke"}, {"logs", "CreateLogStream"}, {"dynamodb", "DescribeTable"}}

func trailRecord(rnd *rand.Rand, at time.Time) []byte {
	user, call := rnd.IntN(2000), trailCalls[rnd.IntN(len(trailCalls))]
	return fmt.Appendf(nil, `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE%08d","arn":"arn:aws:iam::%s:user/user%d","accountId":"%s",`+
		`"accessKeyId":"AKIAEXAMPLE%07d","userName":"user%d"},"eventTime":"%s","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"%s",`+
		`"sourceIPAddress":"198.51.100.%d","userAgent":"aws-cli/2.15.0 md/awscrt#0.19.19","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-%017x"}]}},`+
		`"responseElements":null,"requestID":"%016x-%08x","eventID":"%08x-%04x-4%03x-8%03x-%012x","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,`+
		`"recipientAccountId":"%s","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256"}}`+"\n",
		user, awsAccount, user, awsAccount, user, user, at.Format(time.RFC3339), call[0], call[1], awsRegion, rnd.IntN(250), rnd.Uint64(),
		rnd.Uint64(), rnd.Uint32(), rnd.Uint32(), rnd.IntN(1<<16), rnd.IntN(1<<12), rnd.IntN(1<<12), rnd.Uint64()&(1<<48-1), awsAccount)
}

// put sends audit events with some clients at once.
func (a *awsBench) put(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, putLasts)
	defer cancel()
	var mu sync.Mutex
	var took []time.Duration
	target := a.url + "/PutAuditEvents?channelArn=" + url.QueryEscape(a.channel)
	var g errgroup.Group
	for c := range awsClients {
		g.Go(func() error {
			for n := 0; ; n++ {
				body, err := auditEvents(c, n)
				if err != nil {
					return err
				}
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
				if err != nil {
					return err
				}
				req.Header.Set("Content-Type", "application/json")
				began := time.Now()
				var out struct{ Successful, Failed []json.RawMessage }
				err = a.send(req, "cloudtrail-data", body, &out)
				if ctx.Err() != nil {
					return nil //nolint:nilerr // the time is over
				}
				if err != nil {
					return err
				}
				if len(out.Successful) != putEvents {
					return fmt.Errorf("%d of %d events stored; first refused: %s", len(out.Successful), putEvents, out.Failed[:min(1, len(out.Failed))])
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	rate := float64(putEvents*len(took)) / putLasts.Seconds()
	fmt.Fprintf(a.out, "PutAuditEvents, %d clients, %d events a call: %.0f events/s durable, %s\n", awsClients, putEvents, rate, quantiles(took))
	return nil
}

func auditEvents(client, call int) ([]byte, error) {
	type entry struct {
		ID        string `json:"id"`
		EventData string `json:"eventData"`
	}
	entries := make([]entry, putEvents)
	for i := range entries {
		id := fmt.Sprintf("%d-%d-%d", client, call, i)
		entries[i] = entry{id, fmt.Sprintf(`{"version":"1.0","userIdentity":{"type":"User","principalId":"user%d@example.com","details":{"team":"t%d"}},`+
			`"eventSource":"portal.example.com","eventName":"DocumentRead","eventTime":"%s","UID":"%s","requestParameters":{"document":"d-%d","mode":"read"},`+
			`"sourceIPAddress":"198.51.100.%d","recipientAccountId":"%s"}`, i, client, time.Now().UTC().Format("2006-01-02T15:04:05Z"), id, call, i%250, awsAccount)}
	}
	return json.Marshal(map[string]any{"auditEvents": entries})
}

// query asks for the events of each user in a week, cold and then warm, and returns the last query's ID.
func (a *awsBench) query(ctx context.Context) (id string, err error) {
	statement := fmt.Sprintf("SELECT userIdentity.arn, count(*) AS events FROM %s WHERE eventTime > '%s' GROUP BY userIdentity.arn ORDER BY events DESC LIMIT 10",
		a.store, time.Now().UTC().Add(-7*24*time.Hour).Format(time.DateTime))
	var took []time.Duration
	for range 7 {
		began := time.Now()
		var started struct{ QueryID string }
		if err := a.call(ctx, "StartQuery", map[string]string{"QueryStatement": statement}, &started); err != nil {
			return "", err
		}
		id = started.QueryID
		for state := ""; state != "FINISHED"; {
			var d struct{ QueryStatus, ErrorMessage string }
			if err := a.call(ctx, "DescribeQuery", map[string]string{"QueryId": id}, &d); err != nil {
				return "", err
			}
			if state = d.QueryStatus; state == "FAILED" || state == "TIMED_OUT" {
				return "", fmt.Errorf("%s: %s", state, d.ErrorMessage)
			}
			time.Sleep(2 * time.Millisecond)
		}
		took = append(took, time.Since(began))
	}
	cold := took[0].Round(time.Millisecond)
	fmt.Fprintf(a.out, "events by user in a week over %d CloudTrail records: first %s, then %s\n", a.events, cold, quantiles(took[1:]))
	return id, nil
}

// describe asks for the state of a query at an even rate.
func (a *awsBench) describe(ctx context.Context, id string) error {
	calls := make(chan struct{})
	var mu sync.Mutex
	var took []time.Duration
	var g errgroup.Group
	for range 4 * awsClients {
		g.Go(func() error {
			for range calls {
				began := time.Now()
				var out json.RawMessage
				if err := a.call(ctx, "DescribeQuery", map[string]string{"QueryId": id}, &out); err != nil {
					return err
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
			return nil
		})
	}
	began := time.Now()
	for n := 0; time.Since(began) < describeFor; {
		for due := int(time.Since(began).Seconds() * describes); n < due; n++ {
			calls <- struct{}{}
		}
		time.Sleep(time.Millisecond)
	}
	close(calls)
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "DescribeQuery at %.0f calls/s: %s\n", float64(len(took))/describeFor.Seconds(), quantiles(took))
	return nil
}

func quantiles(took []time.Duration) string {
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(10 * time.Microsecond) }
	return fmt.Sprintf("median %s, p99 %s, worst %s", at(0.5), at(0.99), at(1))
}
