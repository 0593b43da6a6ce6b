// Package enrich adds to an event what can be looked up: the families of its user agent, the place of its source address.
//
//	Event ──Enrich──▶ Event
//
// Each worker has its own Enricher with its own bounded caches. User agents never seen before are parsed at a limited
// rate, so that a flood of invented ones cannot hold up intake: their events are stored without families.
package enrich
