package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// netState is what a private daemon may change of the machine's network, as it
// was before.
type netState struct {
	Tables  map[string]string `json:"tables"`  // "iptables", "ip6tables": what their -save printed
	Links   []string          `json:"links"`   // names of network interfaces
	Forward string            `json:"forward"` // net.ipv4.ip_forward
}

const forwardSwitch = "/proc/sys/net/ipv4/ip_forward"

func readNet(ctx context.Context) *netState {
	s := &netState{Tables: map[string]string{}, Links: linkNames()}
	for _, tool := range []string{"iptables", "ip6tables"} {
		if path, err := lookPath(tool + "-save"); err == nil {
			if out, err := output(ctx, exec.Command(path)); err == nil {
				s.Tables[tool] = out
			}
		}
	}
	forward, _ := os.ReadFile(forwardSwitch)
	s.Forward = strings.TrimSpace(string(forward))
	return s
}

func linkNames() []string {
	links, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var names []string
	for _, l := range links {
		names = append(names, l.Name)
	}
	return names
}

// netBefore is the network as it was before the first of the runs that use an
// engine now. What one of them added is not the machine's own.
func netBefore(ctx context.Context, engine string) *netState {
	for _, m := range readMarks() {
		if m.Net != nil && m.Engine == engine && m.alive() {
			return m.Net
		}
	}
	return readNet(ctx)
}

// traces match the firewall lines and network interfaces that an engine makes.
type traces struct{ rules, links *regexp.Regexp }

var tracesOf = map[string]traces{
	"docker": {
		regexp.MustCompile(`DOCKER|docker0|\bbr-[0-9a-f]{12}\b|\b172\.(1[7-9]|2[0-9]|3[01])\.`),
		regexp.MustCompile(`^(docker0|br-[0-9a-f]{12})$`),
	},
	"podman": {regexp.MustCompile(`CNI-|NETAVARK`), regexp.MustCompile(`^cni-podman[0-9]+$`)},
}

// restore takes away what an engine added and gives back what it changed. It
// touches only what this kind of engine makes, and nothing while another run or
// another daemon of the kind needs it.
func (s *netState) restore(mine *runMark) error {
	own, ok := tracesOf[mine.Engine]
	if !ok || mine.Engine == "docker" && len(daemonsHere()) > 0 {
		return nil
	}
	for _, m := range readMarks() {
		if m.Net != nil && m.Engine == mine.Engine && m.path != mine.path && m.alive() {
			return nil
		}
	}
	ctx := context.Background()
	var errs []error
	for tool, before := range s.Tables {
		errs = append(errs, restoreTable(ctx, tool, before, own.rules))
	}
	had := map[string]bool{}
	for _, l := range s.Links {
		had[l] = true
	}
	for _, l := range linkNames() {
		if !had[l] && own.links.MatchString(l) {
			errs = append(errs, deleteLink(ctx, l))
		}
	}
	if len(readMarks()) > 1 || len(daemonsHere()) > 0 {
		return errors.Join(errs...) // others may need forwarding
	}
	if now, _ := os.ReadFile(forwardSwitch); s.Forward != "" && strings.TrimSpace(string(now)) != s.Forward {
		errs = append(errs, os.WriteFile(forwardSwitch, []byte(s.Forward), 0o644))
	}
	return errors.Join(errs...)
}

// deleteLink removes a network interface. One that went by itself meanwhile is
// no error.
func deleteLink(ctx context.Context, name string) error {
	_, err := runIP(ctx, "link", "delete", name)
	if _, gone := net.InterfaceByName(name); gone != nil {
		return nil
	}
	return err
}

// restoreTable takes an engine's lines out of one firewall. The last programs of
// an engine may be doing the same, so that a line is gone before we come to it:
// what counts is that none is there in the end.
func restoreTable(ctx context.Context, tool, before string, own *regexp.Regexp) error {
	path, err := lookPath(tool)
	if err != nil {
		return nil // without the program there was nothing to change
	}
	var failed error
	for range 5 {
		after, err := output(ctx, exec.Command(path+"-save"))
		if err != nil {
			return err
		}
		undo := undoRules(before, after, own)
		if len(undo) == 0 {
			return nil
		}
		failed = nil
		for _, args := range undo {
			if _, err := output(ctx, exec.Command(path, append([]string{"-w"}, args...)...)); err != nil {
				failed = errors.Join(failed, fmt.Errorf("put the firewall back: %w", err))
			}
		}
		if failed == nil {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return failed
}

// undoRules gives the iptables arguments that lead from one iptables-save to an
// earlier one, as far as an engine's own lines go: rules first, then the policies,
// then the chains that the rules used.
func undoRules(before, after string, own *regexp.Regexp) [][]string {
	had := map[string]bool{}
	policy := map[string]string{} // table chain -> policy
	each := func(text string, f func(table, line string)) {
		table := ""
		for _, line := range strings.Split(text, "\n") {
			switch {
			case strings.HasPrefix(line, "*"):
				table = line[1:]
			case strings.HasPrefix(line, "-A "), strings.HasPrefix(line, ":"):
				f(table, line)
			}
		}
	}
	chain := func(line string) (name, pol string) {
		f := strings.Fields(line[1:])
		return f[0], f[1]
	}
	each(before, func(table, line string) {
		if line[0] == ':' {
			name, pol := chain(line)
			policy[table+" "+name] = pol
			return
		}
		had[table+" "+line] = true
	})
	var rules, policies, flush, chains [][]string
	each(after, func(table, line string) {
		if line[0] == ':' {
			name, pol := chain(line)
			switch was, ok := policy[table+" "+name]; {
			case !ok && pol == "-" && own.MatchString(name):
				flush = append(flush, []string{"-t", table, "-F", name})
				chains = append(chains, []string{"-t", table, "-X", name})
			case name == "FORWARD" && pol == "DROP" && was != "DROP" && own.MatchString("DOCKER"):
				policies = append(policies, []string{"-t", table, "-P", name, "ACCEPT"})
			}
			return
		}
		if !had[table+" "+line] && own.MatchString(line) {
			rules = append(rules, append([]string{"-t", table, "-D"}, ruleWords(line[3:])...))
		}
	})
	return append(append(append(rules, policies...), flush...), chains...)
}

// ruleWords splits a saved rule; comments are quoted there.
func ruleWords(line string) []string {
	var words []string
	var word strings.Builder
	quoted, any := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == '"':
			quoted, any = !quoted, true
		case c == ' ' && !quoted:
			if any || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteByte(c)
		}
	}
	if any || word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

func runIP(ctx context.Context, args ...string) (string, error) {
	ip, err := lookPath("ip")
	if err != nil {
		return "", &Missing{"the ip command", "apt-get install -y iproute2"}
	}
	return output(ctx, exec.Command(ip, args...))
}

// daemonsHere lists the docker daemons in this network namespace.
func daemonsHere() []int {
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return nil
	}
	comms, _ := filepath.Glob("/proc/[0-9]*/comm")
	var pids []int
	for _, c := range comms {
		text, err := os.ReadFile(c)
		if err != nil || strings.TrimSpace(string(text)) != "dockerd" {
			continue
		}
		var pid int
		if ns, err := os.Readlink(filepath.Join(filepath.Dir(c), "ns/net")); err == nil && ns == mine {
			_, _ = fmt.Sscanf(c, "/proc/%d/", &pid)
			pids = append(pids, pid)
		}
	}
	return pids
}
