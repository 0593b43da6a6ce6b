package aws

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// Trail is what CloudTrail says of a trail.
type Trail struct {
	ARN, Name, HomeRegion string
	Bucket, Prefix        string // where it delivers; Prefix is its S3KeyPrefix
	Organization          bool   // it records all accounts of the organization
	MultiRegion           bool
	Validated             bool // it delivers digests
}

// Trails asks for the trails that the region knows, shadows of other regions' and accounts' trails included.
func (c *Client) Trails(ctx context.Context) ([]Trail, error) {
	yes := true
	out, err := c.newCloudTrail(c.cfg.Region).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: &yes})
	if err != nil {
		return nil, wrap("cloudtrail:DescribeTrails", "", err)
	}
	var all []Trail
	for _, t := range out.TrailList {
		all = append(all, Trail{
			ARN: sdk.ToString(t.TrailARN), Name: sdk.ToString(t.Name), HomeRegion: sdk.ToString(t.HomeRegion), Bucket: sdk.ToString(t.S3BucketName),
			Prefix: sdk.ToString(t.S3KeyPrefix), Organization: sdk.ToBool(t.IsOrganizationTrail), MultiRegion: sdk.ToBool(t.IsMultiRegionTrail),
			Validated: sdk.ToBool(t.LogFileValidationEnabled),
		})
	}
	return all, nil
}

// TrailStatus is what a trail does.
type TrailStatus struct {
	Logging       bool
	Delivered     time.Time // last delivery; zero: never
	DeliveryError string    // of the last delivery, as S3 worded it
	Stopped       time.Time
}

// Status asks what a trail does, in its home region and by its ARN: a name alone is not found for trails of other regions.
func (c *Client) Status(ctx context.Context, t Trail) (TrailStatus, error) {
	region := t.HomeRegion
	if region == "" {
		region = c.cfg.Region
	}
	out, err := c.newCloudTrail(region).GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &t.ARN})
	if err != nil {
		return TrailStatus{}, wrap("cloudtrail:GetTrailStatus", t.ARN, err)
	}
	return TrailStatus{Logging: sdk.ToBool(out.IsLogging), Delivered: sdk.ToTime(out.LatestDeliveryTime), DeliveryError: sdk.ToString(out.LatestDeliveryError),
		Stopped: sdk.ToTime(out.StopLoggingTime)}, nil
}

func (c *Client) newCloudTrail(region string) *cloudtrail.Client {
	return cloudtrail.NewFromConfig(c.cfg, func(o *cloudtrail.Options) {
		o.Region = region
		override(&o.BaseEndpoint, c.opt.Endpoints.CloudTrail)
	})
}

// Organization asks for the id of the account's organization. fault.NotFound: it is in none.
func (c *Client) Organization(ctx context.Context) (string, error) {
	client := organizations.NewFromConfig(c.cfg, func(o *organizations.Options) { override(&o.BaseEndpoint, c.opt.Endpoints.Organizations) })
	out, err := client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return "", wrap("organizations:DescribeOrganization", "", err)
	}
	if out.Organization == nil {
		return "", nil
	}
	return sdk.ToString(out.Organization.Id), nil
}
