package step

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"docent/generator/doc"
	"docent/generator/parse"
)

// page parses a page beside a few files.
func page(t *testing.T, name, text string) *doc.Document {
	t.Helper()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return parse.Page(name, text, &parse.Config{FS: fstest.MapFS{
		"a/assets/Dockerfile.nbody":  file("FROM nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04 AS build\nRUN make\nFROM build\n"),
		"a/assets/nbody_2M_1gpu.sh":  file("ngc batch run --name nbody --commandline 'nbody -benchmark'\n"),
		"a/assets/python_dev.tar.gz": file("\x1f\x8b"),
	}})
}

// listing indents lines as an RST code block.
func listing(language, text string) string {
	return ".. code-block:: " + language + "\n\n    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n\n"
}

// told is what a test says about a step: role, session, and its commands.
// "> " marks a command typed inside, "= " the first line of its sample.
func told(s Step) string {
	var b strings.Builder
	fmt.Fprint(&b, s.Role)
	if s.Session != "" && s.Session != Host {
		fmt.Fprint(&b, " in ", s.Session)
	}
	if s.Opens != "" {
		fmt.Fprint(&b, " opens ", s.Opens)
	}
	if s.File != "" {
		fmt.Fprint(&b, " ", s.File, " from ", s.FileFrom)
	}
	for _, c := range s.Commands {
		b.WriteString("\n")
		if c.Inside {
			b.WriteString("> ")
		}
		b.WriteString(c.Text)
		if c.Output != "" {
			first, _, _ := strings.Cut(c.Output, "\n")
			b.WriteString("\n= " + first)
		}
	}
	return b.String()
}

const ngcTable = `+-------------+----------------------+---------------+
| key         | value                | source        |
+-------------+----------------------+---------------+
| apikey      | ******************** | user settings |
| team        | internal-sandbox     | user settings |
+-------------+----------------------+---------------+`

// TestInference has the listings of a real tutorial that are hard to tell,
// with nothing said about any of them.
func TestInference(t *testing.T) {
	for _, c := range []struct{ name, language, text, want, why string }{
		{"a form with placeholders", "shell", "nvcr.io/<org>/<team>/<container name>:<tag>", "example", "<org>"},
		{"a command with a placeholder", "shell", "docker pull nvcr.io/<org>/cuda", "example", "<org>"},
		{"an optional part", "shell", "docker run [OPTIONS] IMAGE", "example", "[OPTIONS]"},
		{"arguments left out", "shell", "docker run -it ... bash", "example", "..."},
		{"a placeholder in quotes is only doubted", "shell", `docker run x nbody "-device=<d>"`, "unaccounted", "<d>"},
		{"a tag of HTML in quotes is text", "shell", `grep -o '<title>.*</title>' index.html`, "run\ngrep -o '<title>.*</title>' index.html", ""},
		{"a placeholder in words", "shell", "git clone https://example.org/your-name/x", "unaccounted", "your-name"},
		{"angle brackets in a here-document are text", "shell", "cat > x.html <<EOF\n<html>\n\n+----+\nEOF\ncat x.html", "run\ncat > x.html <<EOF\n<html>\n\n+----+\nEOF\ncat x.html", ""},
		{"a command and its table", "shell", "ngc config current\n\n" + ngcTable, "run\nngc config current\n= +-------------+----------------------+---------------+", "what they print"},
		{"a table right below", "shell", "ngc config current\n" + ngcTable, "run\nngc config current\n= +-------------+----------------------+---------------+", ""},
		{"docker images and its rows", "shell", "docker images\n\nREPOSITORY                    TAG        IMAGE ID       CREATED          SIZE\nnvcr.io/r2/gzynda_nbody       simple     3765675fad29   17 seconds ago   8.26GB",
			"run\ndocker images\n= REPOSITORY                    TAG        IMAGE ID       CREATED          SIZE", ""},
		{"output and commands in turns", "shell", "docker images\n\nREPOSITORY   TAG\nx            y\n\ndocker push x:y", "unaccounted", "take turns"},
		{"comments and exports", "shell", "# This should be the hash value\nexport ORG=r2kuatviomfd\n# Include a slash so we can handle cases without teams\nexport TEAM=/internal-sandbox", "run\nexport ORG=r2kuatviomfd\nexport TEAM=/internal-sandbox", ""},
		{"output that is labelled shell", "shell", "> Windowed mode\n> Simulation data stored in video memory\n2000128 bodies, total time for 10 iterations: 57412.602 ms", "unaccounted", "looks like output"},
		{"prose that is labelled shell", "shell", "make sure you have docker", "unaccounted", "sentence"},
		{"a sentence about a program", "shell", "docker is not running", "unaccounted", "no command `is`"},
		{"an unknown word", "shell", "frobnicate everything", "unaccounted", "not a command that is known"},
		{"an unknown word with options", "shell", "nbody -benchmark -numbodies=2000000", "run\nnbody -benchmark -numbodies=2000000", ""},
		{"not shell at all", "shell", "if (x) {", "unaccounted", "not shell"},
		{"typed inside the container that it opens, with prompts", "shell",
			"docker run --rm -it nvcr.io/${HOME}/${USER}_nbody:efficient bash -l\n\nroot@f5e06e291d60:/# nbody -h\nRun \"nbody -benchmark [-numbodies=<numBodies>]\" to measure performanc\ne.\n        -device=<d>       (where d=0,1,2.... for the CUDA device to u\nse)\n\nError: only 0 Devices available, 1 requested.  Exiting.",
			"transcript opens container:1\ndocker run --rm -it nvcr.io/${HOME}/${USER}_nbody:efficient bash -l\n> nbody -h\n= Run \"nbody -benchmark [-numbodies=<numBodies>]\" to measure performanc", ""},
		{"typed inside the container that it opens, after a comment", "shell",
			"# Launch pytorch container on your host\ndocker run --rm -it nvcr.io/nvidia/pytorch:24.03-py3 bash -l\n\n# Pip install pytorch inside the running container\npip install torch torchvision torchaudio",
			"transcript opens container:1\ndocker run --rm -it nvcr.io/nvidia/pytorch:24.03-py3 bash -l\n> pip install torch torchvision torchaudio", ""},
		{"a comment says that it is back on the host", "shell", "docker run --rm -it x bash\n\n# Back on the host\npip list", "unaccounted", "not typed in the shell"},
		{"docker inside docker is doubted", "shell", "docker run --rm -it x bash\ndocker images", "unaccounted", "not clear"},
		{"an image's own command may be no shell", "shell", "docker run --rm -it x\npip list", "unaccounted", "not clear"},
		{"a transcript", "console", "$ echo one \\\n>   two\none two\n\n$ true\n", "transcript\necho one \\\n  two\n= one two\ntrue", "prompts"},
		{"a transcript that goes into a container and back", "console", "$ docker run --rm -it x bash\nroot@abc:/# id -u\n0\nroot@abc:/# exit\n$ echo back\nback",
			"transcript opens container:1\ndocker run --rm -it x bash\n> id -u\n= 0\n> exit\necho back\n= back", ""},
		{"root prompts in a console", "console", "# nvcc --version\nCuda 12", "transcript\nnvcc --version\n= Cuda 12", ""},
		{"a comment in a console", "console", "# Install it\n$ pip install x", "transcript\npip install x", ""},
		{"a prompt with a placeholder", "console", "$ docker pull <image>", "example", "<image>"},
		{"a prompt in a listing without language", "text", "$ ls\nfile", "transcript\nls\n= file", ""},
		{"a listing without language", "text", "hello", "unaccounted", "no language"},
		{"source of a markup language", "rst", "Title\n=====", "example", "rst source"},
		{"a program", "python", "print(1)", "unaccounted", "python"},
		{"writes outside the working folder", "shell", "cp bench.py /mnt/bench.py", "unaccounted", "/mnt/bench.py"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps, diags := Steps(page(t, "a/index.rst", "Title\n=====\n\n"+listing(c.language, c.text)))
			if len(steps) != 1 {
				t.Fatalf("%d steps: %v", len(steps), diags)
			}
			if got := told(steps[0]); got != c.want {
				t.Errorf("got\n%s\nwant\n%s\nwhy: %s", got, c.want, steps[0].Why)
			}
			if !strings.Contains(steps[0].Why, c.why) {
				t.Errorf("why is %q, want %q in it", steps[0].Why, c.why)
			}
			unaccounted := slices.ContainsFunc(diags, func(d doc.Diag) bool { return d.Code == "lab-unaccounted" })
			if unaccounted != (steps[0].Role == Unaccounted) {
				t.Errorf("role %s goes with %v", steps[0].Role, diags)
			}
		})
	}
}

const tutorial = `Title
=====

.. lab-page: values="ORG=r2kuatviomfd TEAM=/internal-sandbox" timeout=5m

Build
-----

.. literalinclude:: assets/Dockerfile.nbody
    :caption: :download:` + "`Dockerfile.nbody <assets/Dockerfile.nbody>`" + `

.. code-block:: shell

    export TEAM=/internal-sandbox

.. code-block:: shell

    export TEAM=

.. lab: timeout=30m needs=gpu>=2
.. lab: assert="size(a) < size(b)/10"

.. code-block:: shell

    docker build -f Dockerfile.nbody -t x${TEAM} .

The job:

.. literalinclude:: assets/nbody_2M_1gpu.sh
    :caption: :download:` + "`Dockerfile.nbody_2M_1gpu.sh <assets/nbody_2M_1gpu.sh>`" + `

.. code-block:: shell

    bash nbody_2M_1gpu.sh

When it is done, you should see output similar to this:

.. code-block:: shell

    > Windowed mode
    2000128 bodies, total time for 10 iterations: 57412.602 ms

Developing inside a running container
-------------------------------------

Fetch :download:` + "`python_dev.tar.gz <assets/python_dev.tar.gz>`" + `.

.. code-block:: shell

    tar -xzf python_dev.tar.gz

.. lab: in=job

.. code-block:: shell

    pip install -c /root/base_constraints.txt .

.. lab: skip="at the end"
`

func TestTutorial(t *testing.T) {
	d := page(t, "a/index.rst", tutorial)
	steps, diags := Steps(d)
	var got []string
	for _, s := range steps {
		got = append(got, fmt.Sprintf("%d %s", s.Line, strings.ReplaceAll(told(s), "\n", " | ")))
	}
	want := []string{
		"9 file Dockerfile.nbody from a/assets/Dockerfile.nbody",
		"14 run | export TEAM=/internal-sandbox",
		"18 unaccounted",
		"25 run | docker build -f Dockerfile.nbody -t x${TEAM} .",
		"29 file nbody_2M_1gpu.sh from a/assets/nbody_2M_1gpu.sh",
		"34 run | bash nbody_2M_1gpu.sh",
		"40 output",
		"50 unaccounted",
		"56 run in job | pip install -c /root/base_constraints.txt .",
	}
	// A file's line is that of its directive, or of its caption.
	for i := range got {
		if i < len(want) && steps[i].Role == File {
			if l := steps[i].Line; l < 9 || l > 31 {
				t.Errorf("the file %s is at line %d", steps[i].File, l)
			}
			got[i] = want[i][:strings.IndexByte(want[i], ' ')] + got[i][strings.IndexByte(got[i], ' '):]
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(steps[2].Why, "empties TEAM") || !strings.Contains(steps[7].Why, "inside a running container") {
		t.Errorf("why: %q, %q", steps[2].Why, steps[7].Why)
	}
	build := steps[3]
	if build.Opt.Timeout != 30*time.Minute || steps[1].Opt.Timeout != 5*time.Minute || len(build.Opt.Asserts) != 1 || build.Opt.Needs[0] != (Need{"gpu", ">=", 2, "gpu>=2"}) {
		t.Errorf("options: %+v", build.Opt)
	}
	if !slices.Equal(build.Images, []string{"nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04"}) {
		t.Errorf("the build starts from %v", build.Images)
	}
	if !slices.ContainsFunc(steps[5].Opt.Needs, func(n Need) bool { return n.Name == "ngc" }) {
		t.Errorf("the script needs %v", steps[5].Opt.Needs)
	}
	if steps[6].Of != steps[5].ID {
		t.Error("the output is not that of the run before it")
	}
	var codes []string
	for _, g := range diags {
		codes = append(codes, g.Code)
	}
	slices.Sort(codes)
	if !slices.Equal(codes, []string{"lab-file-name", "lab-loose", "lab-unaccounted", "lab-unaccounted"}) {
		t.Errorf("diagnostics: %v", diags)
	}
	var names []string
	for _, f := range Downloads(d) {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"Dockerfile.nbody", "nbody_2M_1gpu.sh", "python_dev.tar.gz"}) {
		t.Errorf("downloads: %v", names)
	}
	if v := Values(d); len(v) != 2 || v[1] != (Value{"TEAM", "/internal-sandbox"}) {
		t.Errorf("values: %v", v)
	}
}

func TestCommandsKnowTheirLine(t *testing.T) {
	d := page(t, "a/index.rst", "T\n=\n\n"+listing("shell", "# first\nexport A=1\n\nexport B=2"))
	steps, _ := Steps(d)
	for i, want := range []int{7, 9} {
		c := steps[0].Commands[i]
		if c.Line != want || !strings.HasPrefix(d.Sources[0].Line(c.Line)[c.Col-1:], c.Text) {
			t.Errorf("%s is said to stand at %d:%d, want line %d", c.Text, c.Line, c.Col, want)
		}
	}
}

func TestSaidRoles(t *testing.T) {
	for _, c := range []struct{ name, source, want, code string }{
		{"alt keeps the role that the text has", ".. lab: alt\n\n" + listing("shell", "export TEAM="), "run\nexport TEAM=", ""},
		{"run on an unknown word", ".. lab: run\n\n" + listing("shell", "frobnicate everything"), "run\nfrobnicate everything", ""},
		{"run on a form", ".. lab: run\n\n" + listing("shell", "docker pull <image>"), "unaccounted", "lab-form"},
		{"run on what is not shell", ".. lab: run\n\n" + listing("shell", "if (x) {"), "unaccounted", "lab-shell"},
		{"output without a run", ".. lab: output\n\n" + listing("text", "hello"), "unaccounted", "lab-output"},
		{"example", ".. lab: example\n\n" + listing("shell", "rm -rf /"), "example", ""},
		{"file from the listing's own text", ".. lab: file name=run.sh\n\n" + listing("shell", "echo hello"), "file run.sh from ", ""},
		{"file without a name", ".. lab: file\n\n" + listing("shell", "echo hello"), "unaccounted", "lab-file"},
		{"a container that nobody opened", ".. lab: in=container\n\n" + listing("shell", "pip list"), "run in container:1\npip list", "lab-session"},
		{"in=host settles the doubt", ".. lab: in=host\n\n" + listing("shell", "cp x /mnt/y"), "run\ncp x /mnt/y", ""},
		{"hidden commands", ".. lab-run: in=host timeout=1m\n\n   mkdir -p data\n   touch data/x\n", "setup\nmkdir -p data\ntouch data/x", ""},
		{"hidden commands that are none", ".. lab-run:\n\n   if (x) {\n", "unaccounted", "lab-shell"},
		{"a role of hidden commands", ".. lab-run: run\n\n   true\n", "setup\ntrue", "lab-role"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps, diags := Steps(page(t, "a/index.rst", "Title\n=====\n\n"+c.source))
			if len(steps) != 1 {
				t.Fatalf("%d steps: %v", len(steps), diags)
			}
			if got := told(steps[0]); got != c.want {
				t.Errorf("got\n%s\nwant\n%s\n%v", got, c.want, diags)
			}
			has := slices.ContainsFunc(diags, func(d doc.Diag) bool { return d.Severity == doc.Error && (c.code == "" || d.Code == c.code) })
			if has != (c.code != "") {
				t.Errorf("diagnostics: %v, want %q", diags, c.code)
			}
		})
	}
}

func TestLaterStepsKeepTheContainerOpen(t *testing.T) {
	steps, diags := Steps(page(t, "a/index.rst", "T\n=\n\n"+listing("shell", "docker run --rm -it x bash")+".. lab: in=container\n\n"+listing("shell", "pip list")))
	if len(diags) > 0 || len(steps) != 2 || !steps[0].KeepOpen || steps[1].Session != "container:1" {
		t.Errorf("got %+v, %v", steps, diags)
	}
}

func TestOutputOfALabel(t *testing.T) {
	steps, diags := Steps(page(t, "a/index.rst", "T\n=\n\n.. lab: label=first\n\n"+listing("shell", "echo 1")+listing("shell", "echo 2")+".. lab: output of=first\n\n"+listing("text", "1")))
	if len(diags) > 0 || steps[2].Of != steps[0].ID || steps[2].Expect != "1" {
		t.Errorf("got %+v, %v", steps, diags)
	}
}

func TestAnnotationMistakes(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"timout=10m", "a/index.rst:4:9: error: A lab comment has no key `timout`; did you mean `timeout`. The lab reference lists all keys. [lab-unknown-key]"},
		{"in=host match=shap", "4:17: error: `match=shap` is not understood: output is compared by shape, exact, regex or none; did you mean `shape`"},
		{"run example", "4:13: error: The listing is said to be `run` and also `example`"},
		{"timeout=1m timeout=2m", "4:20: error: `timeout` is said twice"},
		{"timeout", "`timeout` needs a value"},
		{"alt=yes", "`alt` takes no value"},
		{`skip="no end`, "A quote (\") in this lab comment is not closed"},
		{"exit=300", "from 0 to 255"},
		{"needs=gpus>=x", "not a number"},
		{"needs=gpuu", "did you mean `gpu`"},
		{"ready=8888", "port:8888"},
		{"save=x:(", "does not parse"},
		{"name=../x", "below the working folder"},
		{"values=A=b", "lab-page"},
		{"within=fast", "a unit and a percentage"},
	} {
		_, diags := Steps(page(t, "a/index.rst", "T\n=\n\n.. lab: "+c.keys+"\n\n"+listing("shell", "true")))
		if !slices.ContainsFunc(diags, func(d doc.Diag) bool { return strings.Contains(d.String(), c.want) }) {
			t.Errorf("%s: got %v, want %s", c.keys, diags, c.want)
		}
	}
}

func TestAnnotationKeys(t *testing.T) {
	steps, diags := Steps(page(t, "a/index.rst", "T\n=\n\n"+`.. lab: run in=other exit=nonzero timeout=90s needs=network,gpu-memory>=40GB match=regex within="GFLOP/s ±20%"
    background ready=log:"Serving on .*" save='size:(\d+) "MB"' save=b:x cleanup skip="say \"why\"" cpu="nbody -cpu"

`+listing("shell", "true")))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	o := steps[0].Opt
	if o.In != "other" || !o.Exit.NonZero || o.Exit.OK(0) || !o.Exit.OK(7) || o.Timeout != 90*time.Second || o.Match != "regex" || o.Within[0] != "GFLOP/s ±20%" ||
		!o.Background || *o.Ready != (Ready{"log", "Serving on .*"}) || !slices.Equal(o.Saves, []Save{{"size", `(\d+) "MB"`}, {"b", "x"}}) || !o.Cleanup || o.Skip != `say "why"` || o.CPU != "nbody -cpu" ||
		!slices.Equal(o.Needs, []Need{{"network", "", 0, "network"}, {"gpu-memory", ">=", 40e9, "gpu-memory>=40GB"}}) {
		t.Errorf("got %+v", o)
	}
}

func TestIdentitySurvivesEditsElsewhere(t *testing.T) {
	one := listing("shell", "echo one")
	before, _ := Steps(page(t, "a/index.rst", "T\n=\n\n"+one+listing("shell", "echo two")+one))
	after, _ := Steps(page(t, "a/index.rst", "Other\n=====\n\nMore prose.\n\n"+listing("shell", "echo new")+one+".. lab: alt\n\n"+listing("shell", "echo two")+one))
	if before[0].ID == before[2].ID {
		t.Error("two equal listings have one identity")
	}
	for i := range before {
		if before[i].ID != after[i+1].ID {
			t.Errorf("step %d was %s and is %s", i, before[i].ID, after[i+1].ID)
		}
	}
	if before[0].Digest != after[1].Digest || before[1].Digest == after[2].Digest {
		t.Error("a digest changed with the prose, or did not change with the annotation")
	}
	moved, _ := Steps(page(t, "a/index.rst", ".. lab-page: values=\"A=b\"\n\nT\n=\n\n"+one))
	if moved[0].Digest == before[0].Digest {
		t.Error("the page's values are not part of the digest")
	}
}

// A comment that was meant for a lab and lacks its colon is told; other comments
// are nobody's business.
func TestCommentsWithoutAColon(t *testing.T) {
	source := "# T\n\n<!-- lab-run in=x\necho hi\n-->\n\n<!-- lab output -->\n\n<!-- lab-page values -->\n\n<!-- lab notes for me -->\n\n<!-- labels: x -->\n\n<!-- lab: run -->\n\n```shell\nls\n```\n"
	_, diags := Steps(page(t, "a/index.md", source))
	var got []string
	for _, d := range diags {
		got = append(got, d.String())
	}
	want := []string{"a/index.md:3:1: warning: This comment begins with `lab-run` and has no colon", "a/index.md:7:1: warning: This comment begins with `lab` and", "a/index.md:9:1: warning: This comment begins with `lab-page` and"}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %s, want %s", got[i], want[i])
		}
	}
}

func TestMarkdownSaysTheSame(t *testing.T) {
	d := page(t, "a/index.md", "# T\n\n<!-- lab: in=job timeout=1m -->\n\n```shell\npip list\n```\n\n```console\n$ echo hi\nhi\n```\n")
	steps, diags := Steps(d)
	if len(steps) != 2 || told(steps[0]) != "run in job\npip list" || steps[0].Opt.Timeout != time.Minute || told(steps[1]) != "transcript\necho hi\n= hi" {
		t.Errorf("got %+v, %v", steps, diags)
	}
}

func TestPlan(t *testing.T) {
	source := "T\n=\n\n" + listing("shell", "docker build -t x .") + ".. lab: needs=gpu cpu=\"nbody -cpu\"\n\n" + listing("shell", "nbody -benchmark") +
		".. lab: needs=gpu>=2\n\n" + listing("shell", "nbody -benchmark -numdevices=2") + ".. lab: output\n\n" + listing("text", "done") +
		listing("shell", "docker pull <x>") + listing("text", "?") + ".. lab: skip=\"no licence\"\n\n" + listing("shell", "true") + listing("shell", "docker pull nvcr.io/nvidia/pytorch:24.03-py3")
	steps, _ := Steps(page(t, "a/index.rst", source))
	standIn := func(image string) (string, bool) { return "pytorch", strings.Contains(image, "pytorch") }
	for _, c := range []struct {
		name string
		m    Machine
		want []string
	}{
		{"a laptop", Machine{Engine: "docker", Builds: true, NoGPU: "no GPU found by NVML", StandIn: standIn}, []string{
			"run", "run instead nbody -cpu: no GPU found by NVML; the page names a command for the CPU", "skip: no GPU found by NVML", "skip: the step that prints it is skipped: no GPU found by NVML",
			"nothing: it has a placeholder, `<x>`", "skip: not accounted for: it names no language", "skip: no licence", "run on pytorch"}},
		{"a GPU node without an engine that builds", Machine{Engine: "oci", GPUs: 1}, []string{
			"skip: the oci engine does not build images", "run", "skip: it needs gpu>=2, and 1 is here", "skip: the step that prints it is skipped: it needs gpu>=2, and 1 is here",
			"nothing: it has a placeholder, `<x>`", "skip: not accounted for: it names no language", "skip: no licence", "run"}},
		{"nothing", Machine{GPUs: 2}, []string{
			"skip: no container engine is here", "run", "run", "compare",
			"nothing: it has a placeholder, `<x>`", "skip: not accounted for: it names no language", "skip: no licence", "skip: no container engine is here"}},
	} {
		plan := Plan(steps, c.m)
		var got []string
		for _, p := range plan {
			s := string(p.Action)
			if p.Instead != "" {
				s += " instead " + p.Instead
			}
			if len(p.StandIns) > 0 {
				s += " on " + strings.Join(p.StandIns, ",")
			}
			if p.Why != "" {
				s += ": " + p.Why
			}
			got = append(got, s)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
		cov := Coverage(plan)
		if cov.Listings != 8 || cov.Runnable != 6 || cov.Unaccounted != 1 {
			t.Errorf("%s: coverage %+v", c.name, cov)
		}
	}
	if c := Coverage(Plan(steps, Machine{Engine: "docker", Builds: true, StandIn: standIn})); c.Planned != 3 || len(c.Skipped) != 4 || fmt.Sprintf("%.1f", c.Percent()) != "42.9" {
		t.Errorf("coverage %+v, %.1f %%", c, c.Percent())
	}
}

func FuzzSteps(f *testing.F) {
	for _, s := range []string{tutorial, ".. lab: run\n\n" + listing("shell", "a <<E\nb\nE"), ".. lab-run: in=\"\n   x\n", listing("console", "$ a \\\n> b\nroot@x:/# c\n# d"), listing("shell", "docker run -it x bash\n\n$ a\n# b")} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		d := parse.Page("a.rst", text, nil)
		steps, diags := Steps(d)
		list, _ := doc.Listings(d)
		if len(steps) != len(list) {
			t.Fatalf("%d listings became %d steps", len(list), len(steps))
		}
		ids := map[string]bool{}
		for _, s := range steps {
			if ids[s.ID] {
				t.Errorf("the identity %s is given twice", s.ID)
			}
			ids[s.ID] = true
			if s.Role.Runs() == (len(s.Commands) == 0) {
				t.Errorf("a step that is %s has %d commands", s.Role, len(s.Commands))
			}
		}
		for _, g := range diags {
			_ = g.String() + g.Excerpt()
		}
		Coverage(Plan(steps, Machine{}))
	})
}

func TestSamplesAreNoPartOfIdentities(t *testing.T) {
	source := func(sample string) string {
		return "T\n=\n\n" + listing("shell", "ls --all\n\nNAME  SIZE\n"+sample) + listing("console", "$ ls\n"+sample) + ".. lab: output\n\n" + listing("text", sample)
	}
	read := func(source string) []Step {
		steps, diags := Steps(page(t, "a/index.rst", source))
		if len(diags) > 0 || len(steps) != 3 {
			t.Fatalf("%d steps, %v", len(steps), diags)
		}
		return steps
	}
	before, after := read(source("x     1")), read(source("y     2\nz     3"))
	for i := range before {
		if before[i].ID != after[i].ID || before[i].Digest != after[i].Digest {
			t.Errorf("step %d has another identity or digest when only its sample changed", i)
		}
		if before[i].Sample == "" || before[i].Sample == after[i].Sample {
			t.Errorf("step %d: the samples are %q and %q", i, before[i].Sample, after[i].Sample)
		}
	}
	typed := read(strings.ReplaceAll(source("x     1"), "$ ls", "$ ls -l"))
	if typed[1].ID == before[1].ID || typed[1].Digest == before[1].Digest {
		t.Error("another command has the same identity or digest")
	}
	said := read(strings.ReplaceAll(source("x     1"), ".. lab: output", ".. lab: output match=exact"))
	if said[2].ID != before[2].ID || said[2].Digest == before[2].Digest {
		t.Error("an annotation changes the digest, and the identity never")
	}
}

func TestSecrets(t *testing.T) {
	source := "T\n=\n\n.. lab-page: secrets=\"NGC_API_KEY, OTHER\"\n\n" + listing("shell", "curl -H \"Authorization: Bearer $NGC_API_KEY\" http://localhost/") + listing("shell", "true")
	d := page(t, "a/index.rst", source)
	steps, diags := Steps(d)
	if len(diags) > 0 || !slices.Equal(Secrets(d), []string{"NGC_API_KEY", "OTHER"}) || steps[0].Role != Run {
		t.Fatalf("got %v, %v, %s: %s", Secrets(d), diags, steps[0].Role, steps[0].Why)
	}
	for _, c := range []struct {
		has  bool
		want string
	}{{false, "skip it needs the secret NGC_API_KEY, which is not in the environment of labs"}, {true, "run "}} {
		plan := Plan(steps, Machine{HasSecret: func(string) bool { return c.has }})
		if got := string(plan[0].Action) + " " + plan[0].Why; got != c.want || plan[1].Action != DoRun {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
