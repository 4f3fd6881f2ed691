package html

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestMathML(t *testing.T) {
	for _, c := range []struct{ tex, want string }{
		{`E = mc^2`, `<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>`},
		{`x_i^{12}`, `<msubsup><mi>x</mi><mi>i</mi><mrow><mn>12</mn></mrow></msubsup>`},
		{`x^12`, `<msup><mi>x</mi><mn>1</mn></msup><mn>2</mn>`},
		{`f''`, `<msup><mi>f</mi><mo>′′</mo></msup>`},
		{`\frac12`, `<mfrac><mn>1</mn><mn>2</mn></mfrac>`},
		{`\sqrt[3]{x}`, `<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>`},
		{`\sum_{i=0}^n i`, `<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>0</mn></mrow><mi>n</mi></munderover><mi>i</mi>`},
		{`\int_0^1`, `<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup>`},
		{`\left( x \right]`, `<mrow><mo stretchy="true">(</mo><mi>x</mi><mo stretchy="true">]</mo></mrow>`},
		{`\mathbb{R} \mathbf{v} \mathrm{kg}`, `<mrow><mi>ℝ</mi></mrow><mrow><mi>𝐯</mi></mrow><mi>kg</mi>`},
		{`a < b \text{ if } c`, `<mi>a</mi><mo>&lt;</mo><mi>b</mi><mtext>` + "\u00a0if\u00a0" + `</mtext><mi>c</mi>`},
		{`\begin{pmatrix}a&b\\c&d\end{pmatrix}`, `<mrow><mo stretchy="true">(</mo><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr><mtr><mtd><mi>c</mi></mtd><mtd><mi>d</mi></mtd></mtr></mtable><mo stretchy="true">)</mo></mrow>`},
		{`a &= b \\ &= c`, `<mtable class="align"><mtr><mtd><mi>a</mi></mtd><mtd><mo>=</mo><mi>b</mi></mtd></mtr><mtr><mtd></mtd><mtd><mo>=</mo><mi>c</mi></mtd></mtr></mtable>`},
		{`{n \choose k}`, `<mrow><mo>(</mo><mfrac linethickness="0"><mrow><mi>n</mi></mrow><mrow><mi>k</mi></mrow></mfrac><mo>)</mo></mrow>`},
		{`\lim_{x\to 0} 3.14`, `<munder><mi>lim</mi><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder><mn>3.14</mn>`},
		{`50\%`, `<mn>50</mn><mi>%</mi>`},
		{`\hat{x} \not= y`, `<mover accent="true"><mrow><mi>x</mi></mrow><mo stretchy="false">^</mo></mover><mo>=` + "\u0338" + `</mo><mi>y</mi>`},
	} {
		got, err := AppendMathML(nil, c.tex, true)
		if err != nil {
			t.Errorf("%s: %v", c.tex, err)
			continue
		}
		_, inside, _ := strings.Cut(string(got), ">")
		if inside = strings.TrimSuffix(inside, "</math>"); inside != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.tex, inside, c.want)
		}
	}
}

func TestMathMLSaysWhatItDoesNotKnow(t *testing.T) {
	for _, c := range []struct{ tex, want string }{
		{`\frac{1}`, "something is missing after the last command"},
		{`\foo`, "the command `\\foo` is not known"},
		{`{a`, "a `{` is not closed"},
		{`a}`, "there is a `}` too many"},
		{`\begin{x}`, "the environment `x` is not known"},
		{`\left( a`, "a `\\left` has no `\\right`"},
		{`x^a^b`, "there are two `^` on one base"},
		{strings.Repeat("{", 5000), "it nests too deep"},
	} {
		out, err := AppendMathML([]byte("before"), c.tex, false)
		if err == nil || err.Error() != c.want {
			t.Errorf("%.20s: got error %v, want %s", c.tex, err, c.want)
		}
		if string(out) != "before" {
			t.Errorf("%.20s: the text before it is now %q", c.tex, out)
		}
	}
}

func FuzzMathML(f *testing.F) {
	for _, s := range []string{`E=mc^2`, `\begin{cases}a&b\\c\end{cases}`, `\left.\frac{a}{b}\right|_0`, `\sqrt[`, `\\`, `\mathrm{<`, "\\", "a'^b", "\\\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tex string) {
		out, err := AppendMathML(nil, tex, true)
		if err != nil {
			return
		}
		d := xml.NewDecoder(strings.NewReader(string(out)))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%q gives %s: %v", tex, out, err)
			}
		}
	})
}
