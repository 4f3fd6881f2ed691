package directive

import (
	"fmt"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// textRoles are the roles that only say what a text is.
func textRoles(t *Table) {
	for _, r := range []struct {
		kind  doc.Kind
		names []string
	}{
		{doc.KindEmphasis, []string{"emphasis"}}, {doc.KindStrong, []string{"strong"}}, {doc.KindLiteral, []string{"literal"}},
		{doc.KindSubscript, []string{"subscript", "sub"}}, {doc.KindSuperscript, []string{"superscript", "sup"}},
		{doc.KindTitleReference, []string{"title-reference", "title", "t"}},
		{doc.KindAbbreviation, []string{"abbreviation", "ab"}}, {doc.KindAcronym, []string{"acronym", "ac"}},
	} {
		t.role(func(_ Parser, u *RoleUse) []*doc.Node { return u.give(plain(r.kind, u.Pos, u.Text)) }, r.names...)
	}
	// Sphinx' roles carry their name as class.
	for name, kind := range map[string]doc.Kind{
		"command": doc.KindLiteralStrong, "dfn": doc.KindEmphasis, "kbd": doc.KindLiteral, "mailheader": doc.KindLiteralEmphasis,
		"makevar": doc.KindLiteralStrong, "manpage": doc.KindManpage, "mimetype": doc.KindLiteralEmphasis,
		"newsgroup": doc.KindLiteralEmphasis, "program": doc.KindLiteralStrong, "regexp": doc.KindLiteral,
	} {
		t.role(func(_ Parser, u *RoleUse) []*doc.Node {
			return u.give(plain(kind, u.Pos, u.Text).AddClass(name))
		}, name)
	}
	t.role(menu, "guilabel", "menuselection")
	t.role(emphasizedLiteral, "file", "samp")
	t.role(abbr, "abbr")
	t.role(pep, "pep", "pep-reference")
	t.role(rfc, "rfc", "rfc-reference")
	t.role(measured, "measured")
}

// menu marks "&" letters as accelerators, and menuselection draws arrows.
func menu(_ Parser, r *RoleUse) []*doc.Node {
	text := r.Text
	if r.Name == "menuselection" {
		text = strings.ReplaceAll(text, "-->", "\u2023")
	}
	n := doc.New(doc.KindInline, r.Pos).AddClass(r.Name)
	plainText := ""
	flush := func() {
		if plainText != "" {
			n.Append(doc.NewText(r.Pos, plainText))
		}
		plainText = ""
	}
	runes := []rune(text)
	accelerated := false
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		if c == '&' && i+1 < len(runes) && runes[i+1] == '&' {
			i++
			plainText += "&"
			// Only what follows a first accelerator has its doubled
			// ampersands joined; before it Sphinx shows them both.
			if !accelerated {
				plainText += "&"
			}
			continue
		}
		if c == '&' && i+1 < len(runes) && !strings.ContainsRune(" \t\n", runes[i+1]) {
			flush()
			accelerated = true
			i++
			n.Append(plain(doc.KindInline, r.Pos, string(runes[i])).AddClass("accelerator"))
			continue
		}
		plainText += string(c)
	}
	flush()
	return r.give(n)
}

// samplePart gives the first part of a text: an escaped backslash or brace, a
// brace, or what stands before the next of these.
func samplePart(s string) string {
	switch s[0] {
	case '{', '}':
		return s[:1]
	case '\\':
		if len(s) > 1 && strings.IndexByte(`\{}`, s[1]) >= 0 {
			return s[:2]
		}
		return s[:1]
	}
	if i := strings.IndexAny(s, `\{}`); i >= 0 {
		return s[:i]
	}
	return s
}

// emphasizedLiteral shows {parts} in braces emphasised.
func emphasizedLiteral(_ Parser, r *RoleUse) []*doc.Node {
	n := doc.New(doc.KindLiteral, r.Pos).AddClass(r.Name).Set("role", r.Name)
	return r.give(n.Append(emphasizeBraces(r.Pos, r.Text)...))
}

// emphasizeBraces makes emphasis of what stands in braces.
func emphasizeBraces(pos doc.Pos, s string) (out []*doc.Node) {
	text, inside, open := "", "", false
	for rest := s; rest != ""; {
		part := samplePart(rest)
		rest = rest[len(part):]
		dest := &text
		if open {
			dest = &inside
		}
		switch part {
		case `\\`, `\{`, `\}`:
			*dest += part[1:]
		case "{":
			if open {
				inside += "{"
			} else {
				open = true
			}
		case "}":
			switch {
			case open && inside != "":
				if text != "" {
					out = append(out, doc.NewText(pos, text))
				}
				out = append(out, plain(doc.KindEmphasis, pos, inside))
				text, inside, open = "", "", false
			case open:
				text, open = text+"{}", false
			default:
				text += "}"
			}
		default:
			*dest += part
		}
	}
	if open {
		text += "{" + inside
	}
	if text != "" {
		out = append(out, doc.NewText(pos, text))
	}
	return out
}

// abbr reads "LIFO (last in, first out)".
func abbr(_ Parser, r *RoleUse) []*doc.Node {
	text, more := r.Text, ""
	if i := strings.Index(text, "("); i >= 0 && strings.HasSuffix(text, ")") {
		text, more = strings.TrimSpace(text[:i]), text[i+1:len(text)-1]
	}
	n := plain(doc.KindAbbreviation, r.Pos, text)
	if more != "" {
		n.Set("explanation", more)
	}
	return r.give(n)
}

func pep(p Parser, r *RoleUse) []*doc.Node {
	title, target, explicit := titleAndTarget(r)
	number, anchor, _ := strings.Cut(target, "#")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 0 || n > 9999 {
		return r.problem(p, doc.Error, "role-pep", fmt.Sprintf("`%s` is no PEP number.", target), "Write a number from 0 to 9999.")
	}
	uri := fmt.Sprintf("https://peps.python.org/pep-%04d", n)
	if anchor != "" {
		uri += "/#" + anchor
	} else if domain(p) != "" {
		uri += "/" // as Sphinx writes it
	}
	if !explicit {
		title = "PEP " + title
	}
	return r.standard(p, plain(doc.KindReference, r.Pos, title).Set("refuri", uri), "pep", "Python Enhancement Proposals; PEP "+target)
}

// standard adds what Sphinx makes of the number of a standard beside the
// reference: a class, strong text and an index entry.
func (r *RoleUse) standard(p Parser, n *doc.Node, class, entry string) []*doc.Node {
	if domain(p) == "" {
		return r.give(n)
	}
	n.AddClass(class)
	n.Children = []*doc.Node{doc.New(doc.KindStrong, n.Pos, n.Children...)}
	id := p.State().serialID("index")
	return append(indexed(p, r.Pos, id, []string{indexEntry("single", entry, id, "", "")}), r.give(n)...)
}

func rfc(p Parser, r *RoleUse) []*doc.Node {
	title, target, explicit := titleAndTarget(r)
	number, anchor, _ := strings.Cut(target, "#")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 1 {
		return r.problem(p, doc.Error, "role-rfc", fmt.Sprintf("`%s` is no RFC number.", target), "Write a number of 1 or more.")
	}
	base := "https://tools.ietf.org/html/"
	if domain(p) != "" {
		base = "https://datatracker.ietf.org/doc/html/" // as Sphinx sets it
	}
	uri := fmt.Sprintf("%srfc%d.html", base, n)
	if anchor != "" {
		uri += "#" + anchor
	}
	if !explicit {
		title = fmt.Sprintf("RFC %d", n)
		if domain(p) != "" && anchor != "" {
			title = "RFC " + target // Sphinx shows the section too
		}
	}
	return r.standard(p, plain(doc.KindReference, r.Pos, title).Set("refuri", uri), "rfc", "RFC; RFC "+target)
}

// extLink is a role of extlinks. A caption that holds no %s stands before what
// was written.
func extLink(link ExtLink) Role {
	return func(_ Parser, r *RoleUse) []*doc.Node {
		title, target, explicit := titleAndTarget(r)
		if !explicit {
			title = percent(link.URL, target)
			if link.Caption != "" {
				title = link.Caption
				if !strings.Contains(title, "%s") {
					title += "%s"
				}
				title = percent(title, target)
			}
		}
		return r.give(plain(doc.KindReference, r.Pos, title).Set("refuri", percent(link.URL, target)))
	}
}

// percent puts a text in place of each %s of a format.
func percent(format, text string) string {
	out := make([]byte, 0, len(format)+len(text))
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 || i+1 == len(format) {
			return string(append(out, format...))
		}
		out = append(out, format[:i]...)
		switch format[i+1] {
		case 's':
			out = append(out, text...)
		case '%':
			out = append(out, '%')
		default:
			out = append(out, format[i:i+2]...)
		}
		format = format[i+2:]
	}
}
