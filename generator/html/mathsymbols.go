package html

import "strings"

// The tables of what LaTeX's commands mean. The characters are Unicode's, by
// the names that amsmath and amssymb use.

// mathLetters are drawn as identifiers.
var mathLetters = pairs(`alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι
kappa κ varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ
phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
infty ∞ partial ∂ nabla ∇ emptyset ∅ varnothing ∅ aleph ℵ beth ℶ hbar ℏ hslash ℏ ell ℓ wp ℘ Re ℜ Im ℑ imath ı jmath ȷ
angle ∠ triangle △ top ⊤ bot ⊥ prime ′ backprime ‵ degree ° S § P ¶ pounds £ euro € copyright © clubsuit ♣ diamondsuit ♢
heartsuit ♡ spadesuit ♠ flat ♭ natural ♮ sharp ♯ checkmark ✓ square □ Box □ blacksquare ■ lozenge ◊ bigstar ★ complement ∁ eth ð mho ℧ Finv Ⅎ
% % $ $ # # & &amp; _ _ AA Å`)

// mathOperators are operators, relations, arrows and delimiters.
var mathOperators = pairs(`times × cdot ⋅ div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙
cap ∩ cup ∪ uplus ⊎ sqcap ⊓ sqcup ⊔ vee ∨ lor ∨ wedge ∧ land ∧ setminus ∖ smallsetminus ∖ wr ≀ amalg ⨿ dagger † ddagger ‡ diamond ⋄
bigtriangleup △ bigtriangledown ▽ triangleleft ◁ triangleright ▷ ltimes ⋉ rtimes ⋊ dotplus ∔ boxplus ⊞ boxtimes ⊠ boxdot ⊡
le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ ne ≠ neq ≠ ll ≪ gg ≫ lll ⋘ ggg ⋙ equiv ≡ sim ∼ simeq ≃ approx ≈ approxeq ≊ cong ≅ propto ∝ varpropto ∝
prec ≺ succ ≻ preceq ⪯ succeq ⪰ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ sqsubseteq ⊑ sqsupseteq ⊒ in ∈ ni ∋ owns ∋ notin ∉
vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ Vdash ⊩ perp ⟂ mid ∣ nmid ∤ parallel ∥ nparallel ∦ asymp ≍ doteq ≐ coloneqq ≔ triangleq ≜ lesssim ≲ gtrsim ≳
smile ⌣ frown ⌢ bowtie ⋈ Join ⋈ lessgtr ≶ nleq ≰ ngeq ≱ nless ≮ ngtr ≯
to → rightarrow → leftarrow ← gets ← uparrow ↑ downarrow ↓ updownarrow ↕ leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Uparrow ⇑ Downarrow ⇓ Leftrightarrow ⇔
longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺ iff ⟺ implies ⟹ impliedby ⟸ mapsto ↦ longmapsto ⟼
hookrightarrow ↪ hookleftarrow ↩ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽ rightleftharpoons ⇌
leadsto ⇝ rightsquigarrow ⇝ twoheadrightarrow ↠ rightleftarrows ⇄ leftrightarrows ⇆ circlearrowleft ↺ circlearrowright ↻
forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ therefore ∴ because ∵ surd √
ldots … dots … dotsc … dotsb ⋯ cdots ⋯ dotsm ⋯ dotsi ⋯ vdots ⋮ ddots ⋱ colon : backslash \ lbrace { rbrace } lbrack [ rbrack ] { { } }
langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖ | ‖ ulcorner ⌜ urcorner ⌝ llcorner ⌞ lrcorner ⌟ lgroup ⟮ rgroup ⟯
lt < gt > And &`)

// mathLarge are drawn large, with their bounds above and below where the
// formula stands alone.
var mathLarge = pairs(`sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ oiint ∯ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ bigvee ⋁ bigwedge ⋀ bigsqcup ⨆ biguplus ⨄`)

// mathFunctions are names set upright; those with 2 take bounds.
var mathFunctions = func() map[string]int {
	m := map[string]int{}
	for _, f := range strings.Fields("arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan tanh") {
		m[f] = 1
	}
	for _, f := range strings.Fields("det gcd inf lim liminf limsup max min Pr sup argmax argmin") {
		m[f] = 2
	}
	return m
}()

var mathSpaces = map[string]string{",": "0.1667em", "thinspace": "0.1667em", ":": "0.2222em", ">": "0.2222em", "medspace": "0.2222em",
	";": "0.2778em", "thickspace": "0.2778em", "!": "-0.1667em", "negthinspace": "-0.1667em", " ": "0.25em", "\n": "0.25em", "space": "0.25em",
	"nobreakspace": "0.25em", "enspace": "0.5em", "enskip": "0.5em", "quad": "1em", "qquad": "2em", "/": "0em"}

var mathAlphabets = map[string]string{"mathrm": "normal", "mathup": "normal", "mathnormal": "", "mathit": "", "mathbf": "bold", "boldsymbol": "bold",
	"bm": "bold", "pmb": "bold", "mathbb": "double-struck", "mathcal": "script", "mathscr": "script", "mathfrak": "fraktur",
	"mathsf": "sans-serif", "mathtt": "monospace", "Bbb": "double-struck"}

// mathAccents: the sign, and attributes of its element.
var mathAccents = map[string][2]string{"hat": {"^", ` stretchy="false"`}, "widehat": {"^", ` stretchy="true"`}, "bar": {"¯", ` stretchy="false"`},
	"overline": {"¯", ` stretchy="true"`}, "vec": {"→", ` stretchy="false"`}, "overrightarrow": {"→", ` stretchy="true"`},
	"overleftarrow": {"←", ` stretchy="true"`}, "tilde": {"~", ` stretchy="false"`}, "widetilde": {"~", ` stretchy="true"`}, "dot": {"˙", ""},
	"ddot": {"¨", ""}, "dddot": {"⃛", ""}, "check": {"ˇ", ""}, "breve": {"˘", ""}, "acute": {"´", ""}, "grave": {"`", ""}, "mathring": {"˚", ""}}

// mathBraces stand over or under a term: the element, the sign, and whether
// a script after it is its label.
var mathBraces = map[string][3]string{"overbrace": {"mover", "⏞", "y"}, "underbrace": {"munder", "⏟", "y"}, "underline": {"munder", "_", ""},
	"overbracket": {"mover", "⎴", "y"}, "underbracket": {"munder", "⎵", "y"}, "underrightarrow": {"munder", "→", ""}}

var mathBig = map[string]string{"big": "1.2em", "bigl": "1.2em", "bigr": "1.2em", "bigm": "1.2em", "Big": "1.623em", "Bigl": "1.623em", "Bigr": "1.623em",
	"Bigm": "1.623em", "bigg": "2.047em", "biggl": "2.047em", "biggr": "2.047em", "biggm": "2.047em", "Bigg": "2.470em", "Biggl": "2.470em",
	"Biggr": "2.470em", "Biggm": "2.470em"}

// mathPlanes: where capitals, small letters and digits of an alphabet begin.
var mathPlanes = map[string][3]rune{"bold": {0x1D400, 0x1D41A, 0x1D7CE}, "double-struck": {0x1D538, 0x1D552, 0x1D7D8}, "script": {0x1D49C, 0x1D4B6, 0},
	"fraktur": {0x1D504, 0x1D51E, 0}, "sans-serif": {0x1D5A0, 0x1D5BA, 0x1D7E2}, "monospace": {0x1D670, 0x1D68A, 0x1D7F6}}

// mathHoles are letters that Unicode had before it had the alphabet.
var mathHoles = map[string]map[rune]rune{
	"double-struck": {'C': 'ℂ', 'H': 'ℍ', 'N': 'ℕ', 'P': 'ℙ', 'Q': 'ℚ', 'R': 'ℝ', 'Z': 'ℤ'},
	"script":        {'B': 'ℬ', 'E': 'ℰ', 'F': 'ℱ', 'H': 'ℋ', 'I': 'ℐ', 'L': 'ℒ', 'M': 'ℳ', 'R': 'ℛ', 'e': 'ℯ', 'g': 'ℊ', 'o': 'ℴ'},
	"fraktur":       {'C': 'ℭ', 'H': 'ℌ', 'I': 'ℑ', 'R': 'ℜ', 'Z': 'ℨ'},
}

func pairs(s string) map[string]string {
	f := strings.Fields(s)
	m := make(map[string]string, len(f)/2)
	for i := 0; i+1 < len(f); i += 2 {
		m[f[i]] = f[i+1]
	}
	return m
}
