package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// A run is what one start of a program cost.
type cost struct {
	wall, cpu time.Duration
	memory    int64 // peak, in bytes
}

// measure runs a program to its end. What was written and removed before is
// brought to the disk first, so that nobody pays for what another left.
func measure(dir string, argv ...string) (cost, error) {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	syscall.Sync()
	began := time.Now()
	err := c.Run()
	out := cost{wall: time.Since(began)}
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		out.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
		out.memory = u.Maxrss * 1024
	}
	var code *exec.ExitError
	if errors.As(err, &code) && code.ExitCode() == 1 {
		err = nil // mistakes in the content; it is built all the same
	}
	if err != nil {
		err = fmt.Errorf("%v: %w\n%s", argv, err, said.Bytes())
	}
	return out, err
}

func median(all []cost) cost {
	mid := func(f func(cost) int64) int64 {
		v := make([]int64, len(all))
		for i, c := range all {
			v[i] = f(c)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return cost{time.Duration(mid(func(c cost) int64 { return int64(c.wall) })), time.Duration(mid(func(c cost) int64 { return int64(c.cpu) })),
		mid(func(c cost) int64 { return c.memory })}
}

func (c cost) String() string {
	return fmt.Sprintf("%7.2f s wall  %7.2f s cpu  %6.0f MB", c.wall.Seconds(), c.cpu.Seconds(), float64(c.memory)/1e6)
}

// against says how many times less c cost than a peer did.
func (c cost) against(peer cost) string {
	return fmt.Sprintf("%.1f times less wall, %.1f times less cpu, %.1f times less memory", peer.wall.Seconds()/c.wall.Seconds(),
		peer.cpu.Seconds()/c.cpu.Seconds(), float64(peer.memory)/float64(c.memory))
}

// size gives the bytes and the number of files below a folder whose names
// have one of some endings, or of all.
func size(dir string, endings ...string) (bytes int64, files int) {
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && (len(endings) == 0 || slices.Contains(endings, filepath.Ext(name))) {
			if info, err := e.Info(); err == nil {
				bytes += info.Size()
				files++
			}
		}
		return nil
	})
	return bytes, files
}

// cold builds with both programs in turn, from nothing.
func (b *bench) cold() error {
	var ours, theirs []cost
	for range b.rounds {
		c, err := b.fresh(filepath.Join(b.sources, "md"))
		if err != nil {
			return err
		}
		ours = append(ours, c)
		if b.alone {
			continue
		}
		if c, err = measure(filepath.Join(b.sources, "hugo"), b.hugo, "--quiet", "--noBuildLock", "--destination", b.out("hugo"), "--cacheDir", filepath.Join(b.work, "hugo-cache")); err != nil {
			return err
		}
		theirs = append(theirs, c)
	}
	us := median(ours)
	bytes, files := size(b.out("docent"))
	copies, _ := size(b.out("docent"), ".md")
	fmt.Printf("  Markdown  Docent  %v  %6.1f MB in %d files: %.1f pages, theme and search index, %.1f each page as Markdown\n",
		us, float64(bytes)/1e6, files, float64(bytes-copies)/1e6, float64(copies)/1e6)
	if b.alone {
		return nil
	}
	them := median(theirs)
	hugoBytes, hugoFiles := size(b.out("hugo"))
	fmt.Printf("            Hugo    %v  %6.1f MB in %d files\n", them, float64(hugoBytes)/1e6, hugoFiles)
	fmt.Printf("            %s\n", us.against(them))
	return nil
}

// fresh builds a source with Docent, with nothing there before: neither a
// site nor a cache. It writes the cache too, as every build does.
func (b *bench) fresh(source string) (cost, error) {
	b.runs++
	return measure(b.work, b.docent, "build", "--source", source, "--out", b.out("docent"), "--cache", b.out("cache"))
}

// out is a folder of the run at hand. Each run has its own, and all stay
// until the end: ext4 passes over each inode that was freed in the last
// minute whenever it looks for a free one, and a program that writes after
// 25,000 files were removed would pay for it with seconds.
func (b *bench) out(name string) string {
	return filepath.Join(b.outputs(), strconv.Itoa(b.runs), name)
}

// outputs holds the folders of all runs.
func (b *bench) outputs() string { return filepath.Join(b.work, "out") }

// restructured compares Docent's two languages.
func (b *bench) restructured() error {
	var rst, md []cost
	for range b.rounds {
		for _, one := range []struct {
			dir string
			to  *[]cost
		}{{"rst", &rst}, {"md", &md}} {
			c, err := b.fresh(filepath.Join(b.sources, one.dir))
			if err != nil {
				return err
			}
			*one.to = append(*one.to, c)
		}
	}
	r, m := median(rst), median(md)
	fmt.Printf("  RST       Docent  %v\n", r)
	fmt.Printf("            of Markdown: %.2f wall, %.2f cpu, %.2f memory\n", r.wall.Seconds()/m.wall.Seconds(), r.cpu.Seconds()/m.cpu.Seconds(), float64(r.memory)/float64(m.memory))
	return nil
}
