package all

import (
	"fmt"

	"kiroku/internal/event"
	"kiroku/internal/source"
	"kiroku/internal/source/accessgateway"
	"kiroku/internal/source/auditevent"
	"kiroku/internal/source/cloudtrail"
	"kiroku/internal/source/defender"
	"kiroku/internal/source/generic"
	"kiroku/internal/source/ivanti"
	"kiroku/internal/source/kiroku"
)

// Sources lists all sources in the order in which they are asked whether a record is theirs.
func Sources() []source.Source {
	return []source.Source{
		ivanti.Source,
		accessgateway.Source,
		auditevent.Source,
		cloudtrail.Source,
		defender.Source,
		kiroku.Source,
		generic.Source,
	}
}

// Set finds sources. It never changes and is safe for concurrent use.
type Set struct {
	list   []source.Source
	byName map[event.SourceName]int
}

// NewSet makes a Set of sources in the order of recognition. The last one takes what no other recognises. Two sources of
// one name are an error.
func NewSet(sources []source.Source) (*Set, error) {
	if len(sources) == 0 {
		return nil, fmt.Errorf("list sources: there are none")
	}
	s := &Set{list: sources, byName: make(map[event.SourceName]int, len(sources))}
	for i := range sources {
		name := sources[i].Name
		if name == "" {
			return nil, fmt.Errorf("list sources: number %d has no name", i+1)
		}
		if _, twice := s.byName[name]; twice {
			return nil, fmt.Errorf("list sources: %q is there twice", name)
		}
		s.byName[name] = i
	}
	return s, nil
}

// Find returns the source of this name.
func (s *Set) Find(name event.SourceName) (source.Source, bool) {
	i, ok := s.byName[name]
	if !ok {
		return source.Source{}, false
	}
	return s.list[i], true
}

// Recognise returns the first source that takes the record for one of its product's.
func (s *Set) Recognise(rec *event.Record) source.Source {
	for i := range s.list {
		if s.list[i].Recognise(rec) {
			return s.list[i]
		}
	}
	return s.list[len(s.list)-1]
}
