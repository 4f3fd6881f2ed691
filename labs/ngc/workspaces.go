package ngc

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

func (s *session) workspaceCommand() *cobra.Command {
	var name, description, source, destination string
	create := plain("create", "Make a workspace", func() error {
		w, err := s.p.createWorkspace(name, description, s.ace, s.org, s.team)
		if err != nil {
			return &failure{1, err}
		}
		fmt.Fprintf(s.out, "Successfully created workspace with id: %s\n", w.id)
		return s.showWorkspace(w)
	})
	create.Flags().StringVar(&name, "name", "", "name of the workspace")
	create.Flags().StringVar(&description, "desc", "", "description")

	list := plain("list", "List the workspaces", func() error {
		t := table{heads: []string{"Id", "Name", "Description", "ACE", "Creator Username", "Shared", "Created Date", "Owned", "Size"}}
		s.p.mu.Lock()
		all := slices.Clone(s.p.workspaces)
		s.p.mu.Unlock()
		for _, w := range all {
			n, _ := w.size()
			t.rows = append(t.rows, []string{w.id, w.name, w.description, w.ace, s.p.opts.User, "Private", date(w.created), "Yes", bytesText(n)})
		}
		return s.show(t)
	})
	list.Flags().Bool("owned", false, "only your own")
	list.Flags().String("name", "", "only those with this name")

	info := &cobra.Command{Use: "info WORKSPACE", Short: "Show a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			return s.showWorkspace(w)
		}}
	upload := &cobra.Command{Use: "upload WORKSPACE", Short: "Copy files into a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			started := s.p.opts.Now()
			c, err := s.p.upload(w, s.call.Dir, source, destination)
			if err != nil {
				return &failure{1, err}
			}
			var sh sheet
			sh.add(0, "Workspace", w.id)
			sh.add(0, "Status", "Completed")
			sh.add(0, "Total files", c.files)
			sh.add(0, "Uploaded", bytesText(c.bytes))
			sh.add(0, "Duration taken", s.p.opts.Now().Sub(started).Round(time.Millisecond))
			return s.show(sh)
		}}
	upload.Flags().StringVar(&source, "source", "", "file or folder to copy")
	upload.Flags().StringVar(&destination, "destination", "/", "folder in the workspace")
	upload.Flags().Int("threads", 0, "no effect")
	upload.MarkFlagRequired("source")

	var what transfer
	download := &cobra.Command{Use: "download WORKSPACE", Short: "Copy files out of a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			return s.download(what, w.dir, w.id, w.id)
		}}
	what.flags(download)

	remove := &cobra.Command{Use: "remove WORKSPACE", Short: "Remove a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			if err := s.p.removeWorkspace(w); err != nil {
				return &failure{1, err}
			}
			fmt.Fprintf(s.out, "Successfully removed workspace with id: '%s'.\n", w.id)
			return nil
		}}
	return group("workspace", "Folders that outlive jobs", create, list, info, upload, download, remove)
}

// A transfer says what to copy out of a folder of the platform's, and where to.
type transfer struct {
	dest        string
	files, dirs []string
}

func (t *transfer) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.dest, "dest", ".", "folder to copy to")
	f.StringArrayVar(&t.files, "file", nil, "only this file")
	f.StringArrayVar(&t.dirs, "dir", nil, "only this folder")
	f.Bool("zip", false, "no effect")
}

// download copies from a folder into one of this name, and says what came.
func (s *session) download(t transfer, folder, name, id string) error {
	into, c, err := s.p.download(folder, name, s.call.Dir, t.dest, append(slices.Clone(t.files), t.dirs...))
	if err != nil {
		return &failure{1, err}
	}
	var sh sheet
	sh.add(0, "Transfer id", id)
	sh.add(0, "Download status", "Completed")
	sh.add(0, "Downloaded local path", into)
	sh.add(0, "Total files downloaded", c.files)
	sh.add(0, "Total downloaded size", bytesText(c.bytes))
	return s.show(sh)
}

func (s *session) showWorkspace(w *workspace) error {
	n, files := w.size()
	var sh sheet
	sh.title(0, "Workspace Information")
	sh.add(1, "ID", w.id)
	sh.add(1, "Name", w.name)
	sh.add(1, "Created By", s.p.opts.User)
	sh.add(1, "Size", bytesText(n))
	sh.add(1, "Total Files", files)
	sh.add(1, "ACE", w.ace)
	sh.add(1, "Org", w.org)
	sh.add(1, "Description", w.description)
	sh.add(1, "Shared with", "None")
	sh.add(1, "Creation Date", date(w.created))
	return s.show(sh)
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
