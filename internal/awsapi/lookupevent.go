package awsapi

import (
	"bytes"
	"encoding/json"
	"strings"
)

// LookedUpEvent is an event as LookupEvents shows it.
type LookedUpEvent struct {
	EventId         string `json:",omitempty"`
	EventName       string `json:",omitempty"`
	ReadOnly        string `json:",omitempty"` // "true" or "false"
	AccessKeyId     string `json:",omitempty"`
	EventTime       *Timestamp
	EventSource     string           `json:",omitempty"`
	Username        string           `json:",omitempty"`
	Resources       []LookedUpObject // never nil
	CloudTrailEvent string           // the record
}

// LookedUpObject is a resource that an event is about.
type LookedUpObject struct {
	ResourceType string `json:",omitempty"`
	ResourceName string `json:",omitempty"`
}

// namedResource is a request parameter that names a resource.
type namedResource struct{ service, parameter, typ string }

// namedResources are for calls whose record has no list of resources, which is most of them. CloudTrail does not say by what
// it names the resources in its answers; these are the parameters that the services' own references call the resource's name.
var namedResources = []namedResource{
	{"iam.amazonaws.com", "userName", "AWS::IAM::User"},
	{"iam.amazonaws.com", "roleName", "AWS::IAM::Role"},
	{"iam.amazonaws.com", "groupName", "AWS::IAM::Group"},
	{"iam.amazonaws.com", "policyArn", "AWS::IAM::Policy"},
	{"iam.amazonaws.com", "instanceProfileName", "AWS::IAM::InstanceProfile"},
	{"iam.amazonaws.com", "accessKeyId", "AWS::IAM::AccessKey"},
	{"sts.amazonaws.com", "roleArn", "AWS::IAM::Role"},
	{"s3.amazonaws.com", "bucketName", "AWS::S3::Bucket"},
	{"ec2.amazonaws.com", "keyName", "AWS::EC2::KeyPair"},
	{"ec2.amazonaws.com", "groupId", "AWS::EC2::SecurityGroup"},
	{"ec2.amazonaws.com", "instanceId", "AWS::EC2::Instance"},
	{"ec2.amazonaws.com", "vpcId", "AWS::EC2::VPC"},
	{"lambda.amazonaws.com", "functionName", "AWS::Lambda::Function"},
	{"kms.amazonaws.com", "keyId", "AWS::KMS::Key"},
	{"dynamodb.amazonaws.com", "tableName", "AWS::DynamoDB::Table"},
}

// trailRecord is what LookupEvents reads of a record.
type trailRecord struct {
	EventID      string          `json:"eventID"`
	EventName    string          `json:"eventName"`
	EventSource  string          `json:"eventSource"`
	ReadOnly     json.RawMessage `json:"readOnly"` // true or "true"
	UserIdentity struct {
		Type        string `json:"type"`
		PrincipalID string `json:"principalId"`
		ARN         string `json:"arn"`
		AccessKeyID string `json:"accessKeyId"`
		UserName    string `json:"userName"`
	} `json:"userIdentity"`
	InsightDetails struct {
		EventSource string `json:"eventSource"`
		EventName   string `json:"eventName"`
	} `json:"insightDetails"`
	Resources []struct {
		Type      string `json:"type"`
		ARN       string `json:"ARN"`
		ARNPrefix string `json:"ARNPrefix"`
	} `json:"resources"`
	RequestParameters json.RawMessage `json:"requestParameters"`
}

// event makes the answer's form of a row; false when it is not what was asked for.
func (l *lookup) event(row *lookupRow) (LookedUpEvent, bool) {
	var r trailRecord
	_ = json.Unmarshal([]byte(row.Raw), &r) // a member of another type leaves its own field empty and fills the others
	e := LookedUpEvent{EventId: r.EventID, EventName: r.EventName, ReadOnly: string(bytes.Trim(r.ReadOnly, `"`)), AccessKeyId: r.UserIdentity.AccessKeyID,
		EventTime: stamp(row.time), EventSource: r.EventSource, Username: r.username(), Resources: r.objects(), CloudTrailEvent: row.Raw}
	if e.ReadOnly != "true" && e.ReadOnly != "false" {
		e.ReadOnly = ""
	}
	if e.EventName == "" {
		e.EventName = r.InsightDetails.EventName
	}
	if e.EventSource == "" {
		e.EventSource = r.InsightDetails.EventSource
	}
	return e, l.attr.holds(&e)
}

// username is the name of the user, or of the session of a role or a federated user.
func (r *trailRecord) username() string {
	u := &r.UserIdentity
	if u.UserName != "" {
		return u.UserName
	}
	switch u.Type {
	case "Root":
		return "root"
	case "AssumedRole":
		if _, session, ok := strings.Cut(u.PrincipalID, ":"); ok {
			return session
		}
		return u.ARN[strings.LastIndexByte(u.ARN, '/')+1:]
	case "FederatedUser", "WebIdentityUser", "SAMLUser":
		return u.PrincipalID[strings.LastIndexByte(u.PrincipalID, ':')+1:]
	}
	return ""
}

// objects are the resources that the record lists, else those that its parameters name.
func (r *trailRecord) objects() []LookedUpObject {
	out := []LookedUpObject{}
	for _, x := range r.Resources {
		o := LookedUpObject{x.Type, x.ARN}
		if o.ResourceName == "" {
			o.ResourceName = x.ARNPrefix
		}
		if o != (LookedUpObject{}) {
			out = append(out, o)
		}
	}
	if len(out) > 0 {
		return out
	}
	var parameters map[string]json.RawMessage
	if json.Unmarshal(r.RequestParameters, &parameters) != nil {
		return out
	}
	for _, n := range namedResources {
		var name string
		if n.service == r.EventSource && json.Unmarshal(parameters[n.parameter], &name) == nil && name != "" {
			out = append(out, LookedUpObject{n.typ, name})
		}
	}
	return out
}

// holds says whether an event has the attribute, letter by letter.
func (a *LookupAttribute) holds(e *LookedUpEvent) bool {
	switch a.AttributeKey {
	case attrReadOnly:
		return e.ReadOnly == a.AttributeValue
	case attrUsername:
		return e.Username == a.AttributeValue
	case attrAccessKeyID:
		return e.AccessKeyId == a.AttributeValue
	case attrResourceType, attrResourceName:
		for _, o := range e.Resources {
			if a.AttributeKey == attrResourceType && o.ResourceType == a.AttributeValue || a.AttributeKey == attrResourceName && o.ResourceName == a.AttributeValue {
				return true
			}
		}
		return false
	}
	return true // the search compared id, name and source
}
