package step

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	hintMachine = "Say `run` if a lab may do this, `in=container` if it is typed there, or `example`."
	hintPerson  = "Say `example`, or show a form that needs nobody."
	hintEndless = "Say `background ready=...`, or `example`."
)

// hazard says why a command is not typed on a host that nobody said is meant
// for it, and what to do; or "".
func hazard(c call) (why, hint string) {
	w := c.words
	name := path.Base(w[0])
	if name == "sudo" || name == "doas" {
		rest := withoutOptions(w[1:])
		if len(rest) > 0 && slices.Contains([]string{"docker", "podman"}, rest[0]) {
			return hazard(call{words: rest, quoted: make([]bool, len(rest)), background: c.background, writes: c.writes})
		}
		return "`" + name + "` changes the machine itself", hintMachine
	}
	shown := cut(strings.Join(w[:min(len(w), 3)], " "), 40)
	for _, rule := range []struct {
		is        func(name string, args []string) bool
		why, hint string
	}{
		{machine, "`%s` changes the machine itself", hintMachine},
		{elsewhere, "`%s` works on another system", "Say `run`, `skip=\"why\"` or `example`."},
		{person, "`%s` waits for a person at the keyboard", hintPerson},
	} {
		if rule.is(name, w[1:]) {
			return fmt.Sprintf(rule.why, shown), rule.hint
		}
	}
	if !c.background && endless(name, w[1:]) {
		return fmt.Sprintf("`%s` does not end by itself", shown), hintEndless
	}
	for _, f := range append(slices.Clone(c.writes), targets(name, w[1:])...) {
		if systemFile(f) {
			return fmt.Sprintf("it writes `%s`, which belongs to the machine", cut(f, 40)), hintMachine
		}
	}
	return "", ""
}

func withoutOptions(words []string) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		words = words[1:]
	}
	return words
}

// first is the first word that is no option.
func first(args []string) string {
	if rest := withoutOptions(args); len(rest) > 0 {
		return rest[0]
	}
	return ""
}

func has(args []string, options ...string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		if slices.Contains(options, a) {
			return true
		}
		// -rf holds -r and -f.
		return len(a) > 2 && a[0] == '-' && a[1] != '-' && slices.ContainsFunc(options, func(o string) bool { return len(o) == 2 && strings.Contains(a[1:], o[1:]) })
	})
}

var (
	managers = []string{"apt", "apt-get", "aptitude", "dnf", "yum", "apk", "pacman", "zypper", "brew", "snap", "flatpak", "emerge", "nix-env", "port", "choco", "winget", "scoop"}
	admin    = strings.Fields(`systemctl service reboot shutdown halt poweroff init telinit fdisk parted sfdisk mount umount modprobe rmmod insmod
		useradd usermod userdel groupadd groupdel adduser deluser passwd chsh visudo iptables ip6tables nft ufw firewall-cmd swapon swapoff crontab
		update-alternatives update-initramfs update-grub grub-install setenforce hostnamectl timedatectl depmod dpkg-reconfigure debconf-set-selections`)
)

// machine: it changes the machine beyond the lab's own folder.
func machine(name string, args []string) bool {
	switch {
	case slices.Contains(managers, name):
		return slices.Contains([]string{"install", "remove", "purge", "update", "upgrade", "dist-upgrade", "full-upgrade", "autoremove", "add", "del", "reinstall", "tap", "refresh"}, first(args)) || name == "pacman"
	case slices.Contains(admin, name), strings.HasPrefix(name, "mkfs"), name == "su":
		return true
	case name == "dpkg" || name == "rpm":
		return has(args, "-i", "--install", "-U", "-e", "-r", "-P", "--purge", "--configure")
	case name == "sysctl":
		return has(args, "-w", "-p")
	case name == "dd":
		return slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "of=/dev/") && a != "of=/dev/null" })
	case name == "rm":
		return has(args, "-r", "-R", "--recursive") && slices.ContainsFunc(args, func(a string) bool {
			a = strings.TrimRight(a, "/*")
			return a == "" || a == "~" || a == "${HOME}"
		})
	case name == "docker" || name == "podman":
		words := strings.Join(args, " ")
		return slices.Contains(args, "prune") || (first(args) == "rm" || first(args) == "rmi" || first(args) == "stop" || first(args) == "kill") && strings.Contains(words, "$()")
	case name == "nvidia-ctk":
		return len(args) > 0 && args[0] == "runtime"
	case name == "nvidia-smi":
		return has(args, "-mig", "-pm", "-pl", "-lgc", "-r", "--gpu-reset", "-c")
	}
	return false
}

// elsewhere: it works on a machine, a cluster or an account that is not the
// page's.
func elsewhere(name string, args []string) bool {
	switch name {
	case "ssh", "sftp", "telnet", "ftp", "mosh", "ssh-copy-id", "gcloud", "gsutil", "aws", "az", "terraform", "ansible", "ansible-playbook", "gh", "eksctl", "doctl", "oc":
		return true
	case "scp", "rsync":
		return slices.ContainsFunc(args, func(a string) bool {
			return strings.Contains(a, ":") && !strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "/")
		})
	case "sbatch", "srun", "salloc", "scancel", "squeue", "sinfo", "scontrol", "sacct", "qsub", "bsub":
		return true
	case "git":
		return first(args) == "push"
	case "npm", "cargo", "gem", "twine", "poetry":
		return slices.Contains([]string{"publish", "upload", "login", "owner"}, first(args))
	case "kubectl", "helm":
		return first(args) != "version" && first(args) != "create" && first(args) != "template" && first(args) != "lint" && first(args) != "repo"
	}
	return false
}

// person: it waits for somebody to type or to look.
func person(name string, args []string) bool {
	switch name {
	case "vi", "vim", "nvim", "nano", "emacs", "pico", "ed", "code", "less", "more", "top", "htop", "nvtop", "btop", "man", "screen", "ssh-keygen", "gdb", "cuda-gdb":
		return !has(args, "-c", "--version", "-batch", "--batch", "--help", "-b") && !(name == "ssh-keygen" && has(args, "-N"))
	case "tmux":
		return len(args) == 0 || first(args) == "attach" || first(args) == "a"
	case "python", "python3", "ipython", "node", "irb", "R", "julia", "ghci", "lua", "psql", "mysql", "sqlite3", "redis-cli", "mongo", "mongosh", "bc", "bash", "sh", "zsh", "fish", "ksh", "dash":
		switch name {
		case "psql", "mysql", "sqlite3", "redis-cli", "mongo", "mongosh":
			return !has(args, "-c", "-e", "-f", "--eval", "--command", "--version") && plainWords(args) <= 2
		}
		return len(args) == 0 || len(withoutOptions(args)) == 0 && has(args, "-i", "-l", "-q", "--login")
	case "docker", "podman":
		return first(args) == "attach"
	case "npm":
		return first(args) == "init" && !has(args, "-y", "--yes")
	}
	return false
}

// plainWords counts the words that are no options.
func plainWords(args []string) int {
	n := 0
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			n++
		}
	}
	return n
}

// endless: it ends only when somebody stops it.
func endless(name string, args []string) bool {
	follow := has(args, "-f", "-F", "--follow")
	switch name {
	case "tail", "journalctl", "dmesg":
		return follow || name == "dmesg" && has(args, "-w")
	case "docker", "podman", "kubectl", "docker-compose":
		sub := first(args)
		if sub == "compose" {
			sub = first(args[slices.Index(args, "compose")+1:])
		}
		switch sub {
		case "run":
			f, _ := dockerFlags(args[slices.Index(args, "run")+1:])
			return f.publish && !f.detach
		case "logs":
			return follow
		case "up":
			return !has(args, "-d", "--detach", "--wait")
		case "stats":
			return !has(args, "--no-stream")
		case "events", "port-forward", "proxy":
			return true
		}
		return false
	case "watch", "yes":
		return true
	case "ping":
		return !has(args, "-c")
	case "sleep":
		return first(args) == "infinity"
	case "nvidia-smi":
		return has(args, "-l", "dmon", "pmon", "--loop") || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--loop") })
	case "python", "python3":
		return slices.Contains(args, "http.server") || slices.Contains(args, "runserver")
	case "jupyter", "jupyter-lab", "jupyter-notebook":
		return name != "jupyter" || slices.Contains([]string{"lab", "notebook", "server"}, first(args)) && !has(args, "--version", "--help") && !slices.Contains(args, "list") && !slices.Contains(args, "stop")
	case "flask", "uvicorn", "gunicorn", "hypercorn", "tensorboard", "mkdocs", "hugo", "nginx", "tritonserver", "vllm":
		switch name {
		case "flask", "mkdocs", "hugo", "vllm":
			return slices.Contains([]string{"run", "serve", "server"}, first(args))
		}
		return !has(args, "--version", "--help", "-v", "-V", "-t", "-s")
	case "npm", "yarn", "pnpm":
		return first(args) == "start" || slices.Contains(args, "dev") || slices.Contains(args, "serve")
	}
	return false
}

// targets are the files that a command writes by its arguments.
func targets(name string, args []string) []string {
	rest := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
	switch name {
	case "tee", "touch", "mkdir", "rm", "rmdir", "chmod", "chown", "truncate", "install":
		return rest
	case "cp", "mv", "ln":
		if len(rest) > 1 {
			return rest[len(rest)-1:]
		}
	case "tar", "unzip", "git", "cmake":
		for i, a := range args[:max(0, len(args)-1)] {
			if a == "-C" && name == "tar" || a == "-d" && name == "unzip" || a == "--install" && name == "cmake" {
				return args[i+1 : i+2]
			}
		}
	}
	return nil
}

// systemFile reports whether a path belongs to the machine, not to a reader.
func systemFile(f string) bool {
	for _, dir := range []string{"/etc", "/usr", "/opt", "/boot", "/bin", "/sbin", "/lib", "/lib64", "/var", "/sys", "/proc", "/srv", "/root"} {
		if f == dir || strings.HasPrefix(f, dir+"/") {
			return true
		}
	}
	return strings.HasPrefix(f, "/dev/") && f != "/dev/null" && f != "/dev/stdout" && f != "/dev/stderr" && !strings.HasPrefix(f, "/dev/shm") && !strings.HasPrefix(f, "/dev/tty")
}
