package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace of the run's own, tied to ours by a pair of
// virtual cables, with a way out by address translation.
type namespace struct {
	name, path string
	mu         sync.Mutex
	listeners  []net.Listener
}

// makeNetns makes one and notes it in the mark first.
func makeNetns(ctx context.Context, mark *runMark) (*namespace, error) {
	short := filepath.Base(mark.Short)
	n := &namespace{name: "docent-" + short, path: "/run/netns/docent-" + short}
	mark.Netns = n.name
	if err := mark.write(); err != nil {
		return nil, err
	}
	iptables, err := lookPath("iptables")
	if err != nil {
		return nil, &Missing{"the iptables command", "apt-get install -y iptables"}
	}
	subnet, err := freeSubnet()
	if err != nil {
		return nil, err
	}
	outer, inner := "dc"+short+"o", "dc"+short+"i"
	steps := [][]string{
		{"netns", "add", n.name},
		{"link", "add", outer, "type", "veth", "peer", "name", inner, "netns", n.name},
		{"addr", "add", subnet + ".1/30", "dev", outer},
		{"link", "set", outer, "up"},
		{"-n", n.name, "addr", "add", subnet + ".2/30", "dev", inner},
		{"-n", n.name, "link", "set", inner, "up"},
		{"-n", n.name, "link", "set", "lo", "up"},
		{"-n", n.name, "route", "add", "default", "via", subnet + ".1"},
	}
	for _, s := range steps {
		if _, err := runIP(ctx, s...); err != nil {
			return nil, errors.Join(err, removeNetns(n.name))
		}
	}
	// Forwarding stays on if it was off: other runs may depend on it by now.
	if err := os.WriteFile(forwardSwitch, []byte("1"), 0o644); err != nil {
		return nil, errors.Join(err, removeNetns(n.name))
	}
	for _, r := range natRules(n.name, subnet, outer) {
		if _, err := output(ctx, exec.Command(iptables, append([]string{"-w"}, r...)...)); err != nil {
			return nil, errors.Join(err, removeNetns(n.name))
		}
	}
	return n, nil
}

// natRules carry the namespace's name in a comment, by which removeNetns finds
// them.
func natRules(name, subnet, link string) [][]string {
	comment := []string{"-m", "comment", "--comment", name}
	return [][]string{
		append([]string{"-t", "nat", "-I", "POSTROUTING", "-s", subnet + ".0/30", "!", "-o", link, "-j", "MASQUERADE"}, comment...),
		append([]string{"-I", "FORWARD", "-i", link, "-j", "ACCEPT"}, comment...),
		append([]string{"-I", "FORWARD", "-o", link, "-j", "ACCEPT"}, comment...),
	}
}

// freeSubnet finds three quarters of an address range that no interface uses:
// 10.213.N.0/30.
func freeSubnet() (string, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
next:
	for i := range 256 {
		for _, a := range addrs {
			if p, ok := a.(*net.IPNet); ok && p.Contains(net.IPv4(10, 213, byte(i), 1)) {
				continue next
			}
		}
		return fmt.Sprintf("10.213.%d", i), nil
	}
	return "", errors.New("no address range is free in 10.213.0.0/16")
}

// removeNetns takes down a namespace, its cable and its firewall lines.
func removeNetns(name string) error {
	ctx := context.Background()
	var errs []error
	if iptables, err := lookPath("iptables"); err == nil {
		if saved, err := output(ctx, exec.Command(iptables+"-save")); err == nil {
			for _, args := range rulesWithComment(saved, name) {
				if _, err := output(ctx, exec.Command(iptables, append([]string{"-w"}, args...)...)); err != nil {
					errs = append(errs, err)
				}
			}
		}
	}
	if _, err := os.Stat("/run/netns/" + name); err == nil {
		// The cable goes with the namespace.
		if _, err := runIP(ctx, "netns", "delete", name); err != nil {
			errs = append(errs, err)
		}
	}
	// If a process held on to the namespace, its end of the cable is still here.
	outer := "dc" + name[len("docent-"):] + "o"
	if _, err := net.InterfaceByName(outer); err == nil {
		_, _ = runIP(ctx, "link", "delete", outer)
	}
	return errors.Join(errs...)
}

// reach makes the proxy, which listens on our loopback, answer on the
// namespace's loopback too, and gives its address there.
func (n *namespace) reach(proxy string) (string, error) {
	if proxy == "" {
		return "", nil
	}
	u, err := url.Parse(proxy)
	if err != nil {
		return "", fmt.Errorf("the proxy's address: %w", errors.Unwrap(err))
	}
	target := u.Host
	ln, err := n.listen("127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for the proxy in the namespace: %w", err)
	}
	go splice(ln, target)
	u.Host = ln.Addr().String()
	return u.String(), nil
}

// listen opens a socket inside the namespace. A socket belongs to the namespace
// it was made in, whatever thread uses it later.
func (n *namespace) listen(addr string) (net.Listener, error) {
	type result struct {
		ln  net.Listener
		err error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread must not be used again
		f, err := os.Open(n.path)
		if err != nil {
			done <- result{nil, err}
			return
		}
		defer func() { _ = f.Close() }()
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- result{nil, err}
			return
		}
		ln, err := net.Listen("tcp", addr)
		done <- result{ln, err}
	}()
	r := <-done
	if r.err == nil {
		n.mu.Lock()
		n.listeners = append(n.listeners, r.ln)
		n.mu.Unlock()
	}
	return r.ln, r.err
}

func (n *namespace) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ln := range n.listeners {
		_ = ln.Close()
	}
	n.listeners = nil
}

// splice hands every connection on until the listener is closed.
func splice(ln net.Listener, target string) {
	for {
		a, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = a.Close() }()
			b, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			defer func() { _ = b.Close() }()
			go func() {
				_, _ = io.Copy(b, a)
				if t, ok := b.(*net.TCPConn); ok {
					_ = t.CloseWrite()
				}
			}()
			_, _ = io.Copy(a, b)
		}()
	}
}

// rulesWithComment gives the arguments that delete the rules of an iptables-save
// that carry a comment.
func rulesWithComment(saved, comment string) [][]string {
	var list [][]string
	table := ""
	for _, line := range splitLines(saved) {
		if line != "" && line[0] == '*' {
			table = line[1:]
		}
		if len(line) < 3 || line[:3] != "-A " {
			continue
		}
		words := ruleWords(line[3:])
		for i, w := range words {
			if w == "--comment" && i+1 < len(words) && words[i+1] == comment {
				list = append(list, append([]string{"-t", table, "-D"}, words...))
			}
		}
	}
	return list
}

// answersPing says whether a docker daemon answers on a socket.
func answersPing(ctx context.Context, socket string) bool {
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
	if err != nil {
		return false
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
