//go:build unix

package site

import (
	"os/exec"
	"syscall"
)

// withChildren has a program that is stopped take those that it started along.
func withChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
