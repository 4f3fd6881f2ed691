package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite golden files")

func number(n int) *int { return &n }

// full has every field of a report set.
func full() *Page {
	at := time.Date(2026, 11, 23, 10, 20, 30, 0, time.UTC)
	digest := strings.Repeat("0123456789abcdef", 4)
	return &Page{
		Schema: Version, Page: "bcp/index.rst", Title: "Containers", Started: at, Duration: 61_250, Hermetic: true,
		Machine: Machine{OS: "Debian GNU/Linux 12", Kernel: "6.1", Arch: "amd64", CPUs: 2, Memory: 8e9, Engine: "podman", EngineVersion: "podman 4.3.1", CI: true,
			GPUs: []GPU{{Name: "NVIDIA H200", Driver: "570.1", CUDA: "12.8", Compute: "9.0", MemoryBytes: 150e9}}},
		StandIns: []StandInImage{{"nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04", "cuda-devel", "sha256:ab"}},
		Hosts:    []string{"deb.debian.org"},
		Images:   []Image{{"x:efficient", "sha256:1", "sha256:2", 443e6, []Layer{{"sha256:3", 443e6, "COPY nbody"}}}},
		Steps: []Step{
			{ID: "abcd2345", Digest: digest, Sample: "0123456789abcdef", Role: "run", Said: true, Session: "host", Line: 12, Verdict: StandIn, Why: "passed on a stand-in: cuda-devel", StandIn: []string{"cuda-devel"},
				Cached: &at, Started: 10, Duration: 60_000, Exit: number(0), Command: "docker build .", Output: "done\n", Compared: "shape",
				Asserts: []Assert{{"size(a) < 1GB", true, "443MB < 1GB"}}, Images: []string{"sha256:1"}, GPU: "NVIDIA H200", Samples: []Sample{{5, 300.5, 1980, 60, 99, 0}}, Values: map[string]string{"gflops": "1.5"}},
			{ID: "bbbb2345", Digest: digest, Role: "transcript", Line: 20, Verdict: Failed, Why: "`docker ps, -a` printed: something else", Blame: BlamePage, Started: 60_010, Duration: 1_000, Exit: number(1),
				Command: "docker run -it x bash\nnbody -h", Output: "Error\x1b\n", Outputs: []string{"", "Error\n"}, Diff: "- Hello\n+ Error\n"},
			{ID: "cccc2345", Digest: digest, Role: "run", Line: 30, File: "bcp/part.rst", Verdict: Skipped, Why: "no GPU found by NVML"},
			{ID: "dddd2345", Digest: digest, Role: "run", Line: 40, Verdict: Unreached, Why: "a step before it failed"},
			{ID: "eeee2345", Digest: digest, Role: "unaccounted", Line: 50, Verdict: Skipped, Why: "not accounted for: it names no language"},
			{ID: "ffff2345", Digest: digest, Role: "example", Line: 60, Verdict: Skipped, Why: "an example"},
			{ID: "gggg2345", Digest: digest, Role: "file", Line: 70, Verdict: Passed},
		},
		Coverage: Coverage{7, 5, 2, 1},
		Values:   map[string]string{"size": "443MB"},
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", v); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, p *Page) error {
	t.Helper()
	data, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestSchema(t *testing.T) {
	s := schema(t)
	if err := valid(t, s, full()); err != nil {
		t.Errorf("a full report: %v", err)
	}
	if err := valid(t, s, &Page{Page: "a.md"}); err != nil {
		t.Errorf("a report with nothing in it: %v", err)
	}
	for what, break_ := range map[string]func(p *Page){
		"no page":                func(p *Page) { p.Page = "" },
		"an unknown verdict":     func(p *Page) { p.Steps[0].Verdict = "fine" },
		"a failure without why":  func(p *Page) { p.Steps[1].Why = "" },
		"a nameless stand-in":    func(p *Page) { p.Steps[0].StandIn = nil },
		"a digest that is short": func(p *Page) { p.Steps[0].Digest = "ab" },
		"an unknown role":        func(p *Page) { p.Steps[0].Role = "play" },
		"a negative duration":    func(p *Page) { p.Duration = -1 },
	} {
		p := full()
		break_(p)
		if valid(t, s, p) == nil {
			t.Errorf("%s is valid", what)
		}
	}
}

// TestSchemaKnowsEveryField fails when a field is added and not published.
func TestSchemaKnowsEveryField(t *testing.T) {
	var s struct {
		Properties map[string]any `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(SchemaJSON, &s); err != nil {
		t.Fatal(err)
	}
	check := func(v any, properties map[string]any) {
		tp := reflect.TypeOf(v)
		for i := range tp.NumField() {
			name, _, _ := strings.Cut(tp.Field(i).Tag.Get("json"), ",")
			if properties[name] == nil {
				t.Errorf("%s.%s (%q) is not in the schema", tp.Name(), tp.Field(i).Name, name)
			}
		}
		if tp.NumField() != len(properties) {
			t.Errorf("%s has %d fields, the schema %d", tp.Name(), tp.NumField(), len(properties))
		}
	}
	check(Page{}, s.Properties)
	for name, v := range map[string]any{"machine": Machine{}, "gpu": GPU{}, "standIn": StandInImage{}, "image": Image{}, "layer": Layer{},
		"step": Step{}, "assert": Assert{}, "sample": Sample{}, "coverage": Coverage{}} {
		check(v, s.Defs[name].Properties)
	}
}

func TestWriteAndRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", FileName("bcp/index.rst", "podman", true))
	if filepath.Base(path) != "bcp__index.rst.podman-gpu.json" {
		t.Errorf("the file is called %s", filepath.Base(path))
	}
	p := full()
	p.Started = p.Started.In(time.FixedZone("x", 3600)).Add(123 * time.Millisecond)
	for range 2 { // the second time over the first
		if err := Write(path, p); err != nil {
			t.Fatal(err)
		}
	}
	first, _ := os.ReadFile(path)
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, full()) {
		t.Errorf("read back:\n%+v\nwant\n%+v", got, full())
	}
	if err := Write(path, got); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(path); !bytes.Equal(first, second) {
		t.Error("the same report gave other bytes")
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Errorf("%d files were left: %v", len(left), left)
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                             "unexpected end",
		`[]`:                           "cannot unmarshal",
		`{"schema":"docent.report/9"}`: "labs verify",
		`{"schema":"docent.report/1","page":"a","surprise":1}`: "surprise",
		`{"schema":"docent.report/1"}`:                         "names no page",
	} {
		path := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "r.json") {
			t.Errorf("%s: got %v, want %q and the file's name", text, err, want)
		}
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("a folder was read as a report")
	}
}

func TestReadDirTakesTheNewestFirst(t *testing.T) {
	dir := t.TempDir()
	old, fresh := full(), full()
	fresh.Started = fresh.Started.Add(time.Hour)
	fresh.Machine.Engine = "docker"
	for name, p := range map[string]*Page{"a.json": old, "b.json": fresh} {
		if err := Write(filepath.Join(dir, name), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "c.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	pages, errs := ReadDir(dir)
	if len(pages) != 2 || pages[0].Machine.Engine != "docker" || len(errs) != 1 {
		t.Fatalf("got %d reports, %v", len(pages), errs)
	}
	find := func(page string, n Name) []Evidence { return Find(pages, page, []Name{n})[0] }
	found := find("bcp/index.rst", Name{"abcd2345", "", "another", "0123456789abcdef"})
	if len(found) != 2 || found[0].Page.Machine.Engine != "docker" || !found[0].Stale {
		t.Errorf("found %+v", found)
	}
	if found := find("bcp/index.rst", Name{"abcd2345", "", full().Steps[0].Digest, "0123456789abcdef"}); found[1].Stale || found[1].Edited {
		t.Error("an unchanged step is stale")
	}
	pages[0].Steps[0].Verdict = Skipped // the newer run, say, had no GPU
	if found := find("bcp/index.rst", Name{ID: "abcd2345"}); found[0].Step.Verdict == Skipped || len(found) != 2 {
		t.Errorf("a run that skipped the step hides one that carried it out: %+v", found)
	}
	if found := find("other.rst", Name{ID: "abcd2345"}); found != nil {
		t.Errorf("another page has evidence: %+v", found)
	}
	if pages, errs := ReadDir(filepath.Join(dir, "none")); pages != nil || errs != nil {
		t.Errorf("no folder: %v, %v", pages, errs)
	}
}

func TestJUnitAndAnnotations(t *testing.T) {
	var junit, notes bytes.Buffer
	if err := JUnit(&junit, []Page{*full()}); err != nil {
		t.Fatal(err)
	}
	if err := Annotations(&notes, "content", []Page{*full()}); err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(bytes.NewReader(junit.Bytes()))
	for {
		if _, err := dec.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Errorf("the XML does not parse: %v", err)
			}
			break
		}
	}
	for name, got := range map[string][]byte{"junit.xml": junit.Bytes(), "annotations.txt": notes.Bytes()} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs; got\n%s", name, got)
		}
	}
}

// TestNoFieldOfAReportLeaks puts a secret into every text that a report can
// hold, those of fields that are added later included.
func TestNoFieldOfAReportLeaks(t *testing.T) {
	const secret = "hunter22-secret"
	p := full()
	n := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString("x " + secret + " y")
			n++
		case reflect.Pointer:
			fill(v.Elem())
		case reflect.Slice:
			for i := range v.Len() {
				fill(v.Index(i))
			}
		case reflect.Struct:
			if _, isTime := v.Interface().(time.Time); isTime {
				return
			}
			for i := range v.NumField() {
				if !slices.Contains(unmasked, v.Type().Field(i).Name) {
					fill(v.Field(i))
				}
			}
		case reflect.Map:
			if values, ok := v.Interface().(map[string]string); ok && values != nil {
				values["k"] = secret
			}
		}
	}
	fill(reflect.ValueOf(p).Elem())
	q, err := NewMasker(secret).Page(p)
	if err != nil {
		t.Fatal(err)
	}
	var junit, sarif, timeline, annotations bytes.Buffer
	data, err := Encode(q)
	if err != nil || JUnit(&junit, []Page{*q}) != nil || SARIF(&sarif, "", "", []Page{*q}, nil) != nil || Timeline(&timeline, []Page{*q}) != nil || Annotations(&annotations, "", []Page{*q}) != nil {
		t.Fatal("the report cannot be told")
	}
	past, err := json.Marshal(q.Past())
	if err != nil || n < 40 {
		t.Fatalf("%d texts, %v", n, err)
	}
	for name, text := range map[string]string{"report": string(data), "JUnit": junit.String(), "SARIF": sarif.String(), "timeline": timeline.String(), "annotations": annotations.String(), "history": string(past)} {
		if strings.Contains(text, secret) {
			t.Errorf("the secret is in the %s:\n%s", name, text)
		}
	}
}

func TestMask(t *testing.T) {
	m := NewMasker("hunter22-secret", "abc", "  spaced/value+1  ")
	for in, want := range map[string]string{
		"the key hunter22-secret here":                                   "the key ******** here",
		"base64 aHVudGVyMjItc2VjcmV0 too":                                "base64 ******** too",
		"url spaced%2Fvalue%2B1":                                         "url ********",
		"abc stays, it is too short":                                     "abc stays, it is too short",
		"NGC_API_KEY=a1b2c3d4e5":                                         "NGC_API_KEY=********",
		`secrets="NGC_API_KEY"`:                                          `secrets="NGC_API_KEY"`,
		"export NGC_API_KEY=$KEY":                                        "export NGC_API_KEY=$KEY",
		`{"password": "pa55word"}`:                                       `{"password": "********"}`,
		"apikey: **********":                                             "apikey: **********",
		"Authorization: Bearer abcdefgh":                                 "Authorization: Bearer ********",
		"https://me:s3cr3t@example.org/x":                                "https://me:********@example.org/x",
		"nvapi-abcdefghijklmnopqrstuvwxyz":                               "********",
		"ghp_abcdefghijklmnopqrstuvwxyz0123":                             "********",
		"docker login -u me --password hunter2hunter":                    "docker login -u me --password ********",
		`"auth": "bWU6c2VjcmV0"`:                                         `"auth": "********"`,
		"-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----": "-----BEGIN PRIVATE KEY-----********-----END PRIVATE KEY-----",
		"docker run -p 8888:8888 image":                                  "docker run -p 8888:8888 image",
		"docker login -u me -p hunter2hunter x.io":                       "docker login -u me -p ******** x.io",
		"The token is valid for 5 minutes":                               "The token is valid for 5 minutes",
		"--NotebookApp.token='' --port=8888":                             "--NotebookApp.token='' --port=8888",
		"GFLOP/s: 13936.007":                                             "GFLOP/s: 13936.007",
	} {
		if got := m.Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	p := full()
	p.Steps[0].Output, p.Steps[1].Diff, p.Values["k"] = "x hunter22-secret", "hunter22-secret", "hunter22-secret"
	p.Steps[0].Asserts[0].Shown = "hunter22-secret"
	p.Steps[0].Values["token"] = "0123456789"
	q, err := m.Page(p)
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(q)
	if err != nil || strings.Contains(string(data), "hunter22") || strings.Contains(string(data), "0123456789\"") {
		t.Errorf("a secret is in the report: %v\n%s", err, data)
	}
	if !reflect.DeepEqual(q.Steps[2], p.Steps[2]) || q.Started != p.Started || q.Steps[0].Digest != p.Steps[0].Digest {
		t.Error("masking changed more than secrets")
	}
	if !strings.Contains(p.Steps[0].Output, "hunter22") {
		t.Error("masking changed the report it was given")
	}
}

func TestClip(t *testing.T) {
	if got := Clip("short"); got != "short" {
		t.Errorf("short output became %q", got)
	}
	long := "first\n" + strings.Repeat("äöü ünd söwéiter\n", 20_000) + "last\n"
	got := Clip(long)
	if len(got) > MaxOutput || !strings.HasPrefix(got, "first\n") || !strings.HasSuffix(got, "last\n") || !strings.Contains(got, "bytes left out") {
		t.Errorf("%d bytes: %.40q ... %q", len(got), got, got[len(got)-40:])
	}
	if got := Clip(strings.Repeat("é", 100_000)); strings.ToValidUTF8(got, "?") != got || len(got) > MaxOutput {
		t.Errorf("a character was cut in two, or %d bytes are too many", len(got))
	}
}

func FuzzMask(f *testing.F) {
	f.Add("NGC_API_KEY=abc12345", "secret-value")
	f.Add("https://a:b@c", "a:b@")
	f.Fuzz(func(t *testing.T, text, secret string) {
		m := NewMasker(secret)
		got := m.Text(text + "\n" + secret + "\n" + text)
		if s := strings.TrimSpace(secret); len(s) >= 4 && !strings.Contains(masked, s) && !strings.Contains(s, "*") && strings.Contains(got, s) {
			t.Errorf("%q is still in %q", s, got)
		}
		if c := Clip(got); len(c) > MaxOutput {
			t.Errorf("%d bytes", len(c))
		}
	})
}

func FuzzDecode(f *testing.F) {
	data, _ := Encode(full())
	f.Add(data)
	f.Add([]byte(`{"schema":"docent.report/1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			return
		}
		once, err := Encode(p)
		if err != nil {
			return // a year that JSON cannot hold
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if twice, _ := Encode(again); !bytes.Equal(once, twice) {
			t.Error("writing it twice gives other bytes")
		}
	})
}

// The power of several GPUs is drawn as one line: their sum, reading by reading.
func TestPowerOfSeveralGPUs(t *testing.T) {
	points, watts := powerLine(&Step{Samples: []Sample{{At: 0, PowerWatts: 100}, {At: 1, GPU: 1, PowerWatts: 50}, {At: 100, PowerWatts: 200}, {At: 101, GPU: 1, PowerWatts: 100}}})
	if points != "0.0,10.0 100.0,0.0" || watts != "300 W at most" {
		t.Errorf("%q, %q", points, watts)
	}
}
