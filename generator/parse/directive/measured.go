package directive

import "docent/generator/doc"

// measured is the role that shows a number which a lab has measured:
//
//	:measured:`443MB <size(efficient)>`
//	:measured:`gflops`
//
// The expression in angle brackets is for the site to find in a lab report;
// the text before it is the sample that stands there until there is one.
func measured(p Parser, r *RoleUse) []*doc.Node {
	sample, expr, _ := titleAndTarget(r)
	n := doc.New(doc.KindPendingXref, r.Pos).
		Set(doc.AttrRefDomain, "lab").Set(doc.AttrRefType, "measured").Set(doc.AttrRefTarget, expr)
	n.Append(r.give(plain(doc.KindInline, r.Pos, sample).AddClass("measured"))...)
	return []*doc.Node{n}
}
