package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"docent/labs/report/sarifschema"
)

func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	findings := []Finding{{"dockerfile-maintainer-deprecated", "warning", "bcp/assets/Docker file", 4, 1, "Maintainer is deprecated."},
		{"lab-unaccounted", "warning", "bcp/index.rst", 50, 5, "it names no language"}}
	if err := SARIF(&b, "content", "1.0", []Page{*full()}, findings); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := sarifschema.Schema(t).Validate(v); err != nil {
		t.Errorf("this is not what the standard says: %v", err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || len(run.Results) != 3 {
		t.Fatalf("got %s", b.String())
	}
	for i, want := range []struct {
		rule, level, uri string
		line, column     int
		text             string
	}{
		{"dockerfile-maintainer-deprecated", "warning", "content/bcp/assets/Docker%20file", 4, 1, "Maintainer"},
		{"lab-unaccounted", "warning", "content/bcp/index.rst", 50, 5, "no language"},
		{"lab-failed", "error", "content/bcp/index.rst", 20, 1, "+ Error"},
	} {
		r := run.Results[i]
		loc := r.Locations[0].PhysicalLocation
		if r.RuleID != want.rule || run.Tool.Driver.Rules[r.RuleIndex].ID != want.rule || r.Level != want.level || loc.ArtifactLocation.URI != want.uri ||
			loc.Region.StartLine != want.line || loc.Region.StartColumn != want.column || !strings.Contains(r.Message.Text, want.text) {
			t.Errorf("result %d is %+v, want %+v", i, r, want)
		}
	}
}

func TestTimelineStandsByItself(t *testing.T) {
	p := full()
	p.Steps[1].Output, p.Steps[1].Diff = "<script>alert(1)</script>", ""
	p.Steps[0].Samples = []Sample{{At: 0, PowerWatts: 100}, {At: 500, PowerWatts: 700}}
	resumed := full()
	when := resumed.Started.Add(-time.Hour)
	resumed.Steps[0].Cached, resumed.Steps[0].Started = &when, 1e9 // far beyond this run
	var b bytes.Buffer
	if err := Timeline(&b, []Page{*p, *p, *resumed}); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{"<h1>bcp/index.rst</h1>", "line 12, run: docker build .", `class="failed" open`, "700 W at most", `points="0.0,17.1 100.0,0.0"`,
		"as it was on " + when.Format("2 January 2006 15:04 UTC"), "&lt;script&gt;", "size(a) &lt; 1GB holds: 443MB &lt; 1GB", "podman 4.3.1, NVIDIA H200"} {
		if !strings.Contains(got, want) {
			t.Errorf("the timeline does not say %q:\n%s", want, got)
		}
	}
	for _, not := range []string{" min 40 s", "<script", "src=", "href=", "url("} {
		if strings.Contains(got, not) {
			t.Errorf("the timeline has %q: it needs other files, or runs what was printed", not)
		}
	}
}
