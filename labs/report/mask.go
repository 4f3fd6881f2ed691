package report

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// masked stands where a secret was.
const masked = "********"

// A Masker takes secrets out of text: values that it was told, in the forms
// in which they travel (as they are, in base64, in a URL), and whatever looks
// like a credential. The zero Masker knows no values. It is safe for use by
// several goroutines once made.
type Masker struct {
	values []string // longest first
}

// NewMasker makes a Masker for values. Values of fewer than four characters
// are left out: to mask them would mask everything.
func NewMasker(values ...string) *Masker {
	m := &Masker{}
	seen := map[string]bool{}
	add := func(v string) {
		if len(v) >= 4 && !seen[v] {
			seen[v] = true
			m.values = append(m.values, v)
		}
	}
	for _, v := range values {
		v = strings.TrimSpace(v)
		if len(v) < 4 {
			continue
		}
		add(v)
		add(url.QueryEscape(v))
		add(url.PathEscape(v))
		add(base64.StdEncoding.EncodeToString([]byte(v)))
		add(base64.RawURLEncoding.EncodeToString([]byte(v)))
		// The password of "user:password" in a header of HTTP.
		add(base64.StdEncoding.EncodeToString([]byte("$oauthtoken:" + v)))
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); len(line) >= 12 {
				add(line)
			}
		}
	}
	sort.Slice(m.values, func(i, j int) bool { return len(m.values[i]) > len(m.values[j]) })
	return m
}

// credentials are what is masked although nobody named it. The group that is
// called "s" is the secret; without one, all of the match is.
var credentials = []*regexp.Regexp{
	// a name that says so, and a value
	regexp.MustCompile(`(?i)\b[\w-]*(?:api[_-]?key|apikey|access[_-]?key|secret(?:[_-]?key)?|passwd|password|auth[_-]?token|access[_-]?token|private[_-]?token|client[_-]?secret|credential)s?\b["']?\s*(?:[:=]|=>)\s*["']?(?P<s>[^\s"',;&|]{4,})`),
	regexp.MustCompile(`(?i)\b(?:[\w-]+[_-])?token["']?\s*[:=]\s*["']?(?P<s>[^\s"',;&|]{8,})`),
	regexp.MustCompile(`(?i)(?:\blogin\b[^\n]*?\s-p|(?:^|\s)--(?:password|api-?key|token))[ =](?P<s>[^\s"'$-][^\s"']{7,})`),
	regexp.MustCompile(`(?i)\b(?:authorization|proxy-authorization):\s*(?:bearer|basic|token)\s+(?P<s>[\w.~+/=-]{6,})`),
	regexp.MustCompile(`(?i)\bbearer\s+(?P<s>[\w.~+/=-]{16,})`),
	regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://[^\s/:@]*:(?P<s>[^\s/@]{3,})@`),
	regexp.MustCompile(`"auth":\s*"(?P<s>[A-Za-z0-9+/=]{8,})"`),
	// shapes of keys that are known
	regexp.MustCompile(`\bnvapi-[\w-]{20,}`),
	regexp.MustCompile(`\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|hf|xox[abps]|sk|pypi|dckr_pat|npm)[_-][A-Za-z0-9_-]{16,}`),
	regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`),
	regexp.MustCompile(`\bAIza[\w-]{35}`),
	regexp.MustCompile(`\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`),
	regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<s>[\s\S]*?)(?:-----END|\z)`),
}

// Text gives text without secrets. Values that are a reference to a variable
// ($TOKEN) or are stars already stay.
func (m *Masker) Text(text string) string {
	if m != nil {
		for _, v := range m.values {
			text = strings.ReplaceAll(text, v, masked)
		}
	}
	for _, re := range credentials {
		text = maskGroup(re, text)
	}
	return text
}

func maskGroup(re *regexp.Regexp, text string) string {
	group := max(0, re.SubexpIndex("s"))
	all := re.FindAllStringSubmatchIndex(text, -1)
	if all == nil {
		return text
	}
	var b strings.Builder
	at := 0
	for _, m := range all {
		from, to := m[2*group], m[2*group+1]
		if from < at || harmless(text[from:to]) {
			continue
		}
		b.WriteString(text[at:from] + masked)
		at = to
	}
	return b.String() + text[at:]
}

var variableName = regexp.MustCompile(`^[A-Z]+(?:_[A-Z0-9]+)+$`)

// harmless reports whether a value shows no secret.
func harmless(v string) bool {
	return variableName.MatchString(v) || strings.HasPrefix(v, "$") || strings.HasPrefix(v, "<") || strings.HasPrefix(v, "***") || strings.Trim(v, "*.xX") == ""
}

// unmasked are the texts of a report that hold no text of a run: a digest
// that happens to look like a credential stays.
var unmasked = []string{"Schema", "ID", "Digest", "Sample", "Role", "Verdict", "Blame"}

// Page gives the report without secrets in any of its texts, whatever fields it
// has. Identities, digests and numbers stay.
func (m *Masker) Page(p *Page) (*Page, error) {
	data, err := Encode(p)
	if err != nil {
		return nil, err
	}
	q := new(Page)
	if err := json.Unmarshal(data, q); err != nil {
		return nil, fmt.Errorf("masking the report of %s: %w", p.Page, err)
	}
	m.walk(reflect.ValueOf(q).Elem())
	return q, nil
}

func (m *Masker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(m.Text(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			m.walk(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			m.walk(v.Index(i))
		}
	case reflect.Struct:
		if _, isTime := v.Interface().(time.Time); isTime {
			return
		}
		for i := range v.NumField() {
			if !slices.Contains(unmasked, v.Type().Field(i).Name) {
				m.walk(v.Field(i))
			}
		}
	case reflect.Map:
		if values, ok := v.Interface().(map[string]string); ok {
			for k, text := range values {
				// A name may say that the value is a secret.
				if values[k] = m.Text(text); strings.HasSuffix(m.Text(k+"="+text), "="+masked) {
					values[k] = masked
				}
			}
		}
	}
}

// MaxOutput is how much of a step's output a report keeps, in bytes.
const MaxOutput = 64 << 10

// Clip bounds output to MaxOutput bytes: the first and the last half stay,
// whole lines where it can be, and a line between them says how much is left
// out. Mask before clipping, so that no secret is cut in two.
func Clip(output string) string {
	if len(output) <= MaxOutput {
		return output
	}
	const note = 64 // room for the line between
	half := (MaxOutput - note) / 2
	head, tail := output[:half], output[len(output)-half:]
	if i := strings.LastIndexByte(head, '\n'); i > half/2 {
		head = head[:i+1]
	}
	if i := strings.IndexByte(tail, '\n'); i >= 0 && i < half/2 {
		tail = tail[i+1:]
	}
	// Neither part may start or end in the middle of a character.
	for i := 0; i < utf8.UTFMax && len(head) > 0; i++ {
		if r, n := utf8.DecodeLastRuneInString(head); r != utf8.RuneError || n != 1 {
			break
		}
		head = head[:len(head)-1]
	}
	for len(tail) > 0 && !utf8.RuneStart(tail[0]) {
		tail = tail[1:]
	}
	if !strings.HasSuffix(head, "\n") {
		head += "\n"
	}
	return head + "[... " + strconv.Itoa(len(output)-len(head)-len(tail)) + " bytes left out ...]\n" + tail
}
