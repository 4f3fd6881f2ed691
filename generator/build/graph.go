// Package build remembers work. A task is a piece of work with a name; while
// it runs it asks questions, and what it gives depends on nothing but their
// answers. It runs again only if one of them has another answer now.
//
// The rules, most of them esbuild's:
//
//   - A question is a text that can be asked again without running the task:
//     what does this file hold, where does this reference lead. That a file
//     is not there, or that a name means nothing, is an answer too.
//   - An answer is a digest. Equal digests mean equal answers.
//   - What the program and its options are is part of the key of the whole
//     graph, not of each task: another program remembers nothing.
//   - Messages are part of what a task gives, and are given again with it.
//   - What is remembered is never trusted more than the sources: a graph that
//     is lost or broken costs time and nothing else.
//
// A [Graph] lives in memory for the preview server and in a [Cache] from one
// process to the next.
package build

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// An Answer is the digest of an answer. The zero Answer is no answer: it
// equals nothing, not even itself.
type Answer [16]byte

// Digest makes an answer of what was found. Parts are told apart: "a", "bc"
// and "ab", "c" differ.
func Digest(parts ...string) Answer {
	b := digested.Get().(*[]byte)
	defer digested.Put(b)
	*b = (*b)[:0]
	for _, p := range parts {
		*b = append(binary.LittleEndian.AppendUint64(*b, uint64(len(p))), p...)
	}
	return DigestBytes(*b)
}

var digested = sync.Pool{New: func() any { return new([]byte) }}

// DigestBytes makes an answer of what was found, written as one text.
func DigestBytes(b []byte) Answer {
	sum := sha256.Sum256(b)
	return Answer(sum[:len(Answer{})])
}

// Same is what an asker returns for a question whose answer it knows to be
// the remembered one, without looking.
var Same = Answer{15: 1}

// A Result is what a task gave.
type Result struct {
	// Value is the task's own; the graph does not look into it.
	Value string

	outputs string // with a line break between two
	asked   string // questions and answers, encoded
}

// Outputs are the files that the task wrote.
func (r *Result) Outputs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := r.outputs; rest != ""; {
			var name string
			if name, rest, _ = strings.Cut(rest, "\n"); !yield(name) {
				return
			}
		}
	}
}

// A Trace collects what a task asks and writes while it runs. It is used by
// one goroutine.
type Trace struct {
	asked   []byte
	outputs []string
	seen    map[string]bool
}

// Has reports whether a question was asked already.
func (t *Trace) Has(question []byte) bool { return t.seen[string(question)] }

// Asked notes a question and its answer; of a question that is asked twice,
// the first answer counts.
func (t *Trace) Asked(question string, a Answer) {
	if t.seen[question] {
		return
	}
	if t.seen == nil {
		t.seen = map[string]bool{}
	}
	t.seen[question] = true
	t.asked = appendString(t.asked, question)
	t.asked = append(t.asked, a[:]...)
}

// Wrote notes a file that the task wrote.
func (t *Trace) Wrote(name string) { t.outputs = append(t.outputs, name) }

// A Graph is the tasks of one build and of the one before. Its methods are
// safe for use by several goroutines; of one task's name, only one may Do or
// Set at a time.
//
// The tasks of an older build that the cache has whole are its base; they are
// numbered. What is known besides stands in maps.
type Graph struct {
	names Names                    // of the tasks of the base
	base  []Result                 // by number
	given []atomic.Pointer[Result] // of them, what this build gave, by number

	old      map[string]*Result // above the base; nil for a task that was forgotten
	whole    bool               // the cache has the base
	baseSize int                // in bytes
	baseSum  string             // names it

	mu  sync.Mutex
	now map[string]*Result // what this build gave, of tasks that the base lacks
}

// NewGraph makes a graph that remembers nothing.
func NewGraph() *Graph { return &Graph{old: map[string]*Result{}, now: map[string]*Result{}} }

// Next begins a new build: what this one gave is what the next remembers,
// and tasks that were not asked for are forgotten.
func (g *Graph) Next() *Graph {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := NewGraph() // the whole of it is written then
	for r, name := range g.results() {
		n.old[name] = r
	}
	return n
}

// results goes over what this build gave.
func (g *Graph) results() iter.Seq2[*Result, string] {
	return func(yield func(*Result, string) bool) {
		for i := range g.given {
			if r := g.given[i].Load(); r != nil && !yield(r, g.names.list[i]) {
				return
			}
		}
		for name, r := range g.now {
			if !yield(r, name) {
				return
			}
		}
	}
}

// Last gives what a task gave in the build before, or, if it ran in this one
// already, in this one; or nil.
func (g *Graph) Last(name string) *Result {
	r, _ := g.last(name)
	return r
}

// last gives also the number of the task, or -1.
func (g *Graph) last(name string) (*Result, int) {
	at, numbered := g.names.Find(name)
	if !numbered {
		g.mu.Lock()
		r := g.now[name]
		g.mu.Unlock()
		if r == nil {
			r = g.old[name]
		}
		return r, -1
	}
	if r := g.given[at].Load(); r != nil {
		return r, at
	}
	if r, ok := g.old[name]; ok {
		return r, at
	}
	return &g.base[at], at
}

// Retain remembers what a task gave for the build after this one, though
// nobody asked for it now.
func (g *Graph) Retain(name string) {
	if r, at := g.last(name); r != nil {
		g.put(name, at, r)
	}
}

// Do gives the result of a task. What is remembered is used if ask gives
// the remembered answer to every question, in the order in which they were
// asked, and if keep, when not nil, accepts the remembered result; otherwise
// the task runs.
func (g *Graph) Do(name string, ask func(question string) Answer, keep func(*Result) bool, run func(*Trace) (string, error)) (r *Result, ran bool, err error) {
	r, at := g.last(name)
	if r != nil && r.Holds(ask) && (keep == nil || keep(r)) {
		g.put(name, at, r)
		return r, false, nil
	}
	var t Trace
	v, err := run(&t)
	if err != nil {
		return nil, true, err
	}
	r = &Result{Value: v, outputs: strings.Join(t.outputs, "\n"), asked: string(t.asked)}
	g.put(name, at, r)
	return r, true, nil
}

// Set remembers a value for the next build, as the result of a task that
// asks nothing.
func (g *Graph) Set(name, value string) {
	_, at := g.last(name)
	g.put(name, at, &Result{Value: value})
}

// put keeps a result for a task of a number, or, with -1, of none.
func (g *Graph) put(name string, at int, r *Result) {
	if at >= 0 {
		g.given[at].Store(r)
		return
	}
	g.mu.Lock()
	g.now[name] = r
	g.mu.Unlock()
}

// Holds reports whether all questions still have the answers they had.
func (r *Result) Holds(ask func(question string) Answer) bool {
	rest := r.asked
	for rest != "" {
		q, tail, ok := cutString(rest)
		if !ok || len(tail) < len(Answer{}) {
			return false
		}
		was := Answer([]byte(tail[:len(Answer{})]))
		if now := ask(q); now != Same && (now != was || now == Answer{}) {
			return false
		}
		rest = tail[len(Answer{}):]
	}
	return true
}

// encode writes the tasks of this build, in the order of their names.
func (g *Graph) encode(w io.Writer) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make(map[string]*Result, len(g.given)+len(g.now))
	for r, name := range g.results() {
		all[name] = r
	}
	var b []byte
	for _, n := range slices.Sorted(maps.Keys(all)) {
		b = appendTask(b[:0], n, all[n])
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// changes writes the tasks of which this build has another result than the
// base, and those that it no longer has. ok is false if there is no base, or
// if the changes are a large part of it.
func (g *Graph) changes() (b []byte, ok bool) {
	if !g.whole {
		return nil, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.given {
		if r := g.given[i].Load(); r != &g.base[i] {
			b = appendTask(b, g.names.list[i], r)
		}
		if len(b) > g.baseSize/4 {
			return nil, false
		}
	}
	for name, r := range g.now {
		if b = appendTask(b, name, r); len(b) > g.baseSize/4 {
			return nil, false
		}
	}
	return b, true
}

// appendTask writes a task, or, without a result, that there is none.
func appendTask(b []byte, name string, r *Result) []byte {
	b = appendString(b, name)
	if r == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	b = appendString(b, r.Value)
	b = appendString(b, r.asked)
	return appendString(b, r.outputs)
}

// decode reads what encode or changes wrote. Of a task that there is no more,
// it yields no result.
func decode(s string, yield func(name string, r Result, there bool) bool) bool {
	for s != "" {
		name, rest, ok := cutString(s)
		if !ok || rest == "" {
			return false
		}
		var r Result
		there := rest[0] == 1
		if s = rest[1:]; there {
			var f [3]string
			for i := range f {
				if f[i], s, ok = cutString(s); !ok {
					return false
				}
			}
			r = Result{Value: f[0], asked: f[1], outputs: f[2]}
		}
		if !yield(name, r, there) {
			return false
		}
	}
	return true
}

// decodeBase reads the base, whose tasks come in the order of their names.
func (g *Graph) decodeBase(s string) bool {
	guess := len(s) / 800
	g.names.Grow(guess)
	g.base = make([]Result, 0, guess)
	if !decode(s, func(name string, r Result, there bool) bool {
		g.base = append(g.base, r)
		return there && g.names.Add(name)
	}) {
		return false
	}
	g.whole, g.given = true, make([]atomic.Pointer[Result], len(g.base))
	return true
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func cutString(s string) (v, rest string, ok bool) {
	var n uint64
	for i := 0; i < len(s) && i < binary.MaxVarintLen64; i++ {
		n |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			s = s[i+1:]
			if n > uint64(len(s)) {
				return "", "", false
			}
			return s[:n], s[n:], true
		}
	}
	return "", "", false
}
