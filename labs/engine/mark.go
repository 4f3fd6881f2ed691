package engine

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// runMark is the note a run leaves on the machine about what it is about to
// make, so that Clean can undo it when the run was killed. It is written before
// the thing is made and removed after all is undone.
type runMark struct {
	path string

	Run     string            `json:"run"`
	Engine  string            `json:"engine"`
	PID     int               `json:"pid"`
	Started string            `json:"started"` // start time of PID, in clock ticks since boot
	Dir     string            `json:"dir"`     // the engine's folder
	Short   string            `json:"short"`   // a folder with a short path, for sockets
	Host    string            `json:"host,omitempty"`
	Loans   map[string]string `json:"loans,omitempty"`
	Netns   string            `json:"netns,omitempty"` // named network namespace
	Net     *netState         `json:"net,omitempty"`   // what the network was before
}

// marksDir is where runs leave their notes.
func marksDir() string {
	if os.Geteuid() == 0 {
		return "/run/docent"
	}
	if d := os.Getenv("XDG_RUNTIME_DIR"); d != "" {
		return filepath.Join(d, "docent")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("docent-%d", os.Geteuid()))
}

// markRun notes that a run begins to use an engine.
func markRun(opts Options, engine string) (*runMark, error) {
	dir := marksDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for notes about runs: %w", err)
	}
	folder := filepath.Join(opts.Scratch, engine)
	sum := sha256.Sum256([]byte(opts.RunID + "\x00" + folder))
	short := hex.EncodeToString(sum[:5])
	m := &runMark{
		path: filepath.Join(dir, short+".json"), Run: opts.RunID, Engine: engine, PID: os.Getpid(),
		Started: startTime(os.Getpid()), Dir: folder, Short: filepath.Join(dir, short),
	}
	if err := os.MkdirAll(m.Short, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for sockets: %w", err)
	}
	return m, m.write()
}

func (m *runMark) write() error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	tmp := m.path + ".new"
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return fmt.Errorf("note the run: %w", err)
	}
	return os.Rename(tmp, m.path)
}

func (m *runMark) loan(ref, before string) {
	if m.Loans == nil {
		m.Loans = map[string]string{}
	}
	m.Loans[ref] = before
	_ = m.write()
}

// drop removes the note.
func (m *runMark) drop() {
	_ = os.RemoveAll(m.Short)
	_ = os.Remove(m.path)
}

// startTime tells a process from another that got its number later.
func startTime(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name, in parentheses, may hold anything; 20 fields follow it.
	_, rest, ok := bytes.Cut(stat, []byte(") "))
	if i := bytes.LastIndex(stat, []byte(") ")); i >= 0 {
		rest = stat[i+2:]
	}
	f := strings.Fields(string(rest))
	if !ok || len(f) < 20 {
		return ""
	}
	return f[19]
}

// bridge names the network bridge that the run's podman uses.
func (m *runMark) bridge() string { return "dcb" + filepath.Base(m.Short) }

// readMarks reads the notes of all runs, as far as they can be read.
func readMarks() []*runMark {
	paths, _ := filepath.Glob(filepath.Join(marksDir(), "*.json"))
	var list []*runMark
	for _, path := range paths {
		m := &runMark{path: path}
		if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, m) == nil {
			list = append(list, m)
		}
	}
	return list
}

func (m *runMark) alive() bool {
	return m.Started != "" && startTime(m.PID) == m.Started
}

// sweep ends the processes of the engine, takes down its mounts, and puts the
// machine's network back as it was.
func (m *runMark) sweep() error {
	var errs []error
	for i := 0; ; i++ {
		pids := processesOf(m.Dir, m.Short)
		if len(pids) == 0 {
			break
		}
		if i == 50 {
			errs = append(errs, fmt.Errorf("processes %v of run %s do not end", pids, m.Run))
			break
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(100 * time.Millisecond)
	}
	errs = append(errs, unmountUnder(m.Dir), unmountUnder(m.Short))
	if _, err := net.InterfaceByName(m.bridge()); err == nil {
		errs = append(errs, deleteLink(context.Background(), m.bridge()))
	}
	_ = os.RemoveAll(filepath.Join(marksDir(), m.bridge()))
	if m.Netns != "" {
		errs = append(errs, removeNetns(m.Netns))
	}
	if m.Net != nil {
		errs = append(errs, m.Net.restore(m))
	}
	removeCgroups(m.Run)
	return errors.Join(errs...)
}

// processesOf lists the processes that an engine started, and those that live
// in a root file system under its folder.
func processesOf(dirs ...string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() || pid == 1 {
			continue
		}
		if belongs(pid, dirs) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func belongs(pid int, dirs []string) bool {
	proc := fmt.Sprintf("/proc/%d/", pid)
	if env, err := os.ReadFile(proc + "environ"); err == nil {
		for _, kv := range bytes.Split(env, []byte{0}) {
			if v, ok := bytes.CutPrefix(kv, []byte(marker+"=")); ok {
				for _, d := range dirs {
					if string(v) == d {
						return true
					}
				}
			}
		}
	}
	root := rootMount(proc + "mountinfo")
	for _, d := range dirs {
		if root != "" && strings.Contains(root, d+"/") {
			return true
		}
	}
	return false
}

// rootMount is the line of a mount table that describes "/".
func rootMount(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		if w := strings.Fields(s.Text()); len(w) > 4 && w[4] == "/" {
			return s.Text()
		}
	}
	return ""
}

// mountsUnder lists the mount points below a folder, the deepest first.
func mountsUnder(dir string) []string {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var list []string
	for _, line := range strings.Split(string(text), "\n") {
		if w := strings.Fields(line); len(w) > 4 {
			if p := unescape.Replace(w[4]); p == dir || strings.HasPrefix(p, dir+"/") {
				list = append(list, p)
			}
		}
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func unmountUnder(dir string) error {
	var errs []error
	for _, p := range mountsUnder(dir) {
		if err := unix.Unmount(p, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			errs = append(errs, fmt.Errorf("unmount %s: %w", p, err))
		}
	}
	return errors.Join(errs...)
}

// removeTree removes a folder, but never through a mount.
func removeTree(dir string) error {
	if left := mountsUnder(dir); len(left) > 0 {
		return fmt.Errorf("%s is still mounted; unmount it, then remove %s", left[0], dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// removeCgroups removes the empty control groups that a run's containers leave
// when they were killed.
func removeCgroups(run string) {
	for _, pattern := range []string{"/sys/fs/cgroup/docent-" + run, "/sys/fs/cgroup/*/docent-" + run} {
		dirs, _ := filepath.Glob(pattern)
		for _, d := range dirs {
			var all []string
			_ = filepath.WalkDir(d, func(p string, e os.DirEntry, err error) error {
				if err == nil && e.IsDir() {
					all = append(all, p)
				}
				return nil
			})
			for i := len(all) - 1; i >= 0; i-- {
				_ = os.Remove(all[i])
			}
		}
	}
}

// Clean removes what runs that are no longer alive left behind: containers,
// images, networks, mounts, processes and scratch folders. It returns one line
// for each thing it removed. Runs that are alive are left alone.
func Clean(ctx context.Context) ([]string, error) {
	paths, _ := filepath.Glob(filepath.Join(marksDir(), "*.json"))
	var lines []string
	var errs []error
	told := func(s string) { lines = append(lines, s) }
	for _, path := range paths {
		m := &runMark{path: path}
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // that run ended by itself meanwhile
		}
		if err == nil {
			err = json.Unmarshal(text, m)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("read the note %s: %w", path, err))
			continue
		}
		if m.alive() || !filepath.IsAbs(m.Dir) {
			continue
		}
		if m.Engine == "docker" && m.Host != "" {
			errs = append(errs, sweepHost(ctx, m, told))
		}
		if n := len(processesOf(m.Dir, m.Short)); n > 0 {
			told(fmt.Sprintf("%d processes of run %s", n, m.Run))
		}
		if n := len(mountsUnder(m.Dir)); n > 0 {
			told(fmt.Sprintf("%d mounts of run %s", n, m.Run))
		}
		if err := m.undo(); err != nil {
			errs = append(errs, err)
			continue
		}
		told("folder " + m.Dir)
		// The scratch folder itself goes when this engine's was the last in it.
		_ = os.Remove(filepath.Dir(m.Dir))
	}
	errs = append(errs, strays(ctx, told))
	return lines, errors.Join(errs...)
}

// standInLabel marks the configuration of a stand-in.
const standInLabel = "docent.standin"

// strays removes from the user's own daemon what carries the label of a run that
// is not alive and left no note, such as one from before the machine was
// started anew.
func strays(ctx context.Context, told func(string)) error {
	clients := lookAll("docker")
	if len(clients) == 0 {
		return nil
	}
	host := answering(ctx, clients[0])
	if host == "" {
		return nil
	}
	docker := func(args ...string) *exec.Cmd {
		return exec.Command(clients[0], append([]string{"-H", host}, args...)...)
	}
	runs := map[string]bool{}
	for _, list := range [][]string{{"ps", "-a"}, {"network", "ls"}, {"volume", "ls"}} {
		out, err := output(ctx, docker(append(list, "--filter", "label="+Label, "--format", `{{.Label "`+Label+`"}}`)...))
		if err != nil {
			return err
		}
		for _, id := range strings.Fields(out) {
			runs[id] = true
		}
	}
	out, err := output(ctx, docker("images", "-q", "--filter", "label="+Label))
	if err != nil {
		return err
	}
	for _, image := range strings.Fields(out) {
		if id, err := output(ctx, docker("image", "inspect", "--format", `{{index .Config.Labels "`+Label+`"}}`, image)); err == nil {
			runs[strings.TrimSpace(id)] = true
		}
	}
	live := false
	for _, m := range readMarks() {
		if m.alive() {
			delete(runs, m.Run)
			live = live || m.Host != ""
		}
	}
	var errs []error
	for id := range runs {
		if runID.MatchString(id) {
			errs = append(errs, sweepDocker(ctx, docker, id, nil, true, told))
		}
	}
	if !live { // stand-ins are only ever lent
		if out, err := output(ctx, docker("images", "-q", "--no-trunc", "--filter", "label="+standInLabel)); err == nil && strings.TrimSpace(out) != "" {
			images := strings.Fields(out)
			_, err := output(ctx, docker(append([]string{"rmi", "-f"}, images...)...))
			errs = append(errs, err)
			told(fmt.Sprintf("%d stand-in images", len(images)))
		}
	}
	return errors.Join(errs...)
}

// sweepHost undoes what a killed run did to a daemon that was there before it.
func sweepHost(ctx context.Context, m *runMark, told func(string)) error {
	client, err := lookPath("docker")
	if err != nil {
		return err
	}
	return sweepDocker(ctx, func(args ...string) *exec.Cmd {
		return exec.Command(client, append([]string{"-H", m.Host}, args...)...)
	}, m.Run, m.Loans, true, told)
}
