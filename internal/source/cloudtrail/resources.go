package cloudtrail

import (
	"strconv"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// resources collects the list of resources that a call worked on. Its two columns are lists of the same order, so that
// what one element lacks is noticed.
type resources struct {
	list []resource
}

type resource struct{ uid, typ, uidName string }

// maxResources is how many elements have a place in the columns; more stay in unmapped.
const maxResources = 1000

func (r *resources) reset() {
	clear(r.list)
	r.list = r.list[:0]
}

// take takes "3.ARN" or "3.type"; false when the leaf belongs in unmapped.
func (r *resources) take(path []byte, value string) bool {
	index, at := 0, 0
	for at < len(path) && path[at]-'0' <= 9 && index < maxResources {
		index = index*10 + int(path[at]-'0')
		at++
	}
	if at == 0 || at == len(path) || path[at] != '.' || index >= maxResources {
		return false
	}
	member := string(path[at+1:])
	if member != "ARN" && member != "ARNPrefix" && member != "type" {
		return false
	}
	for len(r.list) <= index {
		r.list = append(r.list, resource{})
	}
	to := &r.list[index]
	if member == "type" {
		if to.typ != "" {
			return false
		}
		to.typ = value
		return true
	}
	if to.uid != "" {
		return false
	}
	to.uid, to.uidName = value, "resources.ARN"
	if member == "ARNPrefix" {
		to.uidName = "resources.ARNPrefix"
	}
	return true
}

// mapTo sets the columns. Where an element has no ARN or no type, its other member stands in unmapped too: the lists do
// not show that they belong together.
func (r *resources) mapTo(e *event.Event, u *source.Unmapper) {
	whole := true
	for i := range r.list {
		whole = whole && r.list[i].uid != "" && r.list[i].typ != ""
	}
	for i := range r.list {
		x := &r.list[i]
		e.Add(event.ColResourceUids, x.uidName, x.uid)
		e.Add(event.ColResourceTypes, "resources.type", x.typ)
		if whole {
			continue
		}
		path := append(strconv.AppendInt([]byte("resources."), int64(i), 10), '.')
		if x.uid != "" {
			u.Keep(append(path, x.uidName[len("resources."):]...), false, x.uid)
		}
		if x.typ != "" {
			u.Keep(append(path, "type"...), false, x.typ)
		}
	}
}
