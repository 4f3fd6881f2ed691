package markdown

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

var (
	roleKind  = ast.NewNodeKind("MystRole")
	substKind = ast.NewNodeKind("MystSubstitution")
)

// roleParser reads {name}`text` and, with substitutions, {{name}}.
type roleParser struct{ substitutions bool }

func (roleParser) Trigger() []byte { return []byte{'{'} }

func (p roleParser) Parse(parent ast.Node, r text.Reader, pc parser.Context) ast.Node {
	line, seg := r.PeekLine()
	if len(line) > 1 && line[1] == '{' {
		if !p.substitutions {
			return nil
		}
		return substitution(r, line, seg)
	}
	i := 1
	for i < len(line) && isRoleByte(line[i]) {
		i++
	}
	if i == 1 || i+1 >= len(line) || line[i] != '}' || line[i+1] != '`' {
		return nil
	}
	name := string(line[1:i])
	i++
	ticks := 0
	for i+ticks < len(line) && line[i+ticks] == '`' {
		ticks++
	}
	savedLine, savedPos := r.Position()
	m := &mystInline{kind: roleKind, name: name, from: seg.Start, start: seg.Start + i + ticks}
	r.Advance(i + ticks)
	var value strings.Builder
	for {
		line, seg = r.PeekLine()
		if line == nil {
			r.SetPosition(savedLine, savedPos)
			return nil
		}
		if end := tickRun(line, ticks); end >= 0 {
			value.Write(line[:end])
			r.Advance(end + ticks)
			m.to = seg.Start - seg.Padding + end + ticks
			m.value = value.String()
			return m
		}
		value.Write(line)
		r.AdvanceLine()
	}
}

// tickRun finds the first run of exactly n backquotes, or gives -1.
func tickRun(line []byte, n int) int {
	for i := 0; i < len(line); i++ {
		if line[i] != '`' {
			continue
		}
		k := i
		for k < len(line) && line[k] == '`' {
			k++
		}
		if k-i == n {
			return i
		}
		i = k
	}
	return -1
}

func isRoleByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_:+.", c) >= 0
}

func substitution(r text.Reader, line []byte, seg text.Segment) ast.Node {
	end := strings.Index(string(line[:min(len(line), 200)]), "}}")
	if end < 0 {
		return nil
	}
	name := strings.TrimSpace(string(line[2:end]))
	if name == "" {
		return nil
	}
	for i := range len(name) {
		if !isRoleByte(name[i]) || i == 0 && (name[0] == '.' || name[0] == '-') {
			return nil
		}
	}
	r.Advance(end + 2)
	return &mystInline{kind: substKind, name: name, from: seg.Start, to: seg.Start + end + 2}
}

func (r *reader) role(m *mystInline) []*doc.Node {
	s := strings.ReplaceAll(strings.ReplaceAll(m.value, "\r\n", "\n"), "\n", " ")
	s = strings.TrimSpace(s)
	return r.p.table.RunRole(r.p, &directive.RoleUse{
		Name: strings.ToLower(m.name), Raw: r.pc.text[m.from:m.to], Text: s, Source: s, Pos: r.pc.at(m.from), Len: m.to - m.from,
	})
}

// substitute gives what a {{name}} stands for, as inline nodes, or as blocks
// where it stands alone and its value has several lines.
func (r *reader) substitute(m *mystInline, blocks bool) []*doc.Node {
	p := r.p
	pos := r.pc.at(m.from)
	value, ok := p.substitutions[m.name]
	if !ok && p.cfg.Myst != nil {
		value, ok = p.cfg.Myst.Substitutions[m.name]
	}
	if !ok {
		value, ok = p.cfg.Substitutions[m.name]
	}
	raw := r.pc.text[m.from:m.to]
	if !ok {
		p.Report(doc.Warning, "md-substitution", pos, m.to-m.from, fmt.Sprintf("There is no substitution `%s`.", m.name),
			"Define it under `substitutions` in the front matter, or write it as code.")
		return []*doc.Node{doc.NewText(pos, raw)}
	}
	if p.expanding[m.name] || p.expanded > maxExpanded {
		p.Report(doc.Error, "md-substitution-loop", pos, m.to-m.from, fmt.Sprintf("The substitution `%s` leads back to itself or grows without end.", m.name),
			"Write its value without it.")
		return []*doc.Node{doc.NewText(pos, raw)}
	}
	if p.expanding == nil {
		p.expanding = map[string]bool{}
	}
	p.expanding[m.name] = true
	p.expanded += len(value) + 1
	defer delete(p.expanding, m.name)
	pc := &piece{text: value, starts: []int{0}, places: []doc.Pos{pos}, fixed: true}
	if blocks {
		return p.parse(pc, false)
	}
	return p.inlinePiece(pc)
}

// maxExpanded bounds the bytes that substitutions add to a page: values that
// hold values grow fast.
const maxExpanded = 1 << 20
