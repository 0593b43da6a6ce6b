package aws

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Message is one message of a queue.
type Message struct {
	ID       string
	Receipt  string // by which it is extended and deleted
	Body     string
	Received int       // how often it was received, this time included
	Sent     time.Time // when it came into the queue
}

// MaxMessages is how many messages one call handles.
const MaxMessages = 10

// Receive waits up to wait for messages, at most MaxMessages, and hides them from others for the time hidden.
func (c *Client) Receive(ctx context.Context, queue string, wait, hidden time.Duration) ([]Message, error) {
	out, err := c.queueClient(queue).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &queue, MaxNumberOfMessages: MaxMessages, WaitTimeSeconds: seconds(wait), VisibilityTimeout: seconds(hidden),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameSentTimestamp},
	})
	if err != nil {
		return nil, wrap("sqs:ReceiveMessage", queue, err)
	}
	var all []Message
	for _, m := range out.Messages {
		received, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]) // 0: unknown
		msg := Message{ID: sdk.ToString(m.MessageId), Receipt: sdk.ToString(m.ReceiptHandle), Body: sdk.ToString(m.Body), Received: max(received, 1)}
		if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
			msg.Sent = time.UnixMilli(ms).UTC()
		}
		all = append(all, msg)
	}
	return all, nil
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

// Extend hides messages, at most MaxMessages, for another time hidden from now on; 0 gives them back.
func (c *Client) Extend(ctx context.Context, queue string, receipts []string, hidden time.Duration) error {
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &queue}
	for i := range receipts {
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: sdk.String(strconv.Itoa(i)), ReceiptHandle: &receipts[i], VisibilityTimeout: seconds(hidden)})
	}
	out, err := c.queueClient(queue).ChangeMessageVisibilityBatch(ctx, in)
	if err != nil {
		return wrap("sqs:ChangeMessageVisibility", queue, err)
	}
	return failed("sqs:ChangeMessageVisibility", queue, out.Failed)
}

// Delete deletes messages, at most MaxMessages. After an error some may be deleted.
func (c *Client) Delete(ctx context.Context, queue string, receipts []string) error {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &queue}
	for i := range receipts {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: sdk.String(strconv.Itoa(i)), ReceiptHandle: &receipts[i]})
	}
	out, err := c.queueClient(queue).DeleteMessageBatch(ctx, in)
	if err != nil {
		return wrap("sqs:DeleteMessage", queue, err)
	}
	return failed("sqs:DeleteMessage", queue, out.Failed)
}

func failed(action, queue string, all []types.BatchResultErrorEntry) error {
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("%s %q: %d messages: %w", action, queue, len(all), errors.New(sdk.ToString(all[0].Code)+": "+sdk.ToString(all[0].Message)))
}

// queueHost are the hosts of AWS's queues, new and old: sqs.us-east-1.amazonaws.com, us-east-1.queue.amazonaws.com.
var queueHost = regexp.MustCompile(`^(?:sqs(?:-fips)?\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws|amazonaws\.eu)$`)

// QueueRegion is the region that the URL of a queue names, or "".
func QueueRegion(queue string) string {
	u, err := url.Parse(queue)
	if err != nil {
		return ""
	}
	m := queueHost.FindStringSubmatch(strings.ToLower(u.Hostname()))
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}

// queueClient is the client of the region that the queue's URL names. A URL that is not AWS's is itself the address.
func (c *Client) queueClient(queue string) *sqs.Client {
	region, endpoint := QueueRegion(queue), c.opt.Endpoints.SQS
	if region == "" {
		region = c.cfg.Region
		if u, err := url.Parse(queue); err == nil && endpoint == "" && c.opt.Endpoint == "" {
			endpoint = u.Scheme + "://" + u.Host
		}
	}
	key := region + " " + endpoint
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sqs[key] == nil {
		c.sqs[key] = sqs.NewFromConfig(c.cfg, func(o *sqs.Options) {
			o.Region = region
			override(&o.BaseEndpoint, endpoint)
		})
	}
	return c.sqs[key]
}
