package links

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A cache remembers which addresses answered well, and when. Bad answers are
// asked for again each time.
type cache struct {
	mu    sync.Mutex
	fresh time.Duration
	now   time.Time
	Good  map[string]answer `json:"good"`
}

type answer struct {
	At    time.Time `json:"at"`
	Moved string    `json:"moved,omitempty"`
}

// readCache reads a cache; one that is missing or broken is empty.
func readCache(file string, fresh time.Duration) *cache {
	c := &cache{fresh: fresh, now: time.Now()}
	if file != "" {
		if data, err := os.ReadFile(file); err == nil {
			json.Unmarshal(data, c)
		}
	}
	if c.Good == nil {
		c.Good = map[string]answer{}
	}
	return c
}

func (c *cache) good(address string) (moved string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.Good[address]
	age := c.now.Sub(a.At)
	return a.Moved, ok && age >= 0 && age < c.fresh
}

func (c *cache) remember(address, moved string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Good[address] = answer{time.Now().UTC().Truncate(time.Second), moved}
}

// write puts the cache in its place in one step, without what is too old.
func (c *cache) write(file string) error {
	if file == "" {
		return nil
	}
	for address, a := range c.Good {
		if time.Since(a.At) > 30*24*time.Hour {
			delete(c.Good, address)
		}
	}
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("remember the links: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("remember the links: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".links-*")
	if err != nil {
		return fmt.Errorf("remember the links: %w", err)
	}
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		os.Remove(temp.Name())
		return fmt.Errorf("remember the links: %w", err)
	}
	return nil
}
