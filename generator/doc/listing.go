package doc

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
)

// The comments that steer a lab. In reStructuredText they are written
// `.. lab: KEYS`, in Markdown `<!-- lab: KEYS -->`.
const (
	NoteLab  = "lab"      // keys for the next listing of the same section
	NotePage = "lab-page" // keys for every listing of the page
	NoteRun  = "lab-run"  // a listing that readers do not see: keys, then lines of commands
)

// A Listing is a block of code, commands or output on a page: what a lab
// runs or compares, and what evidence stands under. Its identity and digest
// are computed here because the lab that writes a report and the site that
// reads it must agree on them.
type Listing struct {
	// Node is a KindLiteralBlock, a KindDoctestBlock, or the KindComment of
	// a lab-run comment.
	Node *Node
	// Wrapper is the container that holds Node and its caption, or nil.
	Wrapper *Node
	// Notes are the lab comments that apply to this listing, in order.
	Notes []*Node
	// ID names the listing in its page. It depends on the listing's text and
	// on nothing else, save that equal texts are counted: it survives edits
	// elsewhere and new annotations. Lower-case letters and digits.
	ID string

	around func() []string // what goes into the digest beside the text
	// What stands around it: the titles of its sections, and the last paragraph.
	titles []*Node
	prose  *Node
}

// Identify gives the names that listings of a page would have with these texts.
// A lab leaves the sample of a command's output out of them: it does not decide
// what runs. places name a listing by the titles of its sections and the
// paragraph before it, too: they tell which of several equal listings one is
// when another is put before it.
func Identify(list []*Listing, texts []string) (ids, places []string) {
	seen := map[string]int{}
	for i, l := range list {
		text := normal(texts[i])
		seen[text]++
		ids = append(ids, listingID(text, seen[text]))
		place := l.surroundings() + "\x00" + text
		seen[place]++
		places = append(places, listingID(place, seen[place]))
	}
	return ids, places
}

// surroundings is the text around a listing that tells it from its like.
func (l *Listing) surroundings() string {
	var b strings.Builder
	for _, n := range append(l.titles[:len(l.titles):len(l.titles)], l.prose) {
		if n != nil {
			b.WriteString(strings.Join(strings.Fields(n.PlainText()), " "))
		}
		b.WriteByte(0)
	}
	return b.String()
}

// DigestFor gives the hex SHA-256 of all in the document that decides what a
// lab does with the listing, if text is what it runs: the text, its language,
// the notes, the page's notes, the bytes of the files that it shows or offers.
func (l *Listing) DigestFor(text string) string {
	h := sha256.New()
	for _, p := range append([]string{"text", normal(text)}, l.around()...) {
		// The length keeps two parts from reading as one other part.
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Text is the listing's text as it is shown; of a lab-run comment, its
// commands.
func (l *Listing) Text() string {
	if l.Node.Kind != KindComment {
		return l.Node.PlainText()
	}
	_, keys, _ := Note(l.Node)
	_, commands, _ := strings.Cut(keys, "\n")
	return commands
}

// Note takes a lab comment apart: its kind (NoteLab, NotePage or NoteRun) and
// what follows the colon. ok is false for any other node.
func Note(n *Node) (kind, keys string, ok bool) {
	if n.Kind != KindComment {
		return "", "", false
	}
	kind, keys, found := strings.Cut(strings.TrimSpace(n.PlainText()), ":")
	if !found || kind != NoteLab && kind != NotePage && kind != NoteRun {
		return "", "", false
	}
	return kind, strings.TrimLeft(keys, " \t"), true
}

// Listings gives the listings of a page in document order, and the lab
// comments that apply to none, because no listing follows them in their
// section.
func Listings(d *Document) (list []Listing, loose []*Node) {
	f := finder{}
	f.look(d.Root, nil)
	f.drop()

	seen := map[string]int{}
	for i := range f.list {
		l := &f.list[i]
		text := normal(l.Text())
		seen[text]++
		l.ID = listingID(text, seen[text])
		l.around = func() []string { return f.around(d, l) }
	}
	return f.list, f.loose
}

// finder walks a page for its listings and lab comments.
type finder struct {
	list    []Listing
	page    []*Node // lab-page comments
	pending []*Node // lab comments that wait for a listing
	loose   []*Node
	titles  []*Node // of the sections around
	prose   *Node   // the last paragraph in them
}

func (f *finder) drop() {
	f.loose = append(f.loose, f.pending...)
	f.pending = nil
}

func (f *finder) look(n, wrapper *Node) {
	switch n.Kind {
	case KindSystemMessage:
		return // the source that a failed directive shows is not a listing
	case KindComment:
		switch kind, _, _ := Note(n); kind {
		case NoteLab:
			f.pending = append(f.pending, n)
		case NotePage:
			f.page = append(f.page, n)
		case NoteRun:
			f.add(n, nil)
		}
		return
	case KindLiteralBlock, KindDoctestBlock:
		if _, own := n.Lookup(AttrOwn); !own {
			f.add(n, wrapper)
		}
		return
	case KindSection:
		f.drop()
		titles := f.titles
		f.titles, f.prose = append(titles[:len(titles):len(titles)], n.First(KindTitle)), nil
		defer func() { f.titles, f.prose = titles, nil }()
	case KindParagraph:
		f.prose = n
	case KindContainer:
		if n.HasClass("literal-block-wrapper") {
			wrapper = n
		}
	}
	for _, c := range n.Children {
		f.look(c, wrapper)
	}
	if n.Kind == KindSection {
		f.drop()
	}
}

func (f *finder) add(n, wrapper *Node) {
	f.list = append(f.list, Listing{Node: n, Wrapper: wrapper, Notes: f.pending, titles: f.titles, prose: f.prose})
	f.pending = nil
}

// normal is the text without what an author changes for looks: blanks at line
// ends and empty lines around it.
func normal(text string) string {
	text = strings.Trim(text, "\r\n")
	if !strings.ContainsAny(text, "\t\r") && !strings.Contains(text, " \n") && !strings.HasSuffix(text, " ") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	return strings.Join(lines, "\n")
}

func listingID(text string, ordinal int) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(ordinal) + "\x00" + text))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

// around gives all but the text that decides what a lab does with a listing.
func (f *finder) around(d *Document, l *Listing) (parts []string) {
	files := make(map[string]string, len(d.Deps))
	for _, dep := range d.Deps {
		files[dep.Name] = dep.Digest
	}
	put := func(p ...string) { parts = append(parts, p...) }
	put("language", l.Node.Attr(AttrLanguage))
	for _, notes := range [][]*Node{f.page, l.Notes} {
		put("notes")
		for _, n := range notes {
			put(strings.Join(strings.Fields(n.PlainText()), " "))
		}
	}
	if l.Node.Kind == KindComment {
		_, keys, _ := Note(l.Node)
		first, _, _ := strings.Cut(keys, "\n")
		put("keys", strings.Join(strings.Fields(first), " "))
	}
	if name := l.Node.Attr(AttrFilename); name != "" {
		put("file", name, files[name])
	}
	if l.Wrapper != nil {
		for ref := range l.Wrapper.Find(KindDownloadReference) {
			name := d.Below(ref.Attr("reftarget"))
			put("download", name, files[name])
		}
	}
	return parts
}

// Below resolves a file reference of the page: relative to the page's folder,
// or with a leading slash to the content root. The result is a path below the
// content root, or "" where the reference leads outside.
func (d *Document) Below(ref string) string {
	name := path.Join(path.Dir(d.Name()), ref)
	if rest, ok := strings.CutPrefix(ref, "/"); ok {
		name = path.Clean(rest)
	}
	if ref == "" || name == ".." || strings.HasPrefix(name, "../") {
		return ""
	}
	return name
}
