package enrich

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
	"github.com/ua-parser/uap-go/uaparser"

	"kiroku/internal/event"
)

const (
	cacheSize    = 8192
	maxAgent     = 512 // longer user agents are not looked at
	agentsPerSec = 200 // user agents never seen before; each costs about 0.1 to 1 ms
)

// Tables are what all Enrichers share: the rules for user agents and the database of addresses.
type Tables struct {
	agents *uaparser.Parser
	places *maxminddb.Reader // nil: none
}

// Open loads the tables. geoip is the path of a MaxMind database (country, city or ASN); empty: none.
func Open(geoip string) (*Tables, error) {
	agents, err := uaparser.New()
	if err != nil {
		return nil, fmt.Errorf("load user agent rules: %w", err)
	}
	t := &Tables{agents: agents}
	if geoip != "" {
		if t.places, err = maxminddb.Open(geoip); err != nil {
			return nil, fmt.Errorf("open GeoIP database %q: %w", geoip, err)
		}
	}
	return t, nil
}

// Close closes the database of addresses.
func (t *Tables) Close() error {
	if t.places == nil {
		return nil
	}
	return t.places.Close()
}

// Enricher belongs to one worker.
type Enricher struct {
	t      *Tables
	agents map[string]agent
	places map[string]*place
	second int64
	fresh  int
}

type agent struct{ browser, os, device string }

// place is what GeoLite2 and GeoIP2 databases say of an address.
type place struct {
	Country struct {
		ISO string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Continent struct {
		Code string `maxminddb:"code"`
	} `maxminddb:"continent"`
	Subdivisions []struct {
		ISO string `maxminddb:"iso_code"`
	} `maxminddb:"subdivisions"`
	City struct {
		Names map[string]string `maxminddb:"names"`
	} `maxminddb:"city"`
	Location struct {
		Lat  *float64 `maxminddb:"latitude"`
		Long *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	ASN int64  `maxminddb:"autonomous_system_number"`
	Org string `maxminddb:"autonomous_system_organization"`
}

// New makes an Enricher.
func (t *Tables) New() *Enricher {
	return &Enricher{t: t, agents: map[string]agent{}, places: map[string]*place{}}
}

// Enrich adds the families of user_agent and the place of src_ip.
func (en *Enricher) Enrich(e *event.Event) {
	if ua := e.GetStr(event.ColUserAgent); ua != "" {
		a := en.agent(ua)
		e.Str(event.ColUserAgentBrowser, "user_agent", a.browser)
		e.Str(event.ColUserAgentOS, "user_agent", a.os)
		e.Str(event.ColUserAgentDevice, "user_agent", a.device)
	}
	if en.t.places != nil {
		if ip := e.GetStr(event.ColSrcIP); ip != "" && !e.Has(event.ColSrcCountry) {
			en.place(ip).fill(e)
		}
	}
}

func (en *Enricher) agent(ua string) agent {
	if a, ok := en.agents[ua]; ok {
		return a
	}
	if len(ua) > maxAgent || !en.mayParse() {
		return agent{}
	}
	c := en.t.agents.Parse(ua)
	a := agent{browser: known(c.UserAgent.Family), os: known(c.Os.Family), device: known(c.Device.Family)}
	if len(en.agents) >= cacheSize {
		clear(en.agents)
	}
	en.agents[strings.Clone(ua)] = a // ua belongs to the record
	return a
}

// known leaves out the rules' word for "no rule fits".
func known(family string) string {
	if family == "Other" {
		return ""
	}
	return family
}

// mayParse limits what a flood of invented user agents can cost.
func (en *Enricher) mayParse() bool {
	if now := time.Now().Unix(); now != en.second {
		en.second, en.fresh = now, 0
	}
	en.fresh++
	return en.fresh <= agentsPerSec
}

func (en *Enricher) place(ip string) *place {
	if p, ok := en.places[ip]; ok {
		return p
	}
	p := &place{}
	if a, err := netip.ParseAddr(ip); err == nil {
		if err := en.t.places.Lookup(a.Unmap()).Decode(p); err != nil {
			p = &place{} // the address is not in the database, or its entry has another shape
		}
	}
	if len(en.places) >= cacheSize {
		clear(en.places)
	}
	en.places[strings.Clone(ip)] = p
	return p
}

func (p *place) fill(e *event.Event) {
	e.Str(event.ColSrcCountry, "src_ip", p.Country.ISO)
	e.Str(event.ColSrcContinent, "src_ip", p.Continent.Code)
	e.Str(event.ColSrcCity, "src_ip", p.City.Names["en"])
	if len(p.Subdivisions) > 0 && p.Country.ISO != "" && p.Subdivisions[0].ISO != "" {
		e.Str(event.ColSrcRegion, "src_ip", p.Country.ISO+"-"+p.Subdivisions[0].ISO)
	}
	if p.Location.Lat != nil && p.Location.Long != nil {
		e.Double(event.ColSrcLat, "src_ip", *p.Location.Lat)
		e.Double(event.ColSrcLong, "src_ip", *p.Location.Long)
	}
	if p.ASN != 0 {
		e.Int(event.ColSrcASN, "src_ip", p.ASN)
	}
	e.Str(event.ColSrcASOrg, "src_ip", p.Org)
}
