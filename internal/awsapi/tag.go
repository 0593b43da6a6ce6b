package awsapi

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"kiroku/internal/meta"
)

// Tag is a name with a value, given to a resource.
type Tag struct {
	Key   string
	Value *string `json:",omitempty"`
}

func checkTags(tags []Tag, most int) error {
	if len(tags) > most {
		return refuse("TagsLimitExceededException", "A resource has at most %d tags, not %d.", most, len(tags))
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > 128 || t.Value != nil && utf8.RuneCountInString(*t.Value) > 256:
			return refuse("InvalidTagParameterException", "A tag has a key of 1 to 128 characters and a value of up to 256.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return refuse("InvalidTagParameterException", "The key %q is reserved: it begins with aws:.", t.Key)
		case seen[t.Key]:
			return refuse("InvalidTagParameterException", "The key %q stands twice.", t.Key)
		}
		seen[t.Key] = true
	}
	return nil
}

func setTags(ctx context.Context, tx *sql.Tx, resource string, tags []Tag) error {
	for _, t := range tags {
		row := meta.Tag{Name: t.Key}
		if t.Value != nil {
			row.Value = *t.Value
		}
		if err := meta.SetTag(ctx, tx, resource, row); err != nil {
			return err
		}
	}
	return nil
}

// TagsInput is the input of AddTags and RemoveTags.
type TagsInput struct {
	ResourceId string
	TagsList   []Tag
}

// AddTags gives tags to a resource, or new values to those it has.
func (s *Service) AddTags(ctx context.Context, c Caller, in *TagsInput) (Empty, error) {
	resource, err := s.taggable(ctx, c, in.ResourceId)
	if err != nil {
		return Empty{}, err
	}
	if len(in.TagsList) == 0 {
		return Empty{}, refuse("InvalidTagParameterException", "TagsList is empty.")
	}
	if err := checkTags(in.TagsList, s.limits.Tags); err != nil {
		return Empty{}, err
	}
	return Empty{}, s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := setTags(ctx, tx, resource, in.TagsList); err != nil {
			return err
		}
		all, err := meta.ListTags(ctx, tx, resource)
		if err == nil && len(all) > s.limits.Tags {
			err = refuse("TagsLimitExceededException", "A resource has at most %d tags.", s.limits.Tags)
		}
		return err
	})
}

// RemoveTags takes tags away from a resource by their keys.
func (s *Service) RemoveTags(ctx context.Context, c Caller, in *TagsInput) (Empty, error) {
	resource, err := s.taggable(ctx, c, in.ResourceId)
	if err != nil {
		return Empty{}, err
	}
	if len(in.TagsList) == 0 {
		return Empty{}, refuse("InvalidTagParameterException", "TagsList is empty.")
	}
	return Empty{}, s.db.Write(ctx, func(tx *sql.Tx) error {
		for _, t := range in.TagsList {
			if err := meta.DeleteTag(ctx, tx, resource, t.Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// ListTagsInput is the input of ListTags.
type ListTagsInput struct {
	ResourceIdList []string
	NextToken      string
}

// ListTagsOutput is the output of ListTags.
type ListTagsOutput struct {
	ResourceTagList []ResourceTag
}

// ResourceTag is the tags of one resource.
type ResourceTag struct {
	ResourceId string
	TagsList   []Tag
}

// maxTagged is how many resources ListTags takes at once.
const maxTagged = 20

// ListTags returns the tags of up to 20 resources. It never needs a second page.
func (s *Service) ListTags(ctx context.Context, c Caller, in *ListTagsInput) (ListTagsOutput, error) {
	if in.NextToken != "" {
		return ListTagsOutput{}, refuse("InvalidTokenException", "NextToken is not one that this operation gave.")
	}
	if n := len(in.ResourceIdList); n == 0 || n > maxTagged {
		return ListTagsOutput{}, invalid("ResourceIdList must name 1 to %d resources, not %d.", maxTagged, n)
	}
	out := ListTagsOutput{ResourceTagList: []ResourceTag{}}
	for _, id := range in.ResourceIdList {
		resource, err := s.taggable(ctx, c, id)
		if err != nil {
			return ListTagsOutput{}, err
		}
		tags, err := s.tagsOf(ctx, resource)
		if err != nil {
			return ListTagsOutput{}, err
		}
		out.ResourceTagList = append(out.ResourceTagList, ResourceTag{resource, tags})
	}
	return out, nil
}

func (s *Service) tagsOf(ctx context.Context, resource string) ([]Tag, error) {
	rows, err := meta.ListTags(ctx, s.db.Read(), resource)
	if err != nil {
		return nil, err
	}
	tags := make([]Tag, len(rows))
	for i, r := range rows {
		tags[i] = Tag{r.Name, &r.Value}
	}
	return tags, nil
}

// taggable finds a resource that can have tags and returns its ARN. A store that waits to be deleted neither tells nor changes
// its own.
func (s *Service) taggable(ctx context.Context, c Caller, id string) (string, error) {
	kind := kindStore
	if a, ok := parseARN(id); ok {
		kind = a.kind
	} else if strings.HasPrefix(id, "arn:") || !uuidForm.MatchString(id) {
		return "", refuse("CloudTrailARNInvalidException", "%.300q is not the ARN of a resource of CloudTrail.", id)
	}
	switch kind {
	case kindStore:
		row, err := s.store(ctx, c, id)
		if err != nil && !strings.HasPrefix(id, "arn:") { // an id alone may be a channel's
			if ch, cerr := s.channel(ctx, c, id); cerr == nil {
				return s.channelARN(ch), nil
			}
		}
		if err == nil && !row.Deleted.IsZero() {
			err = inactive(row)
		}
		return s.storeARN(row), err
	case kindChannel:
		ch, err := s.channel(ctx, c, id)
		return s.channelARN(ch), err
	case kindDashboard:
		d, err := s.dashboard(ctx, c, id)
		return s.dashboardARN(d), err
	case "trail":
		return "", refuse("ResourceNotFoundException", "There is no %s %q.", kind, id)
	}
	return "", refuse("ResourceTypeNotSupportedException", "A %s cannot have tags.", kind)
}
