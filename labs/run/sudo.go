package run

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// sudoValues are sudo's options that take a value in a word of its own.
const sudoValues = "CDghpRrTtUu"

// sudo carries out what a reader types behind sudo. The machine's own looks for
// commands along a path of its own, where docker is not the lab's. A session
// has its rights for good: those of root, if labs was started by root.
func sudo(args []string) int {
	var env []string
	for len(args) > 0 {
		a := args[0]
		name, value, assigned := strings.Cut(a, "=")
		switch {
		case a == "--":
			args = args[1:]
			return sudoRun(args, env)
		case !strings.HasPrefix(a, "-") && assigned && identifier.MatchString(name):
			env = append(env, a)
		case !strings.HasPrefix(a, "-"):
			return sudoRun(args, env)
		case a == "-u" || a == "--user" || strings.HasPrefix(a, "--user=") || strings.HasPrefix(a, "-u"):
			if !assigned {
				value = strings.TrimPrefix(a, "-u")
			}
			if a == "-u" || a == "--user" {
				if len(args) < 2 {
					fmt.Fprintf(os.Stderr, "sudo: %s needs a user\n", a)
					return 1
				}
				value, args = args[1], args[1:]
			}
			if value != "root" && value != "#0" {
				fmt.Fprintf(os.Stderr, "sudo: a lab has no user %s; it runs commands as root or as who started labs\n", value)
				return 1
			}
		case a == "-v" || a == "-k" || a == "-K" || a == "--validate" || a == "--reset-timestamp":
			if len(args) == 1 {
				return 0 // nobody asks for a password here
			}
		case a == "-i" || a == "-s" || a == "--login" || a == "--shell":
			if len(args) == 1 {
				return sudoRun([]string{"/bin/bash"}, env)
			}
		case len(a) == 2 && strings.Contains(sudoValues, a[1:]) && len(args) > 1:
			args = args[1:]
		}
		args = args[1:]
	}
	fmt.Fprintln(os.Stderr, "usage: sudo [OPTION...] [NAME=VALUE...] COMMAND [ARGUMENT...]")
	return 1
}

// sudoRun becomes the command.
func sudoRun(args, env []string) int {
	if len(args) == 0 {
		return sudo(nil)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		fmt.Fprintf(os.Stderr, "sudo: %s: command not found\n", args[0])
		return 1
	}
	if _, own := ShimName(path); !own && os.Geteuid() != 0 {
		fmt.Fprintf(os.Stderr, "sudo: labs was not started by root, so a lab cannot run %s as root\n", args[0])
		return 1
	}
	err = unix.Exec(path, args, append(os.Environ(), env...))
	fmt.Fprintf(os.Stderr, "sudo: %s: %v\n", args[0], err)
	if errors.Is(err, unix.ENOENT) {
		return 127
	}
	return 126
}
