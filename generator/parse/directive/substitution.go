package directive

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"docent/generator/doc"
)

// substitutions are the directives that stand in substitution definitions.
func substitutions(t *Table) {
	t.add(&Directive{Name: "replace", Content: MustContent, Run: replace})
	t.add(&Directive{Name: "unicode", Required: 1, FinalSpace: true, Options: map[string]Check{"trim": flag, "ltrim": flag, "rtrim": flag}, Run: unicodeText})
	t.add(&Directive{Name: "date", Content: MayContent, Run: date})
}

func (b *Block) onlyInline() error {
	if b.Inline {
		return nil
	}
	return &Fail{Code: "directive-context", Message: fmt.Sprintf("The `%s` directive can only stand in a substitution definition.", b.Name),
		Hint: fmt.Sprintf("Write `.. |name| %s:: ...`.", b.Name)}
}

func replace(p Parser, b *Block) ([]*doc.Node, error) {
	if err := b.onlyInline(); err != nil {
		return nil, err
	}
	var text *doc.Node
	var out []*doc.Node
	for _, n := range p.Blocks(b.Content, false) {
		switch {
		case text == nil && n.Kind == doc.KindParagraph:
			text = n
		case n.Kind == doc.KindSystemMessage:
			out = append(out, n)
		default:
			return nil, &Fail{Code: "directive-content", Message: "The `replace` directive may hold one paragraph only.", Hint: "Join the lines.", Pos: n.Pos, Len: 1}
		}
	}
	if text != nil {
		out = append(out, text.Children...)
	}
	return out, nil
}

var unicodeComment = regexp.MustCompile(`( |\n|^)\.\. `)

func unicodeText(p Parser, b *Block) ([]*doc.Node, error) {
	if err := b.onlyInline(); err != nil {
		return nil, err
	}
	if b.Subst != nil {
		for _, side := range []string{"ltrim", "rtrim"} {
			if b.has("trim") || b.has(side) {
				b.Subst.Set(side, "1")
			}
		}
	}
	var out []*doc.Node
	for _, code := range strings.Fields(unicodeComment.Split(b.Arg(0), 2)[0]) {
		c, err := unicodeCode(code)
		if err != nil {
			return nil, &Fail{Code: "directive-argument", Message: fmt.Sprintf("Invalid character code: %v.", err), Pos: b.ArgPos, Len: len(b.Args)}
		}
		out = append(out, doc.NewText(b.ArgPos, c))
	}
	return out, nil
}

// date gives today's date in a strftime format. The day comes from the
// configuration, so that builds can be reproduced.
func date(p Parser, b *Block) ([]*doc.Node, error) {
	if err := b.onlyInline(); err != nil {
		return nil, err
	}
	format := "%Y-%m-%d"
	if len(b.Content) > 0 {
		format = joinLines(b.Content)
	}
	var now time.Time
	if c := p.Config(); c != nil {
		now = c.Now
	}
	if now.IsZero() {
		return nil, &Fail{Severity: doc.Warning, Code: "date-unknown", Message: "The date of the build is not known here.", Hint: "Build the page as part of a site."}
	}
	return []*doc.Node{doc.NewText(b.contentPos(), Strftime(now, format))}, nil
}

// Strftime writes a time as C's function of that name does in the C locale;
// what it does not know stays.
func Strftime(t time.Time, format string) string {
	layouts := map[byte]string{
		'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'B': "January", 'b': "Jan", 'h': "Jan",
		'A': "Monday", 'a': "Mon", 'I': "03", 'p': "PM", 'j': "002", 'Z': "MST", 'z': "-0700", 'e': "_2", 'D': "01/02/06",
		'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05",
	}
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; c {
		case '%':
			out.WriteByte('%')
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'w':
			fmt.Fprint(&out, int(t.Weekday()))
		default:
			if l, ok := layouts[c]; ok {
				out.WriteString(t.Format(l))
			} else {
				out.WriteString(format[i-1 : i+1])
			}
		}
	}
	return out.String()
}
