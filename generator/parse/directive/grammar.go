package directive

import (
	"regexp"
	"strings"

	"docent/generator/doc"
)

func grammars(t *Table) {
	t.add(&Directive{Name: "productionlist", Required: 1, FinalSpace: true, Run: productionList})
}

var grammarToken = regexp.MustCompile("`((?:~?\\w*:)?\\w+)`")

// productionList reads lines "name: tokens" of a grammar; a first line
// without a colon names the group that they belong to.
func productionList(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindProductionlist, b.Pos)
	group := ""
	pos := b.ArgPos
	for _, rule := range strings.Split(strings.ReplaceAll(b.Arg(0), "\\\n", ""), "\n") {
		here := pos
		pos = at(pos, len(rule)+1)
		name, tokens, ok := strings.Cut(rule, ":")
		if !ok {
			if len(n.Children) > 0 {
				break
			}
			group = strings.TrimSpace(rule)
			continue
		}
		name = strings.TrimSpace(name)
		prod := doc.New(doc.KindProduction, here).Set(doc.AttrToken, name).Set(doc.AttrGroup, group)
		if name != "" {
			object := name
			if group != "" {
				object = group + ":" + name
			}
			prod.AddID(p.State().newID("grammar-token-"+group, name)).Set(doc.AttrObject, object).Set(doc.AttrObjType, "token")
			p.NoteTarget(prod, "")
		}
		prod.Append(tokenRefs(p, tokens, group, here)...)
		n.Append(prod)
	}
	return one(n)
}

// tokenRefs turns names in backquotes into references to productions.
func tokenRefs(p Parser, s, group string, pos doc.Pos) []*doc.Node {
	if group != "" {
		group += ":"
	}
	var out []*doc.Node
	last := 0
	for _, m := range grammarToken.FindAllStringSubmatchIndex(s, -1) {
		if m[0] > last {
			out = append(out, doc.NewText(pos, s[last:m[0]]))
		}
		last = m[1]
		token := s[m[2]:m[3]]
		title, target := token, group+token
		if strings.Contains(token, ":") {
			target = strings.TrimLeft(token, "~:")
			title = target
			if token[0] == '~' {
				title = token[strings.IndexByte(token, ':')+1:]
			}
		}
		ref := doc.New(doc.KindPendingXref, pos, plain(doc.KindLiteral, pos, title).AddClass("xref"))
		out = append(out, ref.Set(doc.AttrRefDomain, "std").Set(doc.AttrRefType, "token").Set(doc.AttrRefTarget, target))
	}
	if last < len(s) {
		out = append(out, doc.NewText(pos, s[last:]))
	}
	return out
}
