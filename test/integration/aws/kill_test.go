//go:build integration

package aws

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKill kills the service between every two steps of object → segment → checkpoint → deleted message. After a new start
// each event is there once and the queue is empty.
func TestKill(t *testing.T) {
	c := start(t)
	data := t.TempDir()
	cfg := c.config("bucket: "+bucket, "queue_url: "+c.queue)
	want := 0
	for _, step := range []struct {
		name string
		arm  func(kill func())
	}{
		{"an object is asked for", func(kill func()) {
			c.proxy.hook(func(r *http.Request) {
				if isObject(r) {
					kill()
				}
			}, nil)
		}},
		{"half of the big object is sent", func(kill func()) {
			c.proxy.hook(nil, func(r *http.Response) {
				if isObject(r.Request) && strings.Contains(r.Request.URL.Path, "big") {
					r.Body = &tripwire{ReadCloser: r.Body, left: r.ContentLength / 2, f: kill}
				}
			})
		}},
		{"a whole object is sent", func(kill func()) {
			c.proxy.hook(nil, func(r *http.Response) {
				if isObject(r.Request) {
					r.Body = &afterwards{r.Body, kill}
				}
			})
		}},
		{"the first segment is begun", func(kill func()) { watch(t, data, 1, kill) }},
		{"the second segment is begun", func(kill func()) { watch(t, data, 2, kill) }},
		{"the third segment is begun", func(kill func()) { watch(t, data, 3, kill) }},
		{"some segments are there", func(kill func()) { watch(t, data, 4, func() { time.Sleep(20 * time.Millisecond); kill() }) }},
		{"a message is to be deleted", func(kill func()) {
			c.calls.hook(func(r *http.Request) {
				if isDelete(r) {
					kill()
				}
			}, nil)
		}},
		{"messages were deleted", func(kill func()) {
			c.calls.hook(nil, func(r *http.Response) {
				if isDelete(r.Request) {
					kill()
				}
			})
		}},
	} {
		name := strings.ReplaceAll(step.name, " ", "-")
		now := time.Now().UTC()
		big := keyOf("", account, "us-east-1", now, "big"+strings.ReplaceAll(name, "-", ""))
		c.put(bucket, big, file(name+"-big", 4000, 800)) // several batches
		want += 4000
		c.tell(big)
		small := func(i int) {
			key := keyOf("", account, "us-east-1", now.Add(-time.Duration(i)*time.Minute), fmt.Sprintf("f%d%s", i, strings.ReplaceAll(name, "-", "")))
			c.put(bucket, key, file(fmt.Sprintf("%s-%d", name, i), 20, 100))
			c.tell(key)
		}
		for i := range 15 {
			small(i)
		}
		want += 20 * 20
		k := make(chan *kiroku, 1)
		var once sync.Once
		killed := make(chan struct{})
		step.arm(func() {
			once.Do(func() {
				p := <-k
				p.kill()
				close(killed)
			})
		})
		k <- serve(t, data, cfg)
		for i := range 5 { // these come while it runs, or is dead
			time.Sleep(600 * time.Millisecond)
			small(15 + i)
		}
		select {
		case <-killed:
		case <-time.After(60 * time.Second):
			t.Fatalf("%s: that did not happen", step.name)
		}
		c.proxy.hook(nil, nil)
		c.calls.hook(nil, nil)
		next := serve(t, data, cfg)
		next.until(step.name+": everything is there and the queue is empty", 90*time.Second, func() bool {
			all, _ := next.events()
			return all >= want && c.left() == 0
		})
		if all, distinct := next.events(); all != want || distinct != want {
			t.Errorf("killed when %s: %d events, %d different ones, want %d", step.name, all, distinct, want)
		}
		next.stop()
	}
}

// isObject says whether a request is for the content of an object.
func isObject(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".json.gz")
}

func isDelete(r *http.Request) bool {
	return strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DeleteMessageBatch")
}

// tripwire calls f when so many bytes went by.
type tripwire struct {
	io.ReadCloser
	left int64
	f    func()
}

func (w *tripwire) Read(p []byte) (int, error) {
	if w.left <= 0 {
		w.f()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := w.ReadCloser.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	return n, err
}

// afterwards calls f when everything was passed on.
type afterwards struct {
	io.ReadCloser
	f func()
}

func (a *afterwards) Close() error {
	defer a.f()
	return a.ReadCloser.Close()
}

// watch calls f when the n-th new segment appears in the folder of fresh ones.
func watch(t *testing.T, data string, n int, f func()) {
	folder := filepath.Join(data, "fresh", "default")
	seen := map[string]bool{}
	look := func() (fresh int) {
		files, err := os.ReadDir(folder)
		if err != nil {
			return 0
		}
		for _, file := range files {
			if !seen[file.Name()] {
				seen[file.Name()] = true
				fresh++
			}
		}
		return fresh
	}
	look()
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
			}
			if n -= look(); n <= 0 {
				f()
				return
			}
		}
	}()
}
