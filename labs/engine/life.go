package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

var errClosed = errors.New("the engine is closed")

// life says whether an engine still takes commands.
type life struct{ over atomic.Bool }

func (l *life) open() error {
	if l.over.Load() {
		return errClosed
	}
	return nil
}

// end closes the engine. It is true for the first caller only.
func (l *life) end() bool { return l.over.CompareAndSwap(false, true) }

// toUndo gives a context for undoing what a run did, which must be done even if
// the run was told to stop.
func toUndo(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
}

// settles is how long what an engine started may take to be gone. A program that
// was being started when its run was killed may yet start another, or mount.
const settles = 15 * time.Second

// undo ends what an engine started, removes its folder and then its note. It
// looks again until nothing new comes. The note stays when something could not be
// undone, so that Clean tries again.
func (m *runMark) undo() error {
	undo := func() error { return errors.Join(m.sweep(), removeTree(m.Dir)) }
	err := undo()
	for deadline := time.Now().Add(settles); err != nil && time.Now().Before(deadline); err = undo() {
		time.Sleep(200 * time.Millisecond)
	}
	if err == nil {
		m.drop()
	}
	return err
}
