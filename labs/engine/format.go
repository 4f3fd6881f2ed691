package engine

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func splitLines(s string) []string { return strings.Split(strings.TrimRight(s, "\n"), "\n") }

// humanSize prints bytes as docker does: decimal units, three digits.
func humanSize(n int64) string {
	size := float64(n)
	for _, unit := range []string{"B", "kB", "MB", "GB", "TB"} {
		if size < 1000 || unit == "TB" {
			return fmt.Sprintf("%.3g%s", size, unit)
		}
		size /= 1000
	}
	return ""
}

// humanAge prints a duration as docker does: "17 seconds", "About a minute".
func humanAge(d time.Duration) string {
	seconds := int(d.Seconds())
	minutes := int(d.Minutes())
	hours := int(d.Hours() + 0.5)
	switch {
	case seconds < 1:
		return "Less than a second"
	case seconds == 1:
		return "1 second"
	case seconds < 60:
		return fmt.Sprintf("%d seconds", seconds)
	case minutes == 1:
		return "About a minute"
	case minutes < 60:
		return fmt.Sprintf("%d minutes", minutes)
	case hours == 1:
		return "About an hour"
	case hours < 48:
		return fmt.Sprintf("%d hours", hours)
	case hours < 24*7*2:
		return fmt.Sprintf("%d days", hours/24)
	case hours < 24*30*2:
		return fmt.Sprintf("%d weeks", hours/24/7)
	case hours < 24*365*2:
		return fmt.Sprintf("%d months", hours/24/30)
	}
	return fmt.Sprintf("%d years", int(d.Hours())/24/365)
}

// table lays rows out as docker does: columns at least 10 wide, with at least
// three blanks between them.
func table(rows [][]string) string {
	var width []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(width) {
				width = append(width, 7)
			}
			width[i] = max(width[i], len(c))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		for i, c := range r {
			if i == len(r)-1 {
				b.WriteString(c)
			} else {
				fmt.Fprintf(&b, "%-*s", width[i]+3, c)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// splitName takes a reference apart as docker's tables do: "debian", "12".
func splitName(ref string) (repository, tag string) {
	// podman's name for what has no registry
	t, err := name.NewTag(strings.TrimPrefix(ref, "localhost/"))
	if err != nil {
		return ref, "<none>"
	}
	return familiar(t.Context()), t.TagStr()
}

// familiar is a repository without the parts docker leaves out.
func familiar(r name.Repository) string {
	if r.RegistryStr() == name.DefaultRegistry {
		return strings.TrimPrefix(r.RepositoryStr(), "library/")
	}
	return r.Name()
}

// printPushed prints what docker prints after a push.
func printPushed(f *os.File, ref string, img v1.Image) error {
	tag, err := name.NewTag(ref)
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	say(f, "The push refers to repository [%s]", tag.Context().Name())
	for i := len(layers) - 1; i >= 0; i-- {
		diff, err := layers[i].DiffID()
		if err != nil {
			return err
		}
		say(f, "%s: Pushed", diff.Hex[:12])
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	size, err := img.Size()
	if err != nil {
		return err
	}
	say(f, "%s: digest: %s size: %d", tag.TagStr(), digest, size)
	return nil
}

// imageRow is one line of "docker images".
type imageRow struct {
	ref     string // with its tag; empty for an image without a name
	id      string
	created time.Time
	size    int64
	digest  string // of the manifest, "" if none is known
}

// imageTable prints images as docker does.
func imageTable(images []imageRow, full, digests bool, now time.Time) string {
	rows := [][]string{{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}}
	if digests {
		rows[0] = slices.Insert(rows[0], 2, "DIGEST")
	}
	for _, im := range images {
		repo, tag := "<none>", "<none>"
		if im.ref != "" {
			repo, tag = splitName(im.ref)
		}
		row := []string{repo, tag, shortID(im.id, full), humanAge(now.Sub(im.created)) + " ago", humanSize(im.size)}
		if digests {
			digest := im.digest
			if digest == "" {
				digest = "<none>"
			}
			row = slices.Insert(row, 2, digest)
		}
		rows = append(rows, row)
	}
	return table(rows)
}

// historyTable prints how an image came about, newest first, as docker does. The
// steps are oldest first; those that made no layer have no size.
func historyTable(id string, steps []historyRow, full bool, now time.Time) string {
	rows := [][]string{{"IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"}}
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		name := "<missing>"
		if i == len(steps)-1 {
			name = shortID(id, full)
		}
		by := s.by
		if r := []rune(by); !full && len(r) > 45 {
			by = string(r[:44]) + "…"
		}
		rows = append(rows, []string{name, humanAge(now.Sub(s.created)) + " ago", by, humanSize(s.size), s.comment})
	}
	return table(rows)
}

// historyRow is one line of "docker history".
type historyRow struct {
	created     time.Time
	by, comment string
	size        int64 // bytes
}

// shortID is an identifier as docker shows it: 12 digits, or with full, all.
func shortID(id string, full bool) string {
	if full {
		return id
	}
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(12, len(id))]
}

// shortImage is an image's name as docker shows it in a list of containers.
func shortImage(ref string) string {
	repo, tag := splitName(ref)
	if tag == "<none>" {
		return ref
	}
	if strings.HasSuffix(ref, ":"+tag) && tag != "latest" {
		return repo + ":" + tag
	}
	return repo
}

// containerRow is one line of "docker ps".
type containerRow struct {
	id, image, status, ports, names string
	command                         []string
	created                         time.Time
}

// containerTable prints containers as docker does.
func containerTable(containers []containerRow, full bool, now time.Time) string {
	rows := [][]string{{"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}}
	for _, c := range containers {
		command := strings.Join(c.command, " ")
		if !full && len(command) > 20 {
			command = command[:19] + "…"
		}
		rows = append(rows, []string{shortID(c.id, full), c.image, `"` + command + `"`, humanAge(now.Sub(c.created)) + " ago", c.status, c.ports, c.names})
	}
	return table(rows)
}
