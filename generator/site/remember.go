package site

import (
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"docent/generator/build"
	"docent/generator/doc"
	"docent/generator/html"
)

// The tasks of a site, and what they ask (see package build):
//
//	facts NAME   what others may ask of a page: asks what its files hold
//	page NAME    the page's files: asks what its files hold, which other files
//	             are there, where its links lead, its numbers, its reports, and
//	             for the frame around its text
//	copy NAME    a picture or a download: asks what the file holds
//	diagram SUM  a drawing: asks which program draws
//	extras       what stands for the whole site: asks for all that is known of
//	             all pages
//	search       the term files: asks what was found on all pages
//
// What the configuration and the theme say is part of the graph's key.

// ask answers a question for a page, or for none.
func (s *Site) ask(p *page, question string) build.Answer {
	kind, rest, _ := strings.Cut(question, " ")
	switch kind {
	case "file":
		return s.table.answer(rest)
	case "there":
		return s.table.there(rest)
	case "reports":
		return s.reportsOf(p)
	case "site":
		return s.whole
	case "program":
		return s.program(rest).answer
	case "again":
		return build.Answer{}
	case "found":
		return build.Digest(s.index.Version())
	}
	if need, known := needOf[kind]; known && s.same >= need {
		return build.Same
	}
	switch kind {
	case "place":
		return build.Digest(p.docname, p.url)
	case "frame":
		return s.frameAnswer(p, s.frame(p))
	case "numbers":
		return p.numbers()
	case "todos":
		return s.todosAnswer()
	case "link", "object", "way", "toctree":
		r := doc.Read(rest)
		n := r.Node()
		if n == nil || r.More() {
			return build.Answer{}
		}
		probe := &env{s: s, p: p}
		if kind == "toctree" {
			return tocAnswer(s.shown(p, n))
		}
		l, found := probe.link(n)
		return linkAnswer(l, found, probe.diags)
	}
	return build.Answer{}
}

// A need is how much of what is known of all pages an answer depends on.
type need int

const (
	needsAll    need = 3 - iota // while the shape stays, no answer of other pages changes
	needsTables                 // the names of labels and objects, and where they are
	needsNames                  // which pages there are
)

// needOf are the questions that other pages answer.
var needOf = map[string]need{"place": needsNames, "way": needsNames, "object": needsTables, "link": needsAll, "toctree": needsAll, "numbers": needsAll, "frame": needsAll}

// question is what a reference asks that needs so much.
func (n need) question() string {
	switch n {
	case needsNames:
		return "way "
	case needsTables:
		return "object "
	}
	return "link "
}

// asked notes a question of a page and its answer, while the page renders.
func (e *env) asked(question string, a build.Answer) {
	if e.trace != nil {
		e.trace.Asked(question, a)
	}
}

// A question about a reference is its node without what stands in it: enough
// to ask again where it leads.

func tocQuestion(n *doc.Node) string { return string(doc.AppendNode([]byte("toctree "), n, false)) }

// linkAnswer is where a reference leads, and what is to be said about it.
func linkAnswer(l html.Link, ok bool, diags []doc.Diag) build.Answer {
	w := writer{b: make([]byte, 0, 256)}
	w.bool(ok)
	w.string(l.Href, l.Title, l.Plain, l.Save)
	w.strings(l.Classes)
	w.node(l.Text)
	for _, d := range diags {
		w.string(d.Severity.String(), d.Code, d.Message, d.Hint)
	}
	return build.DigestBytes(w.b)
}

func tocAnswer(all []html.TocEntry) build.Answer {
	var w writer
	w.entries(all)
	return build.DigestBytes(w.b)
}

func (w *writer) entries(all []html.TocEntry) {
	w.int(len(all))
	for _, t := range all {
		w.string(t.Href, t.Number, t.Plain)
		w.node(t.Title)
		w.bool(t.Code)
		w.bool(t.Current)
		w.entries(t.Children)
	}
}

// numbers is the answer to which numbers a page's sections and figures have.
func (p *page) numbers() build.Answer {
	if p.secnum == nil && p.fignum == nil {
		return noNumbers
	}
	return build.Digest(fmt.Sprint(p.secnum), fmt.Sprint(p.fignum)) // maps print in order
}

var noNumbers = build.Digest("no numbers")

// settle computes the digests of all pages. What one page may ask of another
// is in the shape: while it stays, no answer changes. Parts of it are in the
// tables and the names: a title that changes leaves them.
func (s *Site) settle() {
	s.digestEvidence()
	shape, whole := writer{b: make([]byte, 0, 96*len(s.pages))}, writer{b: make([]byte, 0, 256*len(s.pages)), places: true}
	tables, names := writer{b: make([]byte, 0, 80*len(s.pages))}, writer{b: make([]byte, 0, 64*len(s.pages))}
	for _, p := range s.pages {
		names.string(p.name)
		tables.string(p.name, p.tables)
		shape.string(p.name, p.shape)
		shape.int(int(p.updated.Unix()))
		whole.string(p.facts.desc)
		whole.strings(p.facts.deps)
	}
	shape.bool(len(s.reports) > 0 || len(s.results) > 0)
	s.shape = build.DigestBytes(shape.b)
	whole.string(string(s.shape[:]), string(s.evidence[:]))
	s.whole = build.DigestBytes(whole.b)
	s.same, s.settled = 0, [...]build.Answer{needsNames: build.DigestBytes(names.b), needsTables: build.DigestBytes(tables.b), needsAll: s.shape}
	for n := needsNames; n <= needsAll; n++ {
		if last := s.graph.Last(n.task()); last != nil && last.Value == string(s.settled[n][:]) {
			s.same = n
		}
	}
	s.agree(true)
}

// task is where the graph has the digest of what is needed so much.
func (n need) task() string {
	return [...]string{needsNames: "names", needsTables: "tables", needsAll: "shape"}[n]
}

// agree says whether what the graph has of pages is, or will be when the
// build ends, of what is known of all pages now. While it is not, every
// question is asked.
func (s *Site) agree(yes bool) {
	for n := needsNames; n <= needsAll; n++ {
		digest := ""
		if yes {
			digest = string(s.settled[n][:])
		}
		s.graph.Set(n.task(), digest)
	}
	if !yes {
		s.same = 0
	}
}

// A message is a diagnostic as it is remembered: its text is read again from
// the file when someone wants to see it.
func (w *writer) diags(l []doc.Diag) {
	w.int(len(l))
	for _, d := range l {
		w.int(int(d.Severity))
		w.string(d.Code, d.Message, d.Hint)
		w.bool(d.Source != nil)
		if d.Source == nil {
			continue
		}
		w.string(d.Source.Name)
		w.int(d.Off)
		w.int(d.Len)
		text := ""
		if strings.HasPrefix(d.Source.Name, "<") { // no file has it
			text = d.Source.Text
		}
		w.string(text)
	}
}

func (s *Site) readDiags(r *reader) []doc.Diag {
	n := r.Length()
	out := make([]doc.Diag, 0, n)
	for range n {
		d := doc.Diag{Severity: doc.Severity(r.Uint()), Code: r.String(), Message: r.String(), Hint: r.String()}
		if r.Bool() {
			name := r.String()
			d.Off, d.Len = r.Count(), r.Count()
			if text := r.String(); text != "" {
				d.Source = doc.NewSource(name, text)
			} else {
				d.Source = s.text(name)
			}
		}
		if r.Bad {
			break
		}
		out = append(out, d)
	}
	return out
}

// learn gives a page its facts, from memory where its files are as they were.
func (s *Site) learn(p *page, alone bool) error {
	var tree *doc.Document
	name := "facts " + p.name
	if alone {
		name = "facts alone " + p.name // it orders its folder
	}
	r, _, err := s.graph.Do(name, func(q string) build.Answer { return s.ask(p, q) }, nil, func(t *build.Trace) (string, error) {
		var diags []doc.Diag
		d, a := s.parse(p, func(more ...doc.Diag) { diags = append(diags, more...) })
		t.Asked("file "+p.name, a)
		for _, dep := range d.Deps {
			a, ok := hexAnswer(dep.Digest)
			if !ok { // it was not there, or is no file
				a = s.table.answer(dep.Name)
			}
			t.Asked("file "+dep.Name, a)
		}
		for _, name := range s.catalogues(p.docname) {
			t.Asked("file "+name, s.table.answer(name))
		}
		f := gather(d, alone || p.docname == s.rootDoc(), s.conf.Values["toc_object_entries"] != false)
		buf := scratches.Get().(*scratch)
		defer scratches.Put(buf)
		buf.page = f.append(buf.page[:0], false)
		shape := build.DigestBytes(buf.page)
		tree = d
		w := writer{b: buf.page[:0], places: true}
		tables := build.DigestBytes(f.tables())
		w.string(string(shape[:]), string(tables[:]))
		w.diags(diags)
		buf.page = f.append(w.b, true)
		return string(buf.page), nil
	})
	if err != nil {
		return err
	}
	in := reader{doc.Read(r.Value)}
	p.shape, p.tables = in.String(), in.String()
	diags := s.readDiags(&in)
	if p.facts, err = readFacts(in.Rest()); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.read = diags
	p.text = s.table.answer(p.name)
	if tree != nil && !s.opt.Preview {
		p.kept, _ = s.trees.keep(tree)
	}
	return nil
}

// writePage writes a page's files, unless they stand there already.
func (s *Site) writePage(p *page, sink Sink) error {
	r, ran, err := s.graph.Do("page "+p.name, func(q string) build.Answer { return s.ask(p, q) },
		func(r *build.Result) bool { return s.index.Has(p.url) && s.keep(sink, r.Outputs()) },
		func(t *build.Trace) (string, error) {
			d, err := s.tree(p)
			if err != nil {
				return "", err
			}
			e := &env{s: s, p: p, doc: d, trace: t}
			for _, src := range p.facts.sources {
				t.Asked("file "+src, s.table.answer(src))
			}
			for _, dep := range p.facts.deps {
				t.Asked("file "+dep, s.table.answer(dep))
			}
			for _, name := range s.catalogues(p.docname) {
				t.Asked("file "+name, s.table.answer(name))
			}
			t.Asked("place", s.ask(p, "place"))
			t.Asked("reports", s.reportsOf(p))
			t.Asked("numbers", p.numbers())
			v := s.frame(p)
			t.Asked("frame", s.frameAnswer(p, v))
			v.navigate(s, p)
			to := traced{sink, t, s.opt.Precompress}
			buf := scratches.Get().(*scratch)
			defer scratches.Put(buf)
			data, err := s.pageHTML(e, v, to, buf)
			if err != nil {
				return "", err
			}
			if err := to.Put(outName(p.url), data); err != nil {
				return "", err
			}
			if err := s.index.Add(e.searchPage(buf)); err != nil {
				return "", err
			}
			w := writer{places: true}
			w.diags(e.diags)
			w.strings(e.files)
			w.strings(e.drawn)
			return string(w.b), nil
		})
	if err != nil {
		return err
	}
	if ran {
		s.rendered.Add(1)
	}
	in := reader{doc.Read(r.Value)}
	s.mu.Lock()
	p.written = s.readDiags(&in)
	s.mu.Unlock()
	for _, f := range in.Strings() {
		s.published.Store(s.served(f), f)
	}
	for _, task := range in.Strings() {
		if !ran { // a page that is kept keeps its drawings
			s.graph.Retain(task)
		}
	}
	return nil
}

// keep leaves the files of a task in their places, all or none.
func (s *Site) keep(sink Sink, names iter.Seq[string]) bool {
	k, ok := sink.(interface{ Intact(name string) bool })
	if !ok {
		return false
	}
	for n := range names {
		if !k.Intact(n) {
			return false
		}
	}
	for n := range names {
		if strings.HasPrefix(n, "_cards/") || strings.HasPrefix(n, "_diagrams/") { // pages may share one
			if _, twice := s.cards.LoadOrStore(n, true); twice {
				continue
			}
		}
		if !sink.(Keeper).Keep(n) {
			return false
		}
	}
	return true
}

// A traced sink notes what a task writes.
type traced struct {
	Sink
	t     *build.Trace
	forms []string // precompressed ones, that are written beside each file
}

func (w traced) Put(name string, data []byte) error {
	w.t.Wrote(name)
	if err := w.Sink.Put(name, data); err != nil || !packs(name, len(data)) {
		return err
	}
	for _, f := range w.forms {
		small, err := compressors[f](data)
		if err != nil {
			return fmt.Errorf("compress %s: %w", name, err)
		}
		w.t.Wrote(name + "." + f)
		if err := w.Sink.Put(name+"."+f, small); err != nil {
			return err
		}
	}
	return nil
}

// shares notes a file that another page of this build wrote already.
func (w traced) shares(name string, size int) {
	w.t.Wrote(name)
	if packs(name, size) {
		for _, f := range w.forms {
			w.t.Wrote(name + "." + f)
		}
	}
}

func (w traced) Copy(name string, open func() (io.ReadCloser, error)) error {
	w.t.Wrote(name)
	return w.Sink.Copy(name, open)
}

func (w traced) Keep(name string) bool {
	k, ok := w.Sink.(Keeper)
	if !ok || !k.Keep(name) {
		return false
	}
	w.t.Wrote(name)
	return true
}

// task runs what depends on one question only. What it finds wrong is given
// again with its files.
func (s *Site) task(name, question string, sink Sink, write func(Sink) ([]doc.Diag, error)) (*build.Result, error) {
	r, _, err := s.graph.Do(name, func(q string) build.Answer { return s.ask(nil, q) },
		func(r *build.Result) bool { return s.keep(sink, r.Outputs()) },
		func(t *build.Trace) (string, error) {
			t.Asked(question, s.ask(nil, question))
			diags, err := write(traced{sink, t, s.opt.Precompress})
			w := writer{places: true}
			w.diags(diags)
			return string(w.b), err
		})
	if err != nil {
		return nil, err
	}
	in := reader{doc.Read(r.Value)}
	s.report(s.readDiags(&in)...)
	return r, nil
}

// remember opens what is known from the build before. Everything that no
// task asks for is part of the key: with another one, nothing is known.
func (s *Site) remember(before *Site) {
	var w writer
	o := s.opt
	w.string(build.Program(), o.Source, o.BaseURL, o.Reports, o.Results, fmt.Sprint(o.Without, o.Preview, o.Settings, o.Precompress), s.theme.digest)
	for _, name := range s.inputs {
		a := s.table.answer(name)
		w.string(name, string(a[:]))
	}
	s.key = string(w.b)
	s.graph = build.NewGraph()
	s.newIndex()
	switch {
	case before != nil && before.key == s.key:
		s.graph, s.index, s.html.Highlighter = before.graph.Next(), before.index, before.html.Highlighter
		s.table = before.table.next(s.table)
		return
	case o.Cache == nil:
		return
	}
	s.graph = o.Cache.LoadGraph(s.key)
	if last := s.graph.Last("tie"); o.within != "" && (last == nil || last.Value != o.tie) {
		s.graph = build.NewGraph()
	}
	if text, ok := o.Cache.Load("files", s.key); ok {
		s.table.load(text)
	}
	s.loadSearch()
	// What a page gave is in two files, which a crash can leave of two builds.
	if last := s.graph.Last("index"); last == nil || last.Value != s.index.Version() {
		s.newIndex()
		s.known = ""
	}
}

// Remember writes down what the next build need not do again. It is called
// when the site stands in its place.
func (s *Site) Remember() error {
	if s.opt.Cache == nil {
		return nil
	}
	if err := s.theme.saveMinified(s.opt.Cache); err != nil {
		return err
	}
	if err := s.opt.Cache.Save("files", s.key, s.table.encode()); err != nil {
		return err
	}
	s.graph.Set("index", s.index.Version())
	if s.dir != nil {
		s.graph.Set("out", s.dir.Record())
	}
	if err := s.saveSearch(); err != nil {
		return err
	}
	return s.opt.Cache.SaveGraph(s.key, s.graph)
}

// reportsOf is the answer to what reports say of a page.
func (s *Site) reportsOf(p *page) build.Answer {
	if s.reported[p.name] {
		return s.evidence
	}
	return noReports
}

var noReports = build.Digest("none")

func (s *Site) evidenceDirs() []string {
	beside := filepath.Dir(filepath.Clean(s.opt.Source))
	return []string{first(s.opt.Reports, filepath.Join(beside, "labs", "reports")), first(s.opt.Results, filepath.Join(beside, "cuda", "nbody", "results"))}
}

// digestEvidence reads all reports and measurements as they are on the disk.
func (s *Site) digestEvidence() {
	s.reported = map[string]bool{}
	for i := range s.reports {
		s.reported[s.reports[i].Page] = true
	}
	var parts []string
	for _, dir := range s.evidenceDirs() {
		filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				data, err := os.ReadFile(name)
				parts = append(parts, name, fmt.Sprint(err), string(data))
			}
			return nil
		})
	}
	s.evidence = build.Digest(parts...)
}
