package html

// A palette colours the classes of code. Contrast against the ground is at
// least 7:1, for comments 4.5:1.
type palette struct {
	ground  string
	colours []colour
}

type colour struct {
	name, value string
}

// codeClasses says which of chroma's classes share a colour, and what else
// sets them apart, so that nothing hangs on colour alone where it matters.
var codeClasses = []struct{ name, selectors, extra string }{
	{"comment", ".c,.ch,.cm,.c1,.cs", "font-style:italic"},
	{"keyword", ".k,.kd,.kn,.kp,.kr,.ow,.cp,.cpf", ""},
	{"type", ".kt,.nc,.nn,.nd,.ne,.no,.kc", ""},
	{"function", ".nf,.fm,.nb,.bp,.nt", ""},
	{"variable", ".nv,.vc,.vg,.vi,.vm,.na,.nl,.py,.ni", ""},
	{"string", ".s,.sa,.sb,.sc,.dl,.sd,.s2,.se,.sh,.si,.sx,.sr,.s1,.ss,.ld", ""},
	{"number", ".m,.mb,.mf,.mh,.mi,.il,.mo,.l", ""},
	{"prompt", ".gp", "user-select:none"},
	{"output", ".go,.gr,.gt", ""},
	{"inserted", ".gi,.line.added", ""},
	{"deleted", ".gd,.line.removed", ""},
	{"heading", ".gh,.gu", "font-weight:600"},
}

var light = palette{"#f6f7f8", []colour{
	{"comment", "#5c6470"}, {"keyword", "#7a1f8f"}, {"type", "#7a3e00"}, {"function", "#0b4a99"}, {"variable", "#8a1c3d"},
	{"string", "#14532d"}, {"number", "#7c2d12"}, {"prompt", "#4a5058"}, {"output", "#3f4752"}, {"inserted", "#14532d"},
	{"deleted", "#8f1414"}, {"heading", "#1f2937"},
}}

var dark = palette{"#15181c", []colour{
	{"comment", "#97a1ad"}, {"keyword", "#dcb3f2"}, {"type", "#f0c27a"}, {"function", "#9ac8ff"}, {"variable", "#ffb3c4"},
	{"string", "#a5dba9"}, {"number", "#f5b58f"}, {"prompt", "#a9b2bd"}, {"output", "#b9c1cb"}, {"inserted", "#a5dba9"},
	{"deleted", "#ffb0ab"}, {"heading", "#e5e9ee"},
}}

// AppendCSS appends the stylesheet of code for both themes. Colours are
// custom properties, --hl-keyword and the like: light ones hold unless the
// root element has data-theme="dark", or has no data-theme and the reader's
// system is dark. Grounds are --hl-ground.
func AppendCSS(dst []byte) []byte {
	vars := func(p palette) {
		dst = append(dst, "--hl-ground:"+p.ground...)
		for _, c := range p.colours {
			dst = append(dst, ";--hl-"+c.name+":"+c.value...)
		}
	}
	dst = append(dst, ":root{"...)
	vars(light)
	dst = append(dst, "}\n@media(prefers-color-scheme:dark){:root:not([data-theme]){"...)
	vars(dark)
	dst = append(dst, "}}\n:root[data-theme=dark]{"...)
	vars(dark)
	dst = append(dst, "}\n"...)
	for _, c := range codeClasses {
		dst = append(dst, ".hl :is("+c.selectors+"){color:var(--hl-"+c.name+")"...)
		if c.extra != "" {
			dst = append(dst, ";"+c.extra...)
		}
		dst = append(dst, "}\n"...)
	}
	return append(dst, ".hl .gs{font-weight:700}\n.hl .ge{font-style:italic}\n.hl .ln{user-select:none}\n"...)
}
