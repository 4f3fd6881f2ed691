package html

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// body renders paragraphs, lists, boxes and pictures.
var body = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindParagraph:  paragraph,
	doc.KindCompound:   func(w *writer, n *doc.Node) { w.block("div", "compound", n) },
	doc.KindContainer:  container,
	doc.KindBlockQuote: func(w *writer, n *doc.Node) { w.block("blockquote", "", n) },
	doc.KindAttribution: func(w *writer, n *doc.Node) {
		w.nl()
		w.tag("p", n, "attribution")
		w.str("—")
		w.run(n)
		w.str("</p>\n")
	},

	doc.KindBulletList:         func(w *writer, n *doc.Node) { list(w, n, "ul", "") },
	doc.KindEnumeratedList:     enumerated,
	doc.KindListItem:           listItem,
	doc.KindDefinitionList:     func(w *writer, n *doc.Node) { w.definitions(n, "") },
	doc.KindGlossary:           glossary,
	doc.KindDefinitionListItem: (*writer).children,
	doc.KindTerm:               term,
	doc.KindClassifier:         classifier,
	doc.KindDefinition:         func(w *writer, n *doc.Node) { w.block("dd", "", n) },
	doc.KindFieldList:          func(w *writer, n *doc.Node) { w.definitions(n, "field-list") },
	doc.KindField:              (*writer).children,
	doc.KindFieldName:          fieldName,
	doc.KindFieldBody:          func(w *writer, n *doc.Node) { w.block("dd", "", n) },
	doc.KindOptionList:         func(w *writer, n *doc.Node) { w.definitions(n, "option-list") },
	doc.KindOptionListItem:     (*writer).children,
	doc.KindOptionGroup:        optionGroup,
	doc.KindOption:             func(w *writer, n *doc.Node) { w.span("span", "option", n) },
	doc.KindOptionString:       (*writer).children,
	doc.KindOptionArgument: func(w *writer, n *doc.Node) {
		delim, ok := n.Lookup("delimiter")
		if !ok {
			delim = " "
		}
		w.text(delim)
		w.span("var", "", n)
	},
	doc.KindDescription: func(w *writer, n *doc.Node) { w.block("dd", "", n) },

	doc.KindLineBlock: func(w *writer, n *doc.Node) { w.block("div", "line-block", n) },
	doc.KindLine: func(w *writer, n *doc.Node) {
		w.nl()
		w.tag("div", n, "line")
		if len(n.Children) == 0 {
			w.str("<br>")
		}
		w.run(n)
		w.str("</div>\n")
	},

	doc.KindImage:   image,
	doc.KindFigure:  figure,
	doc.KindCaption: func(w *writer, n *doc.Node) { w.leaf("p", "caption", n) },
	doc.KindLegend:  func(w *writer, n *doc.Node) { w.block("div", "legend", n) },

	doc.KindAdmonition: func(w *writer, n *doc.Node) { w.titled("div", "admonition", n, "", "role", "note") },
	doc.KindAttention:  admonition("Attention"),
	doc.KindCaution:    admonition("Caution"),
	doc.KindDanger:     admonition("Danger"),
	doc.KindError:      admonition("Error"),
	doc.KindHint:       admonition("Hint"),
	doc.KindImportant:  admonition("Important"),
	doc.KindNote:       admonition("Note"),
	doc.KindTip:        admonition("Tip"),
	doc.KindWarning:    admonition("Warning"),
	doc.KindSeealso:    admonition("See also"),
	doc.KindTodo:       admonition("Todo"),

	doc.KindVersionmodified: versionmodified,
	doc.KindCentered: func(w *writer, n *doc.Node) {
		w.nl()
		w.tag("p", n, "centered")
		w.str("<strong>")
		w.run(n)
		w.str("</strong></p>\n")
	},
	doc.KindHlist: func(w *writer, n *doc.Node) {
		w.block("div", strings.TrimSpace("hlist "+columnClasses(n.Attr(doc.AttrNumCols))), n)
	},
	doc.KindHlistcol: func(w *writer, n *doc.Node) { w.block("div", "hlistcol", n) },
	doc.KindAcks:     (*writer).children,
	doc.KindRaw:      raw,

	doc.KindTarget:                 target,
	doc.KindIndex:                  func(w *writer, n *doc.Node) { w.blockAnchors(n) },
	doc.KindSubstitutionDefinition: nothing,
	doc.KindComment:                nothing,
	doc.KindSystemMessage:          failed,
	doc.KindTabularColSpec:         nothing,
	doc.KindHighlightlang:          nothing,
}

func paragraph(w *writer, n *doc.Node) {
	if w.tight > 0 && len(n.IDs()) == 0 && len(n.Classes()) == 0 {
		w.nlAfterBlock()
		w.run(n)
		return
	}
	w.leaf("p", "", n)
}

// nlAfterBlock parts the bare text of a tight item from a block before it.
func (w *writer) nlAfterBlock() {
	if k := len(w.b); k > 0 && w.b[k-1] != '>' {
		w.nl()
	}
}

func container(w *writer, n *doc.Node) {
	if isCaptioned(n) {
		w.captionedListing(n)
		return
	}
	if _, own := n.Lookup(doc.AttrTemplate); own {
		w.shaped(n)
		return
	}
	w.block("div", "container", n)
}

// shaped writes a directive that the site has a template for; without the
// template, as a box.
func (w *writer) shaped(n *doc.Node) {
	s, ok := w.env.(Shaper)
	if !ok {
		w.block("div", "container", n)
		return
	}
	start := len(w.b)
	w.children(n)
	out, ok := s.Shape(n, slices.Clone(w.b[start:]))
	w.b = w.b[:start]
	if !ok {
		w.block("div", "container", n)
		return
	}
	w.nl()
	w.blockAnchors(n)
	w.b = append(w.b, out...)
	w.nl()
}

// simple reports whether a list reads well without p around its texts: every
// item is one paragraph, maybe with a simple list under it. Markdown says so
// itself, in the attribute tight.
func simple(list *doc.Node) bool {
	if v, ok := list.Lookup("tight"); ok {
		return v == "1"
	}
	for _, item := range list.Children {
		if item.Kind == doc.KindComment {
			continue
		}
		texts, lists := 0, 0
		for _, c := range item.Children {
			switch c.Kind {
			case doc.KindParagraph:
				if texts++; texts > 1 || lists > 0 || len(c.IDs()) > 0 || len(c.Classes()) > 0 {
					return false
				}
			case doc.KindBulletList, doc.KindEnumeratedList:
				if lists++; lists > 1 || !simple(c) {
					return false
				}
			case doc.KindComment, doc.KindTarget, doc.KindIndex:
			default:
				return false
			}
		}
	}
	return true
}

func list(w *writer, n *doc.Node, tag, class string, attrs ...string) {
	was := w.tight
	w.tight = 0
	isSimple := simple(n)
	w.nl()
	w.strictTag(tag, n, class, attrs...)
	w.nl()
	for _, c := range n.Children {
		w.tight = 0
		if isSimple {
			w.tight = 1
		}
		if c.Kind == doc.KindListItem {
			w.node(c)
			continue
		}
		w.nl()
		w.str("<li>")
		w.node(c)
		w.str("</li>\n")
	}
	w.str("</", tag, ">\n")
	w.tight = was
}

var olTypes = map[string]string{"loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}

func enumerated(w *writer, n *doc.Node) {
	kind := n.Attr("enumtype")
	var attrs []string
	if t := olTypes[kind]; t != "" {
		attrs = append(attrs, "type", t)
	}
	if s, ok := n.Int("start"); ok && s != 1 {
		attrs = append(attrs, "start", strconv.Itoa(s))
	}
	list(w, n, "ol", kind, attrs...)
}

func listItem(w *writer, n *doc.Node) {
	w.nl()
	w.tag("li", n, "")
	w.children(n)
	w.str("</li>\n")
}

func (w *writer) definitions(n *doc.Node, class string) {
	w.nl()
	w.strictTag("dl", n, class)
	w.nl()
	defer w.loosen()()
	for _, c := range n.Children {
		if c.Is(doc.KindDefinitionListItem, doc.KindField, doc.KindOptionListItem) {
			w.anchors(nil)
			w.node(c)
		} else {
			w.str("<dd>")
			w.node(c)
			w.str("</dd>\n")
		}
	}
	w.str("</dl>\n")
}

// glossary is a definition list in which every term can be linked to.
func glossary(w *writer, n *doc.Node) {
	for _, c := range n.Children {
		if c.Kind == doc.KindDefinitionList {
			was := w.anchored
			w.anchored = true
			w.definitions(c, "glossary")
			w.anchored = was
			continue
		}
		w.node(c)
	}
}

func term(w *writer, n *doc.Node) {
	w.nl()
	w.tag("dt", n, "")
	w.run(n)
	if w.anchored {
		w.anchorLink(n.IDs(), "Link to this term")
	}
	w.str("</dt>\n")
}

func classifier(w *writer, n *doc.Node) {
	// It stands beside its term, in the same line to the reader.
	const closing = "</dt>\n"
	inTerm := bytes.HasSuffix(w.b, []byte(closing))
	if inTerm {
		w.b = w.b[:len(w.b)-len(closing)]
	}
	w.str(`<span class="classifier-delimiter" data-ui> : </span>`)
	w.quotes = quoteState{}
	w.span("span", "classifier", n)
	if inTerm {
		w.str(closing)
	}
}

func fieldName(w *writer, n *doc.Node) {
	w.nl()
	w.tag("dt", n, "")
	w.ownWords(n)
	w.str(`<span class="colon">:</span></dt>`)
	w.nl()
}

func optionGroup(w *writer, n *doc.Node) {
	w.nl()
	w.tag("dt", n, "")
	w.str("<kbd>")
	was := w.inPre
	w.inPre = true // --long is no dash
	for i, c := range n.Children {
		if i > 0 {
			w.str(", ")
		}
		w.node(c)
	}
	w.inPre = was
	w.str("</kbd></dt>")
	w.nl()
}

// admonition makes the renderer of a box with a standing title.
func admonition(name string) func(*writer, *doc.Node) {
	class := "admonition " + strings.ToLower(strings.ReplaceAll(name, " ", ""))
	return func(w *writer, n *doc.Node) { w.titled("div", class, n, name, "role", "note") }
}

func versionmodified(w *writer, n *doc.Node) {
	class := n.Attr(doc.AttrType)
	if class == "" {
		class = "versionmodified"
	}
	w.block("div", escapeString(class), n)
}

func raw(w *writer, n *doc.Node) {
	isHTML := false
	for _, f := range strings.Fields(n.Attr("format")) {
		if f == "html" {
			isHTML = true
		}
	}
	if !isHTML {
		return
	}
	if _, trusted := n.Lookup(doc.AttrTrusted); !w.o.AllowRaw && !trusted {
		w.env.Report(n, doc.Warning, "html-raw", "Raw HTML is left out, since the site does not allow it.",
			"Say it in markup, or allow raw HTML in the site's configuration.")
		return
	}
	if w.unlinked {
		return
	}
	for _, c := range n.Children {
		w.str(c.PlainText())
	}
}

// failed shows the source of a directive that could not be carried out, so
// that nothing an author wrote is lost. What was wrong is a diagnostic, not
// text of the page.
func failed(w *writer, n *doc.Node) {
	if src := n.First(doc.KindLiteralBlock); src != nil && !w.unlinked {
		w.nl()
		w.str(`<pre class="problematic">`)
		w.b = appendEscaped(w.b, src.PlainText())
		w.str("</pre>\n")
	}
}

// target stands for a place; where the place is another element, that
// element carries the id.
func target(w *writer, n *doc.Node) {
	if len(n.Children) > 0 {
		w.span("span", "target", n)
		return
	}
	w.blockAnchors(n)
}

func (w *writer) blockAnchors(n *doc.Node) {
	if !w.unlinked {
		w.anchors(n.IDs())
	}
}

// length reads a docutils length. px gives pixels for the attributes of HTML,
// percent the class that a stylesheet turns into a width, in steps of 5.
func length(v string) (px int, percent int) {
	v = strings.TrimSpace(v)
	i := 0
	for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.') {
		i++
	}
	f, err := strconv.ParseFloat(v[:i], 64)
	if err != nil || f <= 0 || f > 1e5 {
		return 0, 0
	}
	switch strings.TrimSpace(v[i:]) {
	case "", "px":
		return max(1, int(f+0.5)), 0
	case "%":
		return 0, max(5, min(100, int(f/5+0.5)*5))
	case "em", "rem":
		return int(f*16 + 0.5), 0
	case "ex", "ch":
		return int(f*8 + 0.5), 0
	case "pt":
		return int(f*4/3 + 0.5), 0
	case "pc":
		return int(f*16 + 0.5), 0
	case "in":
		return int(f*96 + 0.5), 0
	case "cm":
		return int(f*96/2.54 + 0.5), 0
	case "mm":
		return int(f*96/25.4 + 0.5), 0
	}
	return 0, 0
}

func image(w *writer, n *doc.Node) {
	uri := n.Attr("uri")
	alt, hasAlt := n.Lookup("alt")
	if !SafeURL(uri) {
		w.refuse(n, uri)
		w.text(alt)
		return
	}
	img, ok := w.env.Image(uri)
	if !ok {
		img = Image{Src: uri}
	}
	if !SafeURL(img.Src) {
		w.refuse(n, img.Src)
		w.text(alt)
		return
	}
	if !hasAlt {
		alt = uri
	}
	class := ""
	if a := n.Attr("align"); a != "" {
		class = "align-" + escapeString(a)
	}
	width, percent := length(n.Attr("width"))
	height, _ := length(n.Attr("height"))
	if scale, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(n.Attr("scale")), "%"), 64); err == nil && scale > 0 && scale <= 1000 {
		s := func(v int) int { return int(float64(v)*scale/100 + 0.5) }
		if width == 0 && percent == 0 && height == 0 {
			width, height = img.W, img.H
		}
		width, height = s(width), s(height)
	}
	switch {
	case width > 0 && height == 0 && img.W > 0:
		height = int(float64(img.H)*float64(width)/float64(img.W) + 0.5)
	case height > 0 && width == 0 && img.H > 0:
		width = int(float64(img.W)*float64(height)/float64(img.H) + 0.5)
	case width == 0 && height == 0:
		width, height = img.W, img.H
	}
	if percent > 0 {
		class = strings.TrimSpace(class + " w-" + strconv.Itoa(percent))
	}
	attrs := []string{"src", escapeURL(img.Src), "alt", alt}
	if t := n.Attr("title"); t != "" {
		attrs = append(attrs, "title", t)
	}
	if width > 0 {
		attrs = append(attrs, "width", strconv.Itoa(width))
	}
	if height > 0 {
		attrs = append(attrs, "height", strconv.Itoa(height))
	}
	if n.Attr("loading") != "eager" {
		attrs = append(attrs, "loading", "lazy")
	}
	w.strictTag("img", n, class, attrs...)
}

func figure(w *writer, n *doc.Node) {
	class := ""
	if a := n.Attr("align"); a != "" {
		class = "align-" + escapeString(a)
	}
	if _, percent := length(n.Attr("width")); percent > 0 {
		class = strings.TrimSpace(class + " w-" + strconv.Itoa(percent))
	}
	w.nl()
	w.tag("figure", n, class)
	defer w.loosen()()
	w.nl()
	inCaption := false
	for _, c := range n.Children {
		if c.Is(doc.KindCaption, doc.KindLegend) && !inCaption {
			inCaption = true
			w.nl()
			w.str("<figcaption>")
		}
		if c.Kind == doc.KindCaption {
			w.caption(c, n)
			continue
		}
		w.node(c)
	}
	if inCaption {
		w.str("</figcaption>\n")
	}
	w.nl()
	w.str("</figure>\n")
}

// caption writes the text under a figure or over a listing, with its number
// and the link to the whole.
func (w *writer) caption(c, owner *doc.Node) {
	w.tag("p", c, "caption")
	if num := w.env.Number(owner); num != "" {
		w.str(`<span class="caption-number">`)
		w.text(num)
		w.str(`</span>`)
	}
	w.str(`<span class="caption-text">`)
	w.run(c)
	w.str("</span>")
	w.anchorLink(owner.IDs(), "Link to this figure")
	w.str("</p>")
}
