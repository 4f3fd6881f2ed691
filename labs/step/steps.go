package step

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
)

// Steps reads the listings of a page. Every listing becomes a step; one whose
// role is neither said nor safe to infer has the role Unaccounted and a
// diagnostic. Mistakes in annotations are errors; what an author should decide
// is a warning.
func Steps(d *doc.Document) ([]Step, []doc.Diag) {
	p := &pageReader{reader: reader{d: d}, downloads: Downloads(d), values: map[string]string{}}
	p.readPage()
	list, loose := doc.Listings(d)
	p.context = proseBefore(d, list)
	for i := range list {
		p.step(&list[i])
	}
	for i := range p.steps {
		p.fileByName(i)
	}
	p.link()
	for _, n := range loose {
		_, keys, _ := doc.Note(n)
		p.report(doc.Warning, "lab-loose", n.Pos, 1, fmt.Sprintf("No listing follows the lab comment `%s` in its section, so it applies to none.", cut(strings.Join(strings.Fields(keys), " "), 40)),
			"Put it right before a listing, or remove it.")
	}
	for i := range p.steps {
		s := &p.steps[i]
		if s.Role == Unaccounted {
			// Nobody may run by mistake what nobody accounted for.
			s.Commands, s.Opens, s.Expect, s.Session = nil, "", "", ""
			p.report(doc.Warning, "lab-unaccounted", s.Pos, firstLineLen(s.Source, s.Pos), "This listing is not accounted for: "+s.Why+".", p.hints[i])
		}
	}
	p.identify(list)
	slices.SortStableFunc(p.diags, func(a, b doc.Diag) int { return a.Off - b.Off })
	return p.steps, p.diags
}

// identify takes sample output out of names and digests. What is typed stays
// in; what a listing of output is about is its command.
func (p *pageReader) identify(list []doc.Listing) {
	now := map[string]string{} // the name that a step had -> its name
	name := func(which func(s *Step) bool, text func(i int) string) {
		var at []int
		var named []*doc.Listing
		var texts []string
		for i := range p.steps {
			if which(&p.steps[i]) {
				at, named, texts = append(at, i), append(named, &list[i]), append(texts, text(i))
			}
		}
		ids, places := doc.Identify(named, texts)
		for k, i := range at {
			s := &p.steps[i]
			now[s.ID] = ids[k]
			s.ID, s.Place = ids[k], places[k]
			if s.Expect != "" {
				sum := sha256.Sum256([]byte(strings.Join(strings.Fields(s.Expect), " ")))
				s.Sample, s.Digest = hex.EncodeToString(sum[:8]), named[k].DigestFor(texts[k])
			}
		}
	}
	name(func(s *Step) bool { return s.Expect == "" }, func(i int) string { return list[i].Text() })
	name(func(s *Step) bool { return s.Expect != "" && s.Role != Output },
		func(i int) string { return "\x00typed\n" + commandsOnly(reading{commands: p.steps[i].Commands}, "") })
	for i := range p.steps {
		if id, ok := now[p.steps[i].Of]; ok {
			p.steps[i].Of = id
		}
	}
	name(func(s *Step) bool { return s.Expect != "" && s.Role == Output }, func(i int) string { return "\x00output of " + p.steps[i].Of })
}

// Values gives the variables that the page's lab-page comments set, in order.
func Values(d *doc.Document) []Value {
	p := &pageReader{reader: reader{d: d}, values: map[string]string{}}
	p.readPage()
	return p.page.values
}

// Secrets names the variables whose values the page's lab takes from the
// environment of labs, and that no log or report may show.
func Secrets(d *doc.Document) []string {
	p := &pageReader{reader: reader{d: d}, values: map[string]string{}}
	p.readPage()
	return p.page.secrets
}

// Downloads lists the files that the page offers with download references,
// in captions and in prose, each once.
func Downloads(d *doc.Document) []Download {
	var out []Download
	for n := range d.Root.Find(doc.KindDownloadReference) {
		ref := n.Attr("reftarget")
		from := d.Below(ref)
		if from == "" || strings.Contains(ref, "://") {
			continue
		}
		if !slices.ContainsFunc(out, func(o Download) bool { return o.From == from }) {
			out = append(out, Download{Name: path.Base(from), From: from, Pos: n.Pos})
		}
	}
	return out
}

type pageReader struct {
	reader
	page      annotation
	values    map[string]string
	downloads []Download
	context   []context
	steps     []Step
	notes     []annotation // by step
	hints     []string     // by step
	calls     [][][]string // by step
	captions  []string     // by step: the name that a download's caption shows
	opened    int          // containers so far
	// What the commands so far leave for later ones: see remember.
	sets    map[string]bool // variables, and names of files
	sourced bool            // a file was sourced, so that any variable may be set
	cluster bool            // a cluster was made
}

// A context is what stands around a listing.
type context struct {
	titles []string // of the sections it is in, outermost first
	prose  string   // the paragraphs between it and the listing before it
	nearer string   // the last of them
	// literals are the file names that the last of them shows as such.
	literals []string
	// after and afterText are the same of the paragraph right after it.
	after     []string
	afterText string
	first     bool    // no listing stands before it in its section
	tab       string  // the label of the tab it is in, if a lab follows another tab
	page      doc.Pos // the last place before it that is in the page itself
}

// unread finds comments that were meant for a lab and lack the colon.
var unread = regexp.MustCompile(`^(?:lab-run|lab-page|lab(?:\s+(?:run|file|output|transcript|example)))(?:\s|$)`)

func (p *pageReader) readPage() {
	for n := range p.d.Root.Find(doc.KindComment) {
		if m := unread.FindString(n.PlainText()); m != "" {
			word, _, _ := strings.Cut(m, " ")
			word = strings.TrimSpace(word)
			p.report(doc.Warning, "lab-comment", n.Pos, 1, fmt.Sprintf("This comment begins with `%s` and has no colon after it, so no lab reads it.", word), fmt.Sprintf("Write `%s:`, or begin it with another word.", word))
		}
		if kind, keys, ok := doc.Note(n); ok && kind == doc.NotePage {
			p.read(&p.page, n, kind, keys)
		}
	}
	for _, v := range p.page.values {
		p.values[v.Name] = v.Value
	}
	for _, name := range p.page.secrets {
		p.values[name] = ""
	}
}

// proseBefore walks the page once for what stands around each listing.
func proseBefore(d *doc.Document, list []doc.Listing) []context {
	at := make(map[*doc.Node]int, len(list))
	for i := range list {
		at[list[i].Node] = i
	}
	out := make([]context, len(list))
	var titles, prose []string
	var names []string
	first, last := true, -1
	tab := ""
	var walk func(n *doc.Node)
	var page doc.Pos
	walk = func(n *doc.Node) {
		if n.Pos.File == 0 {
			page = n.Pos
		}
		if i, ok := at[n]; ok {
			out[i] = context{titles: slices.Clone(titles), prose: strings.Join(prose, "\n"), first: first, page: page, tab: tab}
			if len(prose) > 0 {
				out[i].nearer, out[i].literals = prose[len(prose)-1], names
			}
			prose, names, first, last = nil, nil, false, i
			return
		}
		switch n.Kind {
		case doc.KindTabSet:
			follow := followedTab(n)
			for _, c := range n.Children {
				was := tab
				if tab == "" && c.Kind == doc.KindTabItem && c != follow {
					tab = tabLabel(c)
				}
				walk(c)
				tab = was
			}
			return
		case doc.KindParagraph, doc.KindTerm:
			prose, names = append(prose, n.PlainText()), fileNames(n)
			if last >= 0 && out[last].afterText == "" {
				out[last].after, out[last].afterText = names, prose[len(prose)-1]
			}
			return
		case doc.KindSection:
			prose, names, first, last = nil, nil, true, -1
			depth := len(titles)
			for _, c := range n.Children {
				if c.Kind == doc.KindTitle && len(titles) == depth {
					titles = append(titles, c.PlainText())
					continue
				}
				walk(c)
			}
			titles = titles[:depth]
			prose, names, first, last = nil, nil, true, -1
			return
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(d.Root)
	return out
}

var linuxTab = regexp.MustCompile(`(?i)\b(?:linux|ubuntu|debian|bash|docker)\b`)

// followedTab is the tab that a lab follows: the one for its own system, else
// the first.
func followedTab(set *doc.Node) *doc.Node {
	var tabs []*doc.Node
	for _, c := range set.Children {
		if c.Kind == doc.KindTabItem {
			tabs = append(tabs, c)
		}
	}
	if i := slices.IndexFunc(tabs, func(t *doc.Node) bool { return linuxTab.MatchString(tabLabel(t)) }); i >= 0 {
		return tabs[i]
	}
	if len(tabs) == 0 {
		return nil
	}
	return tabs[0]
}

func tabLabel(item *doc.Node) string {
	if l := item.First(doc.KindTabLabel); l != nil && strings.TrimSpace(l.PlainText()) != "" {
		return l.PlainText()
	}
	return "another one"
}

// fileNames gives the file names that a paragraph shows as such: literals, and
// words in bold.
func fileNames(n *doc.Node) []string {
	var out []string
	for _, kind := range []doc.Kind{doc.KindLiteral, doc.KindStrong} {
		for l := range n.Find(kind) {
			if name := strings.TrimSpace(l.PlainText()); fileNameRE.MatchString(name) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// step reads one listing.
func (p *pageReader) step(l *doc.Listing) {
	var a annotation
	for _, n := range l.Notes {
		kind, keys, _ := doc.Note(n)
		p.read(&a, n, kind, keys)
	}
	pos := l.Node.Pos
	if from := l.Node.Attr(doc.AttrFilename); from != "" && p.d.Sources[pos.File].Name == from {
		// An included file: the author looks for the directive, not for the
		// first line of the file.
		pos = p.context[len(p.steps)].page
	}
	src, line, col := p.d.Locate(pos)
	s := Step{ID: l.ID, Page: p.d.Name(), Source: src, Pos: pos, Line: line, Col: col,
		Text: l.Text(), Language: l.Node.Attr(doc.AttrLanguage), Digest: l.DigestFor(l.Text())}
	if l.Wrapper != nil {
		if c := l.Wrapper.First(doc.KindCaption); c != nil {
			s.Caption = c.PlainText()
		}
	}
	if l.Node.Kind == doc.KindComment {
		_, keys, _ := doc.Note(l.Node)
		first, _, _ := strings.Cut(keys, "\n")
		p.read(&a, l.Node, doc.NoteRun, first)
	}
	said := a.role
	a = a.over(p.page)
	s.Opt = a.opt

	r := reading{}
	caption := ""
	switch {
	case l.Node.Kind == doc.KindComment:
		r = readSaid(Setup, s.Text, "bash")
		s.Said = true
		if r.role.Runs() {
			r.role = Setup
		} else {
			p.report(doc.Error, "lab-shell", s.Pos, 1, "This lab-run comment cannot be run: "+r.why+".", "After its first line, which holds keys, it holds shell commands.")
		}
	default:
		var file bool
		if r, caption, file = p.file(&s, l, said); file {
			break
		}
		if l.Node.Kind == doc.KindDoctestBlock {
			r = unsure("it is a Python session, which labs do not type", "Say `example`, or make it a script that the page offers.")
		} else {
			r = readListing(s.Text, s.Language)
		}
		if said != "" {
			r = p.said(said, r, &s, l)
		}
	}
	if said != "" {
		s.Said = true
		r.why = ""
	}
	s.Role, s.Why, s.Commands, s.Expect = r.role, r.why, r.commands, r.expect
	if s.Role == Output {
		s.Expect = s.Text
	}
	p.placeLines(&s, l)
	p.session(&s, r)
	i := len(p.steps)
	if s.Role.Runs() {
		for _, call := range r.calls {
			for _, image := range images(call) {
				if !slices.Contains(s.Images, image) {
					s.Images = append(s.Images, image)
				}
			}
		}
		p.inferNeeds(&s, r.calls, true)
	} else if s.Role != File {
		s.Images = nil
	}
	p.steps = append(p.steps, s)
	p.notes = append(p.notes, a)
	p.hints = append(p.hints, r.hint)
	p.calls = append(p.calls, r.calls)
	p.captions = append(p.captions, caption)
	if s.Role == Unaccounted && !s.Said {
		p.outputByProse(i)
	}
	if s := &p.steps[i]; s.Role == Unaccounted && !s.Said {
		p.runByProse(i, l)
	}
	p.doubtPlace(i)
	p.doubtText(i)
}

// file recognises a listing that shows a file the page offers.
func (p *pageReader) file(s *Step, l *doc.Listing, said Role) (r reading, caption string, ok bool) {
	from := l.Node.Attr(doc.AttrFilename)
	var ref *doc.Node
	if l.Wrapper != nil {
		for n := range l.Wrapper.Find(doc.KindDownloadReference) {
			ref = n
			break
		}
	}
	if said != "" && said != File {
		return r, "", false
	}
	switch {
	case ref != nil && p.d.Below(ref.Attr("reftarget")) != "":
		target := p.d.Below(ref.Attr("reftarget"))
		if from != "" && from != target && said == "" {
			return unsure(fmt.Sprintf("it shows `%s` and offers another file, `%s`", from, target), "Offer the file that is shown."), "", true
		}
		from = target
		caption = strings.TrimSpace(ref.PlainText())
		r = reading{role: File, why: "its caption offers the file for download"}
	case from != "" && slices.ContainsFunc(p.downloads, func(d Download) bool { return d.From == from }):
		r = reading{role: File, why: "the page offers the file it shows for download"}
	case said == File:
		if from == "" && s.Opt.Name == "" {
			p.report(doc.Error, "lab-file", s.Pos, 1, "This listing is said to be a file, but neither it nor its caption names one.", "Give it a `:download:` caption, or say `name=FILE`.")
			return unsure("it is said to be a file, but no file is named", ""), "", true
		}
		r = reading{role: File}
	case from != "":
		return unsure(fmt.Sprintf("it shows the file `%s`, which the page does not offer for download", from), "Put a `:download:` into its caption, or say `example`."), "", true
	default:
		return r, "", false
	}
	s.FileFrom = from
	s.File = path.Base(from)
	if from == "" {
		s.File = s.Opt.Name // the listing's own text is the file
	}
	if s.Opt.Name != "" {
		s.File = s.Opt.Name
	}
	s.Partial = partial(p.d, l.Node, from)
	s.Images = fromImages(s.Text)
	return r, caption, true
}

// partial reports whether an included listing shows only a part of its file.
func partial(d *doc.Document, n *doc.Node, from string) bool {
	for _, src := range d.Sources {
		if src.Name == from {
			return strings.TrimSpace(src.Text) != strings.TrimSpace(n.PlainText())
		}
	}
	return false
}

var fromRE = regexp.MustCompile(`(?im)^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$`)

// fromImages lists the images that a Dockerfile starts from, its own stages
// left out.
func fromImages(text string) []string {
	var out, stages []string
	for _, m := range fromRE.FindAllStringSubmatch(text, -1) {
		if m[1] != "scratch" && !slices.Contains(stages, strings.ToLower(m[1])) && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
		if m[2] != "" {
			stages = append(stages, strings.ToLower(m[2]))
		}
	}
	return out
}

// readSaid reads a listing whose role an annotation says.
func readSaid(role Role, text, language string) reading {
	lines := splitLines(text)
	if first := firstPrompt(lines, language); first >= 0 && role != Setup {
		return readPrompted(lines, first, language)
	}
	cmds, err := parseShell(text)
	if err != nil {
		return unsure("it is not shell: "+shellError(err), "")
	}
	if len(cmds) == 0 {
		return unsure("it holds no command", "")
	}
	return readCommands(cmds, lines, "")
}

// said applies the role that an annotation says to what the text says by
// itself. What cannot be carried out is an error and stays unaccounted.
func (p *pageReader) said(role Role, own reading, s *Step, l *doc.Listing) reading {
	switch role {
	case Output, Example:
		return reading{role: role}
	}
	if why := form(commandsOnly(own, s.Text), false); why != "" || own.role == Example && strings.HasPrefix(own.why, "it has a placeholder") {
		if why == "" {
			why = own.why
		}
		p.report(doc.Error, "lab-form", s.Pos, 1, fmt.Sprintf("This listing is said to be `%s`, but %s.", role, why), "Use a variable that `lab-page: values=` sets, or say `example`.")
		return unsure(why, "")
	}
	r := own
	if !own.role.Runs() {
		r = readSaid(role, s.Text, s.Language)
		if !r.role.Runs() {
			p.report(doc.Error, "lab-shell", s.Pos, 1, fmt.Sprintf("This listing is said to be `%s`, but %s.", role, r.why), "Correct it, or say another role.")
			return r
		}
	}
	r.role = role
	return r
}

// commandsOnly is the text in which a placeholder would be typed.
func commandsOnly(r reading, text string) string {
	if len(r.commands) == 0 {
		return text
	}
	var b strings.Builder
	for _, c := range r.commands {
		b.WriteString(c.Text + "\n")
	}
	return b.String()
}

// placeLines finds the listing's text in the page, or in the file that it
// shows, and turns the commands' lines in the listing into lines there.
func (p *pageReader) placeLines(s *Step, l *doc.Listing) {
	s.Body, s.BodyLine, s.BodyCol = s.Source, s.Line, 1
	if src := p.d.Sources[l.Node.Pos.File]; src != s.Source {
		s.Body = src // an included file
		s.BodyLine, _ = src.LineCol(int(l.Node.Pos.Off))
	}
	first, _, _ := strings.Cut(strings.TrimLeft(s.Text, "\n"), "\n")
	skip := len(s.Text) - len(strings.TrimLeft(s.Text, "\n"))
	want := strings.TrimSpace(first)
	for i := s.BodyLine; want != "" && i < s.BodyLine+40; i++ {
		if text := s.Body.Line(i); strings.TrimSpace(text) == want {
			// The text may be indented itself, below the listing's indentation.
			own := len(first) - len(strings.TrimLeft(first, " \t"))
			s.BodyLine, s.BodyCol = i-skip, max(1, strings.Index(text, want)+1-own)
			break
		}
	}
	for i := range s.Commands {
		c := &s.Commands[i]
		if s.Body == s.Source {
			c.Line += s.BodyLine
			c.Col = s.BodyCol
		} else {
			c.Line += s.Line
			c.Col = 1
		}
	}
}

func firstLineLen(src *doc.Source, pos doc.Pos) int {
	rest := src.Text[min(int(pos.Off), len(src.Text)):]
	line, _, _ := strings.Cut(rest, "\n")
	return max(1, len(strings.TrimRight(line, "\r")))
}

// session says where the commands are typed and what they open.
func (p *pageReader) session(s *Step, r reading) {
	if !s.Role.Runs() {
		return
	}
	s.Session = Host
	switch in := s.Opt.In; {
	case in == "container":
		if p.opened == 0 {
			p.report(doc.Error, "lab-session", s.Pos, 1, "This listing is typed in a container, but none before it opens one with `docker run -it`.", "Say `in=host`, or show how the container is started.")
		}
		s.Session = fmt.Sprintf("container:%d", max(1, p.opened))
	case in != "":
		s.Session = in
	}
	if r.opens {
		p.opened++
		s.Opens = fmt.Sprintf("container:%d", p.opened)
	}
	if strings.HasPrefix(s.Session, "container:") {
		for i := range p.steps {
			if p.steps[i].Opens == s.Session {
				p.steps[i].KeepOpen = true
			}
		}
	}
}

// inferNeeds adds what the commands themselves show to be needed; with files,
// also what the scripts of the page that they run need.
func (p *pageReader) inferNeeds(s *Step, calls [][]string, files bool) {
	need := func(n Need) {
		if !slices.ContainsFunc(s.Opt.Needs, func(o Need) bool { return o.Name == n.Name }) {
			s.Opt.Needs = append(s.Opt.Needs, n)
		}
	}
	for _, name := range p.page.secrets {
		if s.uses(name) {
			need(Need{Name: "secret=" + name, Text: "secret=" + name})
		}
	}
	for _, call := range calls {
		for i := range p.steps {
			if f := &p.steps[i]; files && f.Role == File && slices.ContainsFunc(call, func(w string) bool { return strings.TrimPrefix(w, "./") == f.File }) {
				if inner, err := parseShell(f.Text); err == nil && !slices.Contains(call, "-f") {
					for _, t := range inner {
						p.inferNeeds(s, t.calls, false)
					}
				}
			}
		}
		if _, ok := buildFile(call); ok {
			need(Need{Name: "build", Text: "build"})
		}
		switch {
		case call[0] == "ngc":
			need(Need{Name: "ngc", Text: "ngc"})
		case call[0] == "nvidia-smi":
			need(Need{Name: "gpu", Op: ">=", Amount: 1, Text: "gpu"})
		case len(call) > 2 && call[0] == "docker" && call[1] == "run":
			if f, _ := dockerFlags(call[2:]); f.gpus {
				need(Need{Name: "gpu", Op: ">=", Amount: 1, Text: "gpu"})
			}
		}
	}
}

// uses reports whether a command of the step uses a variable.
func (s *Step) uses(name string) bool {
	for _, c := range s.Commands {
		for _, m := range variable.FindAllStringSubmatch(c.Text, -1) {
			if m[1] == name {
				return true
			}
		}
	}
	return false
}

var cue = regexp.MustCompile(`(?i)\b(output|prints?|printed|shows?|result|looks? like|similar to|should see|you('ll| will)? (get|see)|answers?|displays?|reports?|returns?|respon(?:se|ds?)|replies|reply)\b`)

// outputByProse takes a listing for the output of the run right before it
// when it looks like output and the prose between them says so.
func (p *pageReader) outputByProse(i int) {
	s := &p.steps[i]
	if i == 0 || p.context[i].first || !cue.MatchString(p.context[i].nearer) {
		return
	}
	before := &p.steps[i-1]
	if !before.Role.Runs() || before.Expect != "" || s.FileFrom != "" {
		return
	}
	lines := splitLines(s.Text)
	lang := strings.ToLower(s.Language)
	sign := outputSign(lines, 0)
	if sign == "" && plain(lang) && saysOutput(p.context[i].nearer) && !likeCommand(s.Text) {
		sign = "it has no language"
	}
	if lang == "json" && len(p.context[i].literals) == 0 {
		sign = "JSON"
	}
	if sign != "" && !startsKnown(lines) && (plain(lang) || lang == "json" || slices.Contains(shells, lang)) {
		s.Role, s.Expect = Output, s.Text
		s.Why = "it looks like output (" + sign + ") and the prose says that the run before it prints it"
	}
}

var (
	outputCue = regexp.MustCompile(`(?i)^(?:(?:and |then )?(?:the |its |expected |sample |example |this )*(?:output|result|response|answer)s?\b|(?:this|it|that|which|the (?:command|program|script))(?: \w+)? (?:prints|shows|outputs|returns|gives|displays|answers|reports)\b|(?:and )?you(?:'ll| will| should| can| then)* (?:see|get)\b)`)
	orderCue  = regexp.MustCompile(`(?i)\b(run|type|enter|execute|use|try|call|command line|install|start|edit|add|file)\b`)
)

func lastSentence(prose string) string {
	prose = strings.TrimSpace(strings.ReplaceAll(prose, "\n", " "))
	if i := strings.LastIndex(strings.TrimRight(prose, ".:"), ". "); i >= 0 {
		prose = prose[i+2:]
	}
	return prose
}

// saysOutput reports whether the last sentence before a listing says in so
// many words that output follows.
func saysOutput(prose string) bool {
	prose = lastSentence(prose)
	return outputCue.MatchString(prose) && !orderCue.MatchString(prose)
}

var typeCue = regexp.MustCompile(`(?i)\b(?:run|type|enter|execute|invoke|launch|start|build|install|compile|clone|submit)\b`)

// runByProse takes a listing without a language for commands when the sentence
// before it tells the reader to type something, and all of it are commands
// that are known.
func (p *pageReader) runByProse(i int, l *doc.Listing) {
	s := &p.steps[i]
	c := p.context[i]
	if s.Language != "" || s.FileFrom != "" || c.first && c.nearer == "" || !strings.HasSuffix(strings.TrimSpace(c.nearer), ":") || !typeCue.MatchString(lastSentence(c.nearer)) || saysOutput(c.nearer) {
		return
	}
	cmds, err := parseShell(s.Text)
	if err != nil || len(cmds) == 0 || slices.ContainsFunc(cmds, func(t typed) bool { return t.grade != strong || len(t.calls) == 0 }) {
		return
	}
	r := readShell(s.Text, splitLines(s.Text))
	if !r.role.Runs() {
		return
	}
	s.Role, s.Commands, s.Expect = r.role, r.commands, r.expect
	s.Why = "the prose says to type it, and it holds shell commands"
	p.placeLines(s, l)
	p.session(s, r)
	for _, call := range r.calls {
		for _, image := range images(call) {
			if !slices.Contains(s.Images, image) {
				s.Images = append(s.Images, image)
			}
		}
	}
	p.inferNeeds(s, r.calls, true)
	p.calls[i], p.hints[i] = r.calls, ""
}

// likeCommand reports whether a text may be something that is typed.
func likeCommand(text string) bool {
	cmds, err := parseShell(text)
	return err == nil && slices.ContainsFunc(cmds, func(t typed) bool { return t.grade != weak })
}

var insideCue = regexp.MustCompile(`(?i)\b(inside|within|in|into|from inside) (a|an|the|your|our) (\w+ ){0,2}(container|job|workspace)\b`)

// doubtPlace looks at a run on the host that may be meant for elsewhere: the
// prose speaks of the inside of a container or job, or the commands write to
// places that are not the reader's working folder.
func (p *pageReader) doubtPlace(i int) {
	s := &p.steps[i]
	if s.Role != Run || s.Said || s.Opt.In != "" || s.Session != Host || s.Opens != "" {
		return
	}
	calls := p.calls[i]
	if len(calls) > 0 && !slices.ContainsFunc(calls, func(c []string) bool { return !p.hostCall(c) }) {
		return
	}
	c := p.context[i]
	for _, text := range append(slices.Clone(c.titles), c.nearer) {
		if m := insideCue.FindString(text); m != "" {
			s.Role = Unaccounted
			s.Why = fmt.Sprintf("it is not clear where it is typed: the text before it says %q", m)
			p.hints[i] = "Say `in=job`, `in=container` or `in=host`."
			return
		}
	}
	for _, call := range calls {
		if p.hostCall(call) {
			continue
		}
		for _, w := range call[1:] {
			if m := foreign.FindString(w); m != "" {
				s.Role = Unaccounted
				s.Why = fmt.Sprintf("it is not clear where it is typed: `%s` is not in the reader's working folder", cut(w, 40))
				p.hints[i] = "Say `in=job`, `in=container` or `in=host`."
				return
			}
		}
	}
}

var foreign = regexp.MustCompile(`^/(mnt|root|workspace|workdir|results|raid)(/|$)`)

// hostCall reports whether a command can only be meant for the host: it
// drives containers and jobs from outside, or runs a file that the page put
// there.
func (p *pageReader) hostCall(call []string) bool {
	if slices.Contains([]string{"docker", "podman", "nerdctl", "ngc", "export", "echo", "printf", "pwd", "id", "whoami", "date", "hostname", "nproc", "basename", "dirname"}, call[0]) {
		return true
	}
	for _, w := range call {
		for _, s := range p.steps {
			if s.Role == File && strings.TrimPrefix(w, "./") == s.File {
				return true
			}
		}
	}
	return false
}

// link connects steps with each other: outputs with their runs, builds with
// their Dockerfiles, files with the names they are used under, and listings
// that would spoil the session for later ones.
func (p *pageReader) link() {
	labels := map[string]int{}
	last := -1
	for i := range p.steps {
		s := &p.steps[i]
		if l := p.notes[i].label; l != "" {
			if _, twice := labels[l]; twice {
				p.report(doc.Error, "lab-label", s.Pos, 1, fmt.Sprintf("The label `%s` is given twice on this page.", l), "Choose another one.")
			}
			labels[l] = i
		}
		if s.Role.Runs() {
			last = i
		}
		of := p.notes[i].of
		if s.Role != Output {
			if of != "" {
				p.report(doc.Error, "lab-of", s.Pos, 1, "`of=` says whose output a listing is, but this listing is not said to be `output`.", "Say `output` too.")
			}
			continue
		}
		from := last
		if of != "" {
			var ok bool
			if from, ok = labels[of]; !ok {
				p.report(doc.Error, "lab-of", s.Pos, 1, fmt.Sprintf("No listing before this one has `label=%s`.", of), "Give the label to the step that prints this.")
				from = -1
			}
		}
		if from < 0 {
			if of == "" {
				p.report(doc.Error, "lab-output", s.Pos, 1, "This is output, but no listing before it is run.", "Show the command, or say `example`.")
			}
			s.Role, s.Why = Unaccounted, "it is output, but no command before it prints it"
			continue
		}
		s.Of = p.steps[from].ID
		s.Session = p.steps[from].Session
	}
	p.fileNames()
	p.buildImages()
	p.spoilers()
}

// fileNames finds the name under which the commands of the page use a file
// that its caption calls by another name.
func (p *pageReader) fileNames() {
	for i := range p.steps {
		s := &p.steps[i]
		if s.Role != File || s.Opt.Name != "" || s.FileFrom == "" {
			continue
		}
		shown := p.captions[i]
		if shown == "" || shown == s.File || strings.ContainsAny(shown, " \t\n/") {
			continue
		}
		if p.uses(shown) && !p.uses(s.File) {
			p.report(doc.Warning, "lab-file-name", s.Pos, 1, fmt.Sprintf("The caption and the commands call this file `%s`, but a browser saves it as `%s`.", shown, s.File),
				fmt.Sprintf("Rename the file, or say `name=%s`.", shown))
			s.File = shown
			continue
		}
		p.report(doc.Warning, "lab-file-name", s.Pos, 1, fmt.Sprintf("The caption calls this file `%s`, but a browser saves it as `%s`.", shown, s.File),
			fmt.Sprintf("Write `%s` in the caption, or say `name=%s`.", s.File, shown))
	}
}

// uses reports whether a command of the page has the word.
func (p *pageReader) uses(name string) bool {
	for _, calls := range p.calls {
		for _, call := range calls {
			if slices.ContainsFunc(call, func(w string) bool { return strings.TrimPrefix(w, "./") == name }) {
				return true
			}
		}
	}
	return false
}

// buildImages gives a build the images that its Dockerfile starts from.
func (p *pageReader) buildImages() {
	for i := range p.steps {
		s := &p.steps[i]
		if !s.Role.Runs() {
			continue
		}
		for _, call := range p.calls[i] {
			file, ok := buildFile(call)
			if !ok {
				continue
			}
			for _, f := range p.steps {
				if f.Role != File || f.File != file {
					continue
				}
				for _, image := range f.Images {
					if !slices.Contains(s.Images, image) {
						s.Images = append(s.Images, image)
					}
				}
			}
		}
	}
}

var (
	assignRE = regexp.MustCompile(`^(?:export\s+)?([A-Za-z_]\w*)=(.*)$`)
	variable = regexp.MustCompile(`\$\{?([A-Za-z_]\w*)`)
)

// spoilers finds listings that empty a variable which an earlier listing set
// and a later one needs: an alternative for some readers. Run in the session
// it would change what every later listing does, so it is not run until an
// annotation says `alt` or `run`.
func (p *pageReader) spoilers() {
	set := map[string]int{} // variable -> step that gave it a value
	for name := range p.values {
		set[name] = -1
	}
	for i := range p.steps {
		s := &p.steps[i]
		if !s.Role.Runs() || s.Opt.Alt {
			continue
		}
		for _, c := range s.Commands {
			for _, line := range strings.Split(c.Text, "\n") {
				m := assignRE.FindStringSubmatch(strings.TrimSpace(line))
				if m == nil {
					continue
				}
				value := strings.Trim(m[2], `"'`)
				if value != "" {
					set[m[1]] = i
					continue
				}
				setter, was := set[m[1]]
				if !was || setter == i || s.Said || !p.usedAfter(i, m[1]) {
					continue
				}
				s.Role = Unaccounted
				s.Why = fmt.Sprintf("it empties %s, which later listings use with the value it had", m[1])
				p.hints[i] = "Say `alt` if it is for some readers only, or `run` if the page means it."
			}
		}
	}
}

func (p *pageReader) usedAfter(i int, name string) bool {
	for _, s := range p.steps[i+1:] {
		text := ""
		switch {
		case s.Role.Runs():
			text = commandsOnly(reading{commands: s.Commands}, "")
		case s.Role == File:
			text = s.Text
		}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			if m[1] == name {
				return true
			}
		}
	}
	return false
}
