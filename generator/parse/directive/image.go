package directive

import (
	"fmt"
	"image"
	_ "image/gif" // for :figwidth: image
	_ "image/jpeg"
	_ "image/png"
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
)

var (
	alignH = []string{"left", "center", "right"}
	alignV = []string{"top", "middle", "bottom"}
)

var imageOptions = checks(named, map[string]Check{
	"alt": text, "height": lengthOrUnitless, "width": lengthOrPercent, "scale": percentage,
	"align": choice("top", "middle", "bottom", "left", "center", "right"), "target": textRequired,
	"loading": choice("embed", "link", "lazy"),
})

// images are image and figure.
func images(t *Table) {
	t.add(&Directive{Name: "image", Required: 1, FinalSpace: true, Options: imageOptions, Run: runImage})
	t.add(&Directive{Name: "figure", Required: 1, FinalSpace: true, Content: MayContent, Options: checks(imageOptions, map[string]Check{
		"figwidth": figWidth, "figclass": classOption, "figname": text, "align": choice(alignH...),
	}), Run: figure})
}

func figWidth(v string) (string, error) {
	if strings.EqualFold(v, "image") {
		return "image", nil
	}
	w, err := lengthOrPercent(v)
	if err == nil && strings.Trim(w, "0123456789.") == "" {
		w += "px"
	}
	return w, err
}

func runImage(p Parser, b *Block) ([]*doc.Node, error) {
	n, img, err := picture(p, b, b.opt("align"))
	if err != nil {
		return nil, err
	}
	b.addName(p, img)
	return one(n)
}

// picture is the image node, in a reference if it has a target.
func picture(p Parser, b *Block, align string) (outer, img *doc.Node, err error) {
	if align != "" {
		allowed, where := alignH, ""
		if b.Inline {
			allowed, where = alignV, " in a substitution"
		}
		if !slices.Contains(allowed, align) {
			return nil, nil, &Fail{Code: "directive-option-value", Message: fmt.Sprintf("Invalid value of the option `:align:` of `%s`%s: `%s` is none of %s.", b.Name, where, align, list(allowed)),
				Pos: b.valuePos("align"), Len: len(align)}
		}
	}
	n := doc.New(doc.KindImage, b.Pos).Set("uri", uri(b.Arg(0)))
	for _, k := range []string{"alt", "height", "width", "scale", "loading"} {
		if v, ok := b.Option(k); ok {
			n.Set(k, v)
		}
	}
	if align != "" {
		n.Set("align", align)
	}
	if _, ok := n.Lookup("alt"); !ok && b.Subst != nil && len(b.Subst.Names()) > 0 {
		n.Set("alt", b.Subst.Names()[0])
	}
	b.classes(n, "class")
	if target, ok := b.Option("target"); ok {
		ref := targetReference(b.valuePos("target"), target)
		if noter, ok := p.(ReferenceNoter); ok && ref.Attr("refname") != "" {
			noter.NoteReference(ref)
		}
		return ref.Append(n), n, nil
	}
	return n, n, nil
}

var (
	simpleRef = regexp.MustCompile(`^([\pL\pN]+(?:[-._+:][\pL\pN]+)*)_$`)
	phraseRef = regexp.MustCompile("(?s)^`([^ ].*[^\\\\]|[^ `\\\\])`_$")
)

// targetReference is the reference that a target means: `name_` or
// “ `a name`_ “ of this document, or a URI.
func targetReference(pos doc.Pos, target string) *doc.Node {
	n := doc.New(doc.KindReference, pos)
	joined := OneLine(target)
	name := ""
	if m := simpleRef.FindStringSubmatch(joined); m != nil {
		name = m[1]
	} else if m := phraseRef.FindStringSubmatch(joined); m != nil {
		name = unescape(m[1])
	}
	if name != "" {
		return n.Set("refname", NormalName(name)).Set("name", name)
	}
	return n.Set("refuri", uri(target))
}

func figure(p Parser, b *Block) ([]*doc.Node, error) {
	n, img, err := picture(p, b, "")
	if err != nil {
		return nil, err
	}
	fig := doc.New(doc.KindFigure, b.Pos, n)
	if !ofSite(p) { // docutils gives the name to the picture, Sphinx to the figure
		b.addName(p, img)
	}
	if w, ok := b.Option("figwidth"); ok && w == "image" {
		if px := pixelWidth(p, uri(b.Arg(0))); px > 0 {
			fig.Set("width", fmt.Sprintf("%dpx", px))
		}
	} else if ok {
		fig.Set("width", w)
	}
	b.classes(fig, "figclass")
	if ofSite(p) {
		b.addName(p, fig)
	}
	if a, ok := b.Option("align"); ok {
		fig.Set("align", a)
	}
	if name, ok := b.Option("figname"); ok {
		p.NoteTarget(fig, name)
	}
	if len(b.Content) == 0 {
		return one(fig)
	}
	body := p.Blocks(b.Content, false)
	if len(body) == 0 {
		return one(fig)
	}
	switch first := body[0]; {
	case first.Kind == doc.KindParagraph:
		fig.Append(doc.New(doc.KindCaption, first.Pos, first.Children...))
	case first.Kind == doc.KindComment && len(first.Children) == 0:
	default:
		return []*doc.Node{fig}, &Fail{Code: "figure-caption", Message: "A figure's caption must be a paragraph, or an empty comment for a figure without one.",
			Hint: "Begin the content with the caption, a blank line after it.", Pos: first.Pos, Len: 1}
	}
	if len(body) > 1 {
		fig.Append(doc.New(doc.KindLegend, body[1].Pos, body[1:]...))
	}
	return one(fig)
}

// pixelWidth is the width of an image file of the site, or 0.
func pixelWidth(p Parser, ref string) int {
	if strings.Contains(ref, "://") {
		return 0
	}
	src, _, err := p.ReadFile(ref)
	if err != nil {
		return 0
	}
	c, _, err := image.DecodeConfig(strings.NewReader(src.Text))
	if err != nil {
		return 0
	}
	return c.Width
}
