// Package links tries addresses of other sites, politely: few requests to a
// host at a time and a pause between them, a good answer is remembered for a
// day, and what fails is tried again before it is told.
//
// A page may name any address, also one of the network that the check runs
// in. Such addresses are refused, and the decision is made for the address
// that is connected to, so that neither a redirect nor a name server gets
// around it.
package links

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options say how addresses are tried.
type Options struct {
	Ignore  []string      // addresses that are not tried; * stands for any text
	Timeout time.Duration // of one request
	Retries int           // after the first try
	PerHost int           // requests to one host at the same time
	Pause   time.Duration // least time between the starts of two of them
	Fresh   time.Duration // how long a good answer is remembered
	Private bool          // addresses of private networks are tried too
	Cache   string        // file that remembers good answers; "" is none
	// Done is told how many of all addresses have an answer.
	Done func(done, total int)
}

// A Result is what became of one address.
type Result struct {
	URL    string
	Status int    // 0 where no answer came
	Moved  string // where the address leads for good, or ""
	Why    string // what is wrong, as a part of a sentence; "" is nothing
	// Ours says that the fault is here, not at the other site: no network, or
	// an address that is refused.
	Ours bool
}

// agent is how requests introduce themselves.
const agent = "Mozilla/5.0 (compatible; docent-check; +https://pkg.go.dev/net/http)"

const (
	atOnce       = 32               // requests in all
	maxRedirects = 10               // per address
	maxWait      = 30 * time.Second // that a host may ask for with Retry-After
)

// Check tries all addresses, each once, and gives the results in the order of
// the addresses. Parts behind a # are left out: they are for a browser.
func Check(ctx context.Context, addresses []string, o Options) ([]Result, error) {
	c := &checker{Options: o, hosts: map[string]*host{}, known: readCache(o.Cache, o.Fresh)}
	for _, p := range o.Ignore {
		c.ignore = append(c.ignore, regexp.MustCompile("^"+strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*")+"$"))
	}
	c.client = c.newClient()
	defer c.client.CloseIdleConnections()
	var unique []string
	at := map[string]int{}
	for _, a := range addresses {
		a, _, _ = strings.Cut(a, "#")
		if _, twice := at[a]; !twice {
			at[a] = len(unique)
			unique = append(unique, a)
		}
	}
	results := make([]Result, len(unique))
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	slots := make(chan struct{}, atOnce)
	for i, a := range unique {
		wg.Go(func() {
			r := c.check(ctx, a, slots)
			mu.Lock()
			defer mu.Unlock()
			results[i] = r
			if done++; o.Done != nil {
				o.Done(done, len(unique))
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := make([]Result, len(addresses))
	for i, a := range addresses {
		plain, _, _ := strings.Cut(a, "#")
		out[i] = results[at[plain]]
		out[i].URL = a
	}
	return out, c.known.write(o.Cache)
}

type checker struct {
	Options
	client *http.Client
	ignore []*regexp.Regexp
	known  *cache

	mu    sync.Mutex
	hosts map[string]*host
}

// A host is asked by a few requests at a time, with a pause between them.
type host struct {
	slots chan struct{}
	mu    sync.Mutex
	next  time.Time
}

func (c *checker) host(name string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[name]
	if h == nil {
		h = &host{slots: make(chan struct{}, max(1, c.PerHost))}
		c.hosts[name] = h
	}
	return h
}

// enter waits for the host's turn.
func (h *host) enter(ctx context.Context, pause time.Duration) error {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	h.mu.Lock()
	wait := time.Until(h.next)
	h.next = time.Now().Add(max(0, wait) + pause)
	h.mu.Unlock()
	if err := sleep(ctx, wait); err != nil {
		<-h.slots
		return err
	}
	return nil
}

func (h *host) leave() { <-h.slots }

// later keeps everyone from the host for a while.
func (h *host) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := time.Now().Add(d); t.After(h.next) {
		h.next = t
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *checker) check(ctx context.Context, address string, slots chan struct{}) Result {
	r := Result{URL: address}
	if slices.ContainsFunc(c.ignore, func(re *regexp.Regexp) bool { return re.MatchString(address) }) {
		return r
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		r.Why = "is no address"
		return r
	}
	if moved, ok := c.known.good(address); ok {
		r.Status, r.Moved = http.StatusOK, moved
		return r
	}
	h := c.host(u.Host)
	for try := 0; ; try++ {
		if err := h.enter(ctx, c.Pause); err != nil {
			return r
		}
		slots <- struct{}{}
		var wait time.Duration
		r, wait = c.ask(ctx, address)
		<-slots
		h.leave()
		if r.Why == "" {
			c.known.remember(address, r.Moved)
			return r
		}
		if wait < 0 || try >= c.Retries || ctx.Err() != nil {
			return r
		}
		if wait == 0 {
			wait = min(time.Duration(1<<try)*500*time.Millisecond, maxWait)
		}
		h.later(wait)
		if sleep(ctx, wait) != nil {
			return r
		}
	}
}

// ask makes one request: HEAD, and GET where the host does not like that. wait
// is how long to wait before another try: 0 leaves it open, and less than 0
// says that another try is of no use.
func (c *checker) ask(ctx context.Context, address string) (r Result, wait time.Duration) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		if r, wait = c.request(ctx, method, address); r.Status < 400 || r.Status == http.StatusTooManyRequests {
			break
		}
	}
	return r, wait
}

func (c *checker) request(ctx context.Context, method, address string) (Result, time.Duration) {
	r := Result{URL: address}
	ctx, stop := context.WithTimeout(ctx, c.Timeout)
	defer stop()
	ctx = context.WithValue(ctx, trailKey{}, &r.Moved)
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		r.Why = "is no address"
		return r, -1
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	resp, err := c.client.Do(req)
	if err != nil {
		var no *refused
		switch {
		case errors.As(err, &no):
			r.Why, r.Ours = no.Error(), true
			return r, -1
		case errors.Is(err, context.DeadlineExceeded):
			r.Why = "did not answer within " + c.Timeout.String()
		default:
			var ue *url.Error
			if errors.As(err, &ue) {
				err = ue.Err
			}
			var dns *net.DNSError
			r.Why = "cannot be reached: " + err.Error()
			if errors.As(err, &dns) && dns.IsNotFound {
				r.Why = "cannot be reached: there is no host " + dns.Name
			}
		}
		return r, 0
	}
	io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
	r.Status = resp.StatusCode
	if r.Status < 400 {
		return r, -1
	}
	r.Why = strings.TrimSpace(fmt.Sprintf("answers %d %s", r.Status, http.StatusText(r.Status)))
	switch {
	case r.Status == http.StatusTooManyRequests, r.Status == http.StatusServiceUnavailable:
		s, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err != nil {
			return r, 0
		}
		return r, min(max(time.Duration(s)*time.Second, time.Millisecond), maxWait)
	case r.Status >= 500:
		return r, 0
	}
	return r, -1
}

// trailKey finds, in a request's context, where to note that it moved.
type trailKey struct{}

func (c *checker) newClient() *http.Client {
	dialer := &net.Dialer{Timeout: c.Timeout}
	proxies := map[string]bool{}
	guarded := *dialer
	guarded.Control = func(_, address string, _ syscall.RawConn) error {
		host, _, _ := net.SplitHostPort(address)
		return c.allow(host)
	}
	t := &http.Transport{
		TLSHandshakeTimeout: c.Timeout, MaxIdleConnsPerHost: c.PerHost, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c.mu.Lock()
			proxy := proxies[address]
			c.mu.Unlock()
			if proxy { // the machine's owner named it
				return dialer.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		Proxy: func(req *http.Request) (*url.URL, error) {
			p, err := http.ProxyFromEnvironment(req)
			if p == nil || err != nil {
				return p, err
			}
			// The proxy looks the name up, so only what stands in the
			// address can be judged here.
			if err := c.allow(req.URL.Hostname()); err != nil {
				return nil, err
			}
			port := p.Port()
			if port == "" {
				port = map[string]string{"https": "443", "socks5": "1080"}[p.Scheme]
				if port == "" {
					port = "80"
				}
			}
			c.mu.Lock()
			proxies[net.JoinHostPort(p.Hostname(), port)] = true
			c.mu.Unlock()
			return p, nil
		},
	}
	return &http.Client{Transport: t, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return fmt.Errorf("it redirects more than %d times", maxRedirects)
		}
		if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
			return &refused{"redirects to an address that is not of the web"}
		}
		req.Header.Del("Referer")
		moved := req.Context().Value(trailKey{}).(*string)
		switch req.Response.StatusCode {
		case http.StatusMovedPermanently, http.StatusPermanentRedirect:
			if *moved != "" || len(via) == 1 {
				*moved = req.URL.String()
			}
		default:
			if len(via) == 1 {
				*moved = ""
			}
		}
		return nil
	}}
}

// refused says that an address is not connected to.
type refused struct{ why string }

func (e *refused) Error() string { return e.why }

// shared is the network between customers and their provider (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// allow refuses hosts of this machine and of private networks.
func (c *checker) allow(host string) error {
	if c.Private {
		return nil
	}
	no := &refused{"is an address of a private network, which is not tried"}
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return no
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return nil // a name: judged when it is connected to
	}
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || shared.Contains(ip) || ip.Is4() && ip.As4()[0] == 0 {
		return no
	}
	return nil
}
