package directive

import (
	"fmt"
	"regexp"
	"strings"

	"docent/generator/doc"
)

// designs are the grids, cards, dropdowns, buttons, badges and icons of
// sphinx-design.
func designs(t *Table) {
	for _, d := range []*Directive{
		{Name: "grid", Optional: 1, FinalSpace: true, Content: MayContent, Run: grid},
		{Name: "grid-item", Content: MayContent, Run: gridItem},
		{Name: "grid-item-card", Optional: 1, FinalSpace: true, Content: MayContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			item := doc.New(doc.KindGridItem, b.Pos, card(p, b))
			b.set(item, "columns", doc.AttrColumns)
			return one(item)
		}},
		{Name: "card", Optional: 1, FinalSpace: true, Content: MayContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) { return one(card(p, b)) }},
		{Name: "card-carousel", Optional: 1, Content: MustContent, Run: carousel},
		{Name: "dropdown", Optional: 1, FinalSpace: true, Content: MayContent, Run: dropdown},
		{Name: "button-link", Required: 1, FinalSpace: true, Content: MayContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) { return button(p, b, "url") }},
		{Name: "button-ref", Required: 1, FinalSpace: true, Content: MayContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			kind := b.opt("ref-type")
			if kind == "" {
				kind = "any"
			}
			return button(p, b, kind)
		}},
		{Name: "div", Optional: 1, FinalSpace: true, Content: MayContent, Run: container},
	} {
		// Options that only set a look are taken as they are.
		d.Options, d.AnyOption = map[string]Check{"name": text, "open": flag, "outline": flag, "reverse": flag}, true
		t.add(d)
	}
	for _, color := range []string{"", "primary", "secondary", "success", "info", "warning", "danger", "light", "muted", "dark", "white", "black"} {
		dash := ""
		if color != "" {
			dash = "-" + color
		}
		for _, line := range []string{"", "-line"} {
			outline := line != ""
			t.role(func(_ Parser, r *RoleUse) []*doc.Node {
				return r.give(badge(r, r.Text, color, outline))
			}, "bdg"+dash+line)
			t.role(func(p Parser, r *RoleUse) []*doc.Node {
				title, target, _ := titleAndTarget(r)
				return []*doc.Node{doc.New(doc.KindReference, r.Pos, badge(r, title, color, outline)).Set("refuri", target)}
			}, "bdg-link"+dash+line)
			t.role(func(p Parser, r *RoleUse) []*doc.Node {
				title, target, explicit := titleAndTarget(r)
				n := doc.New(doc.KindPendingXref, r.Pos, badge(r, title, color, outline)).Set(doc.AttrRefType, "any").Set(doc.AttrRefDomain, "").
					Set(doc.AttrRefTarget, target).Set(doc.AttrRefWarn, "1")
				if explicit {
					n.Set(doc.AttrRefExplicit, "1")
				}
				return []*doc.Node{n}
			}, "bdg-ref"+dash+line)
		}
	}
	for _, set := range []string{"octicon", "fa", "fas", "far", "fab", "material-regular", "material-outlined", "material-round", "material-sharp", "material-twotone"} {
		t.role(func(_ Parser, r *RoleUse) []*doc.Node { return []*doc.Node{icon(r, set)} }, set)
	}
}

// set copies an option to an attribute; a flag becomes "1".
func (b *Block) set(n *doc.Node, option, key string) {
	if v, ok := b.Option(option); ok {
		if v == "" {
			v = "1"
		}
		n.Set(key, v)
	}
}

// looks adds class names without checking them against docutils' rule, since
// stylesheets of sphinx-design have underscores in theirs.
func (b *Block) looks(n *doc.Node, options ...string) *doc.Node {
	for _, o := range options {
		n.AddClass(strings.Fields(b.opt(o))...)
	}
	return n
}

func badge(r *RoleUse, text, color string, outline bool) *doc.Node {
	n := plain(doc.KindBadge, r.Pos, text)
	if color != "" {
		n.Set(doc.AttrColor, color).AddClass("badge-" + color)
	}
	if outline {
		n.Set(doc.AttrOutline, "1").AddClass("badge-outline")
	}
	return n
}

// icon reads "name;size;classes".
func icon(r *RoleUse, set string) *doc.Node {
	parts := strings.Split(r.Text, ";")
	n := doc.New(doc.KindIcon, r.Pos).Set("name", strings.TrimSpace(parts[0])).Set(doc.AttrIconSet, set)
	if len(parts) > 1 && !blank(parts[1]) {
		n.Set(doc.AttrHeight, strings.TrimSpace(parts[1]))
	}
	if len(parts) > 2 {
		n.AddClass(strings.Fields(parts[2])...)
	}
	return n
}

var columnsArg = regexp.MustCompile(`^\s*(auto|\d+)(\s+(auto|\d+)){0,3}\s*$`)

func grid(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindGrid, b.Pos)
	if a := b.Arg(0); a != "" {
		if !columnsArg.MatchString(a) {
			return nil, &Fail{Code: "directive-argument", Message: fmt.Sprintf("`%s` is no number of columns.", a), Hint: "Write one number, or four for growing screens: `1 2 3 4`.",
				Pos: b.ArgPos, Len: len(b.Args)}
		}
		n.Set(doc.AttrColumns, OneLine(a))
	}
	b.set(n, "gutter", doc.AttrGutter)
	b.set(n, "outline", doc.AttrOutline)
	b.set(n, "reverse", doc.AttrReverse)
	b.looks(n, "class-container", "class-row")
	b.addName(p, n)
	for _, c := range p.Blocks(b.Content, false) {
		if c.Kind != doc.KindGridItem && c.Kind != doc.KindComment && c.Kind != doc.KindSystemMessage {
			c = doc.New(doc.KindGridItem, c.Pos, c)
		}
		n.Append(c)
	}
	return one(n)
}

func gridItem(p Parser, b *Block) ([]*doc.Node, error) {
	n := b.looks(doc.New(doc.KindGridItem, b.Pos), "class")
	b.set(n, "columns", doc.AttrColumns)
	b.set(n, "outline", doc.AttrOutline)
	b.addName(p, n)
	return one(n.Append(p.Blocks(b.Content, false)...))
}

var (
	cardHeader = regexp.MustCompile(`^\^{3,}\s*$`)
	cardFooter = regexp.MustCompile(`^\+{3,}\s*$`)
)

// card reads header, body and footer, which lines of "^^^" and "+++" part.
func card(p Parser, b *Block) *doc.Node {
	n := b.looks(doc.New(doc.KindCard, b.Pos), "class-card", "class-item")
	b.addName(p, n)
	if link, ok := b.Option("link"); ok {
		kind := b.opt("link-type")
		if kind == "" {
			kind = "url"
		}
		n.Set(doc.AttrLink, uri(link)).Set(doc.AttrLinkType, kind)
		b.set(n, "link-alt", doc.AttrLinkAlt)
	}
	var header, footer []Line
	body := b.Content
	for i, l := range body {
		if cardHeader.MatchString(l.Text) {
			header, body = body[:i], body[i+1:]
			break
		}
	}
	for i, l := range body {
		if cardFooter.MatchString(l.Text) {
			body, footer = body[:i], body[i+1:]
			break
		}
	}
	b.cardImage(n, "img-background", "card-img-background")
	b.cardImage(n, "img-top", "card-img-top")
	part := func(kind doc.Kind, lines []Line, class string, title bool) {
		lines = trimBlank(lines)
		if len(lines) == 0 && !title {
			return
		}
		c := b.looks(doc.New(kind, b.contentPos()), class)
		if title {
			c.Append(b.looks(wrap(p, doc.KindTitle, b.Arg(0), b.ArgPos), "class-title"))
		}
		if len(lines) > 0 {
			c.Pos = lines[0].Pos
			c.Append(p.Blocks(lines, false)...)
		}
		n.Append(c)
	}
	part(doc.KindCardHeader, header, "class-header", false)
	part(doc.KindCardBody, body, "class-body", b.Arg(0) != "")
	part(doc.KindCardFooter, footer, "class-footer", false)
	b.cardImage(n, "img-bottom", "card-img-bottom")
	return n
}

func (b *Block) cardImage(n *doc.Node, option, class string) {
	if v := b.opt(option); v != "" {
		n.Append(doc.New(doc.KindImage, b.valuePos(option)).Set("uri", uri(v)).Set("alt", b.opt("img-alt")).AddClass(class))
	}
}

// carousel is a grid whose items stand in one row.
func carousel(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindGrid, b.Pos).AddClass("carousel")
	if b.Arg(0) != "" {
		n.Set(doc.AttrColumns, b.Arg(0))
	}
	for _, c := range p.Blocks(b.Content, false) {
		n.Append(doc.New(doc.KindGridItem, c.Pos, c))
	}
	return one(n)
}

func dropdown(p Parser, b *Block) ([]*doc.Node, error) {
	n := b.looks(doc.New(doc.KindDropdown, b.Pos), "class-container")
	b.set(n, "open", doc.AttrOpen)
	b.set(n, "color", doc.AttrColor)
	b.addName(p, n)
	if b.Arg(0) != "" {
		title := b.looks(wrap(p, doc.KindTitle, b.Arg(0), b.ArgPos), "class-title")
		if name := b.opt("icon"); name != "" {
			title.Children = append([]*doc.Node{doc.New(doc.KindIcon, b.ArgPos).Set("name", name).Set(doc.AttrIconSet, "octicon"), doc.NewText(b.ArgPos, " ")}, title.Children...)
		}
		n.Append(title)
	}
	return one(n.Append(p.Blocks(b.Content, false)...))
}

func button(p Parser, b *Block, kind string) ([]*doc.Node, error) {
	target := uri(b.Arg(0))
	n := b.looks(doc.New(doc.KindButton, b.Pos), "class")
	if kind == "url" {
		n.Set("refuri", target)
	} else {
		n.Set(doc.AttrLink, strings.TrimSpace(b.Arg(0))).Set(doc.AttrLinkType, kind)
	}
	if c := b.opt("color"); c != "" {
		n.Set(doc.AttrColor, c).AddClass("button-" + c)
	}
	if b.has("outline") {
		n.Set(doc.AttrOutline, "1").AddClass("button-outline")
	}
	if len(b.Content) > 0 {
		n.Append(p.Inline(joinLines(b.Content), b.contentPos())...)
	} else {
		n.Append(doc.NewText(b.ArgPos, b.Arg(0)))
	}
	par := doc.New(doc.KindParagraph, b.Pos, n)
	if a := b.opt("align"); a != "" {
		par.AddClass("align-" + a)
	}
	return one(par)
}
