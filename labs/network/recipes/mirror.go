package recipes

import (
	"bufio"
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"sort"
	"strings"
)

// source is one package list that this machine is set up with.
type source struct{ uri, suite, origin string }

// aptSources asks apt, which knows every form its configuration may take.
func aptSources() []source {
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(ORIGIN)", "Created-By: Packages").Output()
	if err != nil && len(out) == 0 {
		return nil
	}
	var list []source
	seen := map[string]bool{}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		f := strings.Split(s.Text(), "|")
		if len(f) == 3 && !seen[s.Text()] {
			seen[s.Text()] = true
			list = append(list, source{f[0], f[1], f[2]})
		}
	}
	return list
}

// release is this machine's own suite, such as "bookworm".
func release() string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(text), "\n") {
		if v, ok := strings.CutPrefix(line, "VERSION_CODENAME="); ok {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}

// mirror is the Debian mirror that this machine uses; empty means debootstrap's
// own choice.
func mirror() string {
	for _, s := range aptSources() {
		if s.origin == "Debian" && s.suite == release() && !strings.HasPrefix(s.uri, "https") {
			return s.uri
		}
	}
	return ""
}

// sourcesList is the stand-ins' list of package sources: the machine's own
// mirrors, with the free and the non-free part. Empty means what debootstrap
// wrote.
func sourcesList() string {
	host := release()
	if host == "" {
		return ""
	}
	var b strings.Builder
	seen := map[string]bool{}
	for _, s := range aptSources() {
		rest, ok := strings.CutPrefix(s.suite, host)
		if s.origin != "Debian" || !ok || strings.HasPrefix(s.uri, "https") || seen[s.uri+rest] {
			continue
		}
		seen[s.uri+rest] = true
		b.WriteString("deb " + s.uri + " " + suite + rest + " main contrib non-free\n")
	}
	return b.String()
}

// aptProxy is the proxy that this machine's apt goes through.
func aptProxy() string {
	out, err := exec.Command("apt-config", "shell", "P", "Acquire::http::Proxy").Output()
	if err != nil {
		return ""
	}
	v, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "P='")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(v, "'")
}

// MirrorHosts are the hosts of the package mirrors that this machine is set up
// with, in the order of names.
func MirrorHosts() []string {
	seen := map[string]bool{}
	var hosts []string
	add := func(raw string) {
		if u, err := url.Parse(raw); err == nil && u.Hostname() != "" && !seen[u.Hostname()] {
			seen[u.Hostname()] = true
			hosts = append(hosts, u.Hostname())
		}
	}
	for _, s := range aptSources() {
		if s.origin == "Debian" || s.origin == "Ubuntu" {
			add(s.uri)
		}
	}
	add(aptProxy())
	sort.Strings(hosts)
	return hosts
}
