package segment

import (
	"io"
	"sync"

	"kiroku/internal/lru"
)

// Pages keeps uncompressed pages that readers asked for twice. A scan of more than it can hold does not disturb it: a page
// that was read once is forgotten before it is read again. It is safe for concurrent use.
type Pages struct {
	most int // bytes of a page

	mu    sync.Mutex
	kept  *lru.Cache[Place, []byte]
	asked *lru.Cache[Place, struct{}]
}

// Place is where something stands in an open file. No two are the same as long as one of them is known.
type Place struct {
	file io.ReaderAt
	at   int64
}

// NewPages makes an empty Pages that holds at most so many bytes.
func NewPages(bytes int) *Pages {
	return &Pages{most: bytes / 8, kept: lru.New[Place, []byte](bytes), asked: lru.New[Place, struct{}](bytes)}
}

// get returns a page that is kept. Otherwise it says whether this one should be, and remembers that it was asked for.
func (p *Pages) get(at Place, size int) (body []byte, keep bool) {
	if size > p.most {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if body, ok := p.kept.Get(at); ok {
		return body, false
	}
	if p.asked.Remove(at) {
		return nil, true
	}
	p.asked.Put(at, struct{}{}, size)
	return nil, false
}

// keep takes a page, which nobody may change any more.
func (p *Pages) keep(at Place, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept.Put(at, body, len(body))
}

// Place is where the group stands in its file.
func (g *Group) Place() Place { return Place{g.src, g.base} }
