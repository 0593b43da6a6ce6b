package awsapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// Dashboard describes a dashboard; which members are there depends on the operation.
type Dashboard struct {
	DashboardArn                 string
	Name                         string           `json:",omitempty"`
	Type                         string           // CUSTOM
	Status                       string           `json:",omitempty"`
	Widgets                      []Widget         `json:",omitempty"`
	TagsList                     []Tag            `json:",omitempty"`
	RefreshSchedule              *RefreshSchedule `json:",omitempty"`
	CreatedTimestamp             *Timestamp       `json:",omitempty"`
	UpdatedTimestamp             *Timestamp       `json:",omitempty"`
	LastRefreshId                string           `json:",omitempty"`
	LastRefreshFailureReason     string           `json:",omitempty"`
	TerminationProtectionEnabled *bool            `json:",omitempty"`
}

// Widget is one query of a dashboard and how it is shown.
type Widget struct {
	QueryAlias      string // names its query of a refresh: see DescribeQuery
	QueryStatement  string
	QueryParameters []string `json:",omitempty"` // for each ? of the statement: $StartTime$, $EndTime$ or $Period$
	ViewProperties  map[string]string
}

const (
	kindDashboard = "dashboard"

	dashboardCustom  = "CUSTOM"
	dashboardManaged = "MANAGED"
	dashboardCreated = "CREATED"
	dashboardUpdated = "UPDATED"

	// managedPrefix begins the names of the dashboards that CloudTrail makes itself.
	managedPrefix = "AWSCloudTrail-"
)

// Limits of the service model and the user guide.
const (
	maxStatement     = 10_000
	maxViewProperty  = 128
	refreshesKeptFor = 7 * 24 * time.Hour // as long as results of queries
)

var dashboardForm = regexp.MustCompile(`^[a-zA-Z0-9_\-]{3,128}$`)

func (s *Service) dashboardARN(d meta.Dashboard) string {
	return s.arnOf(kindDashboard, d.Account, d.Region, d.Name)
}

// dashboard finds a dashboard of the caller's account and region by its ARN or name.
func (s *Service) dashboard(ctx context.Context, c Caller, given string) (meta.Dashboard, error) {
	none := refuse("ResourceNotFoundException", "There is no dashboard %.300q.", given)
	name := given
	if strings.HasPrefix(given, "arn:") {
		a, ok := parseARN(given)
		if !ok || a.partition != s.opt.Partition || a.kind != kindDashboard || a.account != c.Account || a.region != c.Region {
			return meta.Dashboard{}, none
		}
		name = a.id
	}
	d, err := meta.GetDashboard(ctx, s.db.Read(), c.Account, c.Region, name)
	if fault.KindOf(err) == fault.NotFound {
		return meta.Dashboard{}, none
	}
	return d, err
}

// DashboardInput is the input of the operations on one dashboard: what is nil or empty stays as it is.
type DashboardInput struct {
	DashboardId                  string // ARN or name; not for CreateDashboard
	Name                         string // only for CreateDashboard
	Widgets                      []Widget
	RefreshSchedule              *RefreshSchedule
	TerminationProtectionEnabled *bool
	TagsList                     []Tag // only for CreateDashboard
}

// CreateDashboard makes a dashboard.
func (s *Service) CreateDashboard(ctx context.Context, c Caller, in *DashboardInput) (Dashboard, error) {
	if !dashboardForm.MatchString(in.Name) {
		return Dashboard{}, invalid("Name must have 3 to 128 letters, digits and _ -, not %.140q.", in.Name)
	}
	if strings.HasPrefix(in.Name, managedPrefix) {
		return Dashboard{}, refuse(codeUnsupported, "Dashboards whose names begin with %s are CloudTrail's own; there are none here.", managedPrefix)
	}
	if err := checkTags(in.TagsList, s.limits.Tags); err != nil {
		return Dashboard{}, err
	}
	now := time.Now().UTC()
	d := meta.Dashboard{Account: c.Account, Region: c.Region, Name: in.Name, Status: dashboardCreated, Widgets: "[]", Created: now, Updated: now}
	if err := s.changeDashboard(ctx, c, &d, in); err != nil {
		return Dashboard{}, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	all, err := meta.ListDashboards(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return Dashboard{}, err
	}
	if len(all) >= s.limits.Dashboards {
		return Dashboard{}, refuse("ServiceQuotaExceededException", "The account has %d dashboards in %s, which is the most there can be.", len(all), c.Region)
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.InsertDashboard(ctx, tx, d); err != nil {
			return err
		}
		return setTags(ctx, tx, s.dashboardARN(d), in.TagsList)
	})
	if fault.KindOf(err) == fault.Conflict {
		return Dashboard{}, refuse("ConflictException", "There is a dashboard %q already.", in.Name)
	}
	if err != nil {
		return Dashboard{}, err
	}
	s.refreshes.look()
	out, err := s.describedDashboard(d)
	out.TagsList = in.TagsList
	return out, err
}

// changeDashboard checks the settings of an input and puts them into a row.
func (s *Service) changeDashboard(ctx context.Context, c Caller, d *meta.Dashboard, in *DashboardInput) error {
	if in.Widgets != nil {
		widgets, err := s.checkWidgets(ctx, c, in.Widgets)
		if err != nil {
			return err
		}
		b, err := json.Marshal(widgets)
		if err != nil {
			return fmt.Errorf("write widgets: %w", err)
		}
		d.Widgets = string(b)
	}
	if in.RefreshSchedule != nil {
		if err := in.RefreshSchedule.check(); err != nil {
			return err
		}
		b, err := json.Marshal(in.RefreshSchedule)
		if err != nil {
			return fmt.Errorf("write refresh schedule: %w", err)
		}
		d.Schedule, d.Next = string(b), in.RefreshSchedule.next(d.Updated)
	}
	d.Protected = orElse(in.TerminationProtectionEnabled, d.Protected)
	return nil
}

// describedDashboard is a dashboard as Create and Update return it.
func (s *Service) describedDashboard(d meta.Dashboard) (Dashboard, error) {
	out := Dashboard{DashboardArn: s.dashboardARN(d), Name: d.Name, Type: dashboardCustom, TerminationProtectionEnabled: &d.Protected}
	if err := json.Unmarshal([]byte(d.Widgets), &out.Widgets); err != nil {
		return out, fmt.Errorf("read widgets of dashboard %q: %w", d.Name, err)
	}
	if d.Schedule != "" {
		if err := json.Unmarshal([]byte(d.Schedule), &out.RefreshSchedule); err != nil {
			return out, fmt.Errorf("read refresh schedule of dashboard %q: %w", d.Name, err)
		}
	}
	return out, nil
}

// GetDashboard describes a dashboard and its last refresh.
func (s *Service) GetDashboard(ctx context.Context, c Caller, in *DashboardInput) (Dashboard, error) {
	d, err := s.dashboard(ctx, c, in.DashboardId)
	if err != nil {
		return Dashboard{}, err
	}
	out, err := s.describedDashboard(d)
	out.Name = "" // Get does not return it
	out.Status, out.CreatedTimestamp, out.UpdatedTimestamp, out.LastRefreshId = d.Status, stamp(d.Created), stamp(d.Updated), d.Refresh
	if err == nil && d.Refresh != "" {
		out.LastRefreshFailureReason, err = s.refreshFailure(ctx, c, d)
	}
	return out, err
}

// ListDashboardsInput asks for dashboards.
type ListDashboardsInput struct {
	NamePrefix string
	Type       string // CUSTOM or MANAGED; empty: all
	MaxResults *int
	NextToken  string
}

// ListDashboardsOutput is a page of dashboards, which have only ARN and type.
type ListDashboardsOutput struct {
	Dashboards []Dashboard
	NextToken  string `json:",omitempty"`
}

// ListDashboards lists the dashboards of the caller's account and region by name.
func (s *Service) ListDashboards(ctx context.Context, c Caller, in *ListDashboardsInput) (ListDashboardsOutput, error) {
	out := ListDashboardsOutput{Dashboards: []Dashboard{}}
	if in.Type != "" && in.Type != dashboardCustom && in.Type != dashboardManaged {
		return out, invalid("Type must be %s or %s, not %.40q.", dashboardCustom, dashboardManaged, in.Type)
	}
	rows, err := meta.ListDashboards(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return out, err
	}
	var all []meta.Dashboard
	for _, d := range rows {
		if strings.HasPrefix(d.Name, in.NamePrefix) && in.Type != dashboardManaged {
			all = append(all, d)
		}
	}
	part, token, err := page(all, func(d meta.Dashboard) string { return d.Name }, c.question("ListDashboards", in.NamePrefix, in.Type), in.MaxResults, in.NextToken)
	for _, d := range part {
		out.Dashboards = append(out.Dashboards, Dashboard{DashboardArn: s.dashboardARN(d), Type: dashboardCustom})
	}
	out.NextToken = token
	return out, err
}

// UpdateDashboard changes a dashboard. Widgets that are given take the place of all that there were.
func (s *Service) UpdateDashboard(ctx context.Context, c Caller, in *DashboardInput) (Dashboard, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	d, err := s.dashboard(ctx, c, in.DashboardId)
	if err != nil {
		return Dashboard{}, err
	}
	d.Status, d.Updated = dashboardUpdated, time.Now().UTC()
	if err := s.changeDashboard(ctx, c, &d, in); err != nil {
		return Dashboard{}, err
	}
	if err := s.db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateDashboard(ctx, tx, d) }); err != nil {
		return Dashboard{}, err
	}
	s.refreshes.look()
	out, err := s.describedDashboard(d)
	out.CreatedTimestamp, out.UpdatedTimestamp = stamp(d.Created), stamp(d.Updated)
	return out, err
}

// DeleteDashboard deletes a dashboard that is not protected.
func (s *Service) DeleteDashboard(ctx context.Context, c Caller, in *DashboardInput) (Empty, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	d, err := s.dashboard(ctx, c, in.DashboardId)
	if err != nil {
		return Empty{}, err
	}
	if d.Protected {
		return Empty{}, refuse("ConflictException", "The dashboard %s is protected: set TerminationProtectionEnabled to false first.", d.Name)
	}
	return Empty{}, s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.DeleteResource(ctx, tx, s.dashboardARN(d)); err != nil {
			return err
		}
		return meta.DeleteDashboard(ctx, tx, d.Account, d.Region, d.Name)
	})
}
