package site

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// A card is the picture that other sites show with a link to a page: 1200 by
// 630 pixels, the title, what the page is about, and the site's name. The
// same words give the same bytes on every machine.
type card struct{ title, desc, site string }

const (
	cardWidth, cardHeight = 1200, 630
	cardEdge              = 84
	cardShades            = 32 // steps from paper to ink
	cardLook              = "1"
)

// name is where the site has the card: it changes when the picture does.
func (c card) name() string {
	return "_cards/" + contentHash([]byte(strings.Join([]string{cardLook, c.title, c.desc, c.site}, "\x00"))) + ".png"
}

// A Keeper is a [Sink] that can leave a file of the old site in its place
// when its name says that its content is the same.
type Keeper interface{ Keep(name string) bool }

// putCard draws a page's card, unless the site has it already, and gives its
// address, or "" where the fonts lack a letter of it.
func (s *Site) putCard(sink Sink, c card) (string, error) {
	if s.opt.BaseURL == "" || !s.set.Cards || s.opt.Preview || !cardFonts().can(c) {
		return "", nil
	}
	name := c.name()
	if _, twice := s.cards.LoadOrStore(name, true); twice {
		if t, ok := sink.(traced); ok {
			t.shares(name, 0)
		}
	} else {
		if k, ok := sink.(Keeper); !ok || !k.Keep(name) {
			data, err := c.draw()
			if err != nil {
				return "", err
			}
			if err := sink.Put(name, data); err != nil {
				return "", err
			}
		}
	}
	return s.absolute(name), nil
}

type fonts struct{ bold, regular *sfnt.Font }

var cardFonts = sync.OnceValue(func() fonts {
	b, err := opentype.Parse(gobold.TTF)
	if err != nil {
		panic("site: the font of the cards: " + err.Error())
	}
	r, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic("site: the font of the cards: " + err.Error())
	}
	return fonts{b, r}
})

// can reports whether the fonts have every letter: they know Latin, Greek and
// Cyrillic. A card with boxes for letters is worse than none.
func (f fonts) can(c card) bool {
	var buf sfnt.Buffer
	for _, r := range c.title + c.desc + c.site {
		if r <= ' ' {
			continue
		}
		if i, err := f.regular.GlyphIndex(&buf, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// cardPalette runs from paper to ink, then from paper to grey, then the
// colour of the rule.
var cardPalette = func() color.Palette {
	paper, ink, grey := [3]int{0xfb, 0xfa, 0xf7}, [3]int{0x1c, 0x1d, 0x21}, [3]int{0x5b, 0x60, 0x69}
	var p color.Palette
	for _, to := range [][3]int{ink, grey} {
		for i := range cardShades {
			at := func(k int) uint8 { return uint8(paper[k] + (to[k]-paper[k])*i/(cardShades-1)) }
			p = append(p, color.RGBA{at(0), at(1), at(2), 0xff})
		}
	}
	return append(p, color.RGBA{0x1f, 0x7a, 0x4d, 0xff})
}()

const (
	cardInk  = 0
	cardGrey = cardShades
	cardRule = 2 * cardShades
)

func (c card) draw() ([]byte, error) {
	img := image.NewPaletted(image.Rect(0, 0, cardWidth, cardHeight), cardPalette)
	for y := range cardHeight {
		for x := range 18 {
			img.SetColorIndex(x, y, cardRule)
		}
	}
	f := cardFonts()
	var faces []font.Face
	face := func(of *sfnt.Font, size float64) font.Face {
		made, err := opentype.NewFace(of, &opentype.FaceOptions{Size: size, DPI: 72})
		if err != nil {
			panic("site: the font of the cards: " + err.Error())
		}
		faces = append(faces, made)
		return made
	}
	defer func() {
		for _, made := range faces {
			made.Close()
		}
	}()
	size := 72.0
	lines := wrap(face(f.bold, size), c.title, 3)
	if len(lines) == 3 {
		size = 60
		lines = wrap(face(f.bold, size), c.title, 4)
	}
	bold, y := faces[len(faces)-1], cardEdge+int(size)
	for _, l := range lines {
		write(img, bold, l, cardEdge, y, cardInk)
		y += int(size * 1.2)
	}
	regular := face(f.regular, 34)
	y += 16
	for _, l := range wrap(regular, c.desc, max(0, min(3, (cardHeight-130-y)/46+1))) {
		write(img, regular, l, cardEdge, y, cardGrey)
		y += 46
	}
	if c.site != c.title {
		write(img, face(f.bold, 32), c.site, cardEdge, cardHeight-cardEdge+20, cardInk)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		return nil, fmt.Errorf("draw the card of %q: %w", c.title, err)
	}
	return b.Bytes(), nil
}

// wrap breaks a text into lines that fit; the last ends in dots where some is
// left over.
func wrap(f font.Face, text string, most int) []string {
	const width = cardWidth - 2*cardEdge
	fits := func(s string) bool { return font.MeasureString(f, s).Ceil() <= width }
	var out []string
	line := ""
	words := strings.Fields(text)
	for _, w := range words {
		for !fits(w) { // no blank to break at
			w = w[:len(w)-len(w)/4-1]
			w = strings.ToValidUTF8(w, "") + "…"
		}
		next := strings.TrimSpace(line + " " + w)
		if fits(next) {
			line = next
			continue
		}
		if len(out)+1 == most {
			for line != "" && !fits(line+" …") {
				line = line[:max(0, strings.LastIndexByte(line, ' '))]
			}
			return append(out, line+" …")
		}
		out, line = append(out, line), w
	}
	if line != "" && most > 0 {
		out = append(out, line)
	}
	return out
}

// write draws a line of text: the coverage of a pixel is its shade.
func write(img *image.Paletted, f font.Face, text string, x, y int, from uint8) {
	dot := fixed.P(x, y)
	before := rune(-1)
	for _, r := range text {
		if before >= 0 {
			dot.X += f.Kern(before, r)
		}
		box, mask, at, advance, ok := f.Glyph(dot, r)
		if alpha, isAlpha := mask.(*image.Alpha); ok && isAlpha {
			clipped := box.Intersect(img.Rect)
			for py := clipped.Min.Y; py < clipped.Max.Y; py++ {
				for px := clipped.Min.X; px < clipped.Max.X; px++ {
					a := alpha.AlphaAt(at.X+px-box.Min.X, at.Y+py-box.Min.Y).A
					if shade := uint8(int(a) * (cardShades - 1) / 255); shade > 0 {
						img.SetColorIndex(px, py, from+shade)
					}
				}
			}
		}
		dot.X += advance
		before = r
	}
}
