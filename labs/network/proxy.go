package network

import (
	"bufio"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

// serve is the proxy: CONNECT for https, a full URL for http.
func (n *Network) serve(w http.ResponseWriter, r *http.Request) {
	if !n.knows(r.Header.Get("Proxy-Authorization")) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="lab"`)
		http.Error(w, "this proxy belongs to one run of labs and needs its token", http.StatusProxyAuthRequired)
		return
	}
	r.Header.Del("Proxy-Authorization")
	r.Header.Del("Proxy-Connection")
	switch {
	case r.Method == http.MethodConnect:
		n.connect(w, r)
	case r.URL.IsAbs() && r.URL.Scheme == "http":
		host := strings.ToLower(r.URL.Hostname())
		if h := n.answers(host); h != nil {
			h.ServeHTTP(w, r)
			return
		}
		if !n.mayLeave(host, r.URL.Port()) {
			n.refuse(w, host)
			return
		}
		n.forward(w, r, host)
	default:
		http.Error(w, "this is a proxy, not a site", http.StatusBadRequest)
	}
}

// knows checks the token, in constant time.
func (n *Network) knows(header string) bool {
	text, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return false
	}
	pair, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(pair, []byte("lab:"+n.token)) == 1
}

// mayLeave says whether a request to a host goes out.
func (n *Network) mayLeave(host, port string) bool {
	if !n.opts.Hermetic {
		return true
	}
	allow := n.allowed()
	return allow[host] || allow[host+":"+port]
}

func (n *Network) refuse(w http.ResponseWriter, host string) {
	n.touch(host, "refused", 0, 1)
	n.fault(host, "it is not in the lab's mirror, and this run is hermetic")
	http.Error(w, "labs: "+host+" is not in the lab's mirror, and this run is hermetic", http.StatusForbidden)
}

// answers finds what plays a host inside the lab; nil if nothing does.
func (n *Network) answers(host string) http.Handler {
	if h := n.opts.Answer[host]; h != nil {
		return n.counted(host, h)
	}
	if registryHosts[host] {
		return n.registryFor(host)
	}
	if host == packageIndex && (len(n.packages) > 0 || !n.mayLeave(host, "443")) { // a refused tunnel is tried again and again by pip
		return n.counted(host, http.HandlerFunc(n.serveIndex))
	}
	if n.fileHost[host] {
		return n.counted(host, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.serveFile(w, r, host) }))
	}
	return nil
}

// serveFile answers with a published file; what the site does not publish comes
// from the host itself, if the run may ask it.
func (n *Network) serveFile(w http.ResponseWriter, r *http.Request, host string) {
	path, ok := n.files[placeOf(host, r.URL.Path, r.URL.RawQuery)]
	if !ok && !n.anew(host) {
		if to := n.moved[placeOf(host, r.URL.Path, r.URL.RawQuery)]; to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		path, ok = n.files[placeOf(host, r.URL.Path, "")]
	}
	if !ok || n.anew(host) {
		if n.mayLeave(host, "443") {
			n.forward(w, r, host)
			return
		}
		if !n.site[host] { // a file that the site lacks is the page's fault
			n.fault(host, r.URL.Path+" is not in the lab's mirror, and this run is hermetic")
		}
		http.Error(w, "labs: "+host+r.URL.Path+" is not a published file, and this run is hermetic", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "a published file is only read", http.StatusMethodNotAllowed)
		return
	}
	n.mu.Lock()
	n.served[path] = true
	n.mu.Unlock()
	f, err := os.Open(path)
	if err != nil {
		http.Error(w, "labs: the published file is not there; build the site's downloads first", http.StatusNotFound)
		return
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		http.Error(w, "labs: the published file cannot be read", http.StatusNotFound)
		return
	}
	http.ServeContent(w, r, path, st.ModTime(), f)
}

// anew says whether a host of the mirror is asked again, since this run is
// recorded. The site's own files are never the mirror's.
func (n *Network) anew(host string) bool { return n.recorder != nil && !n.site[host] }

// isPackages says whether a path is one of a Debian archive.
func isPackages(path string) bool {
	return strings.Contains(path, "/dists/") && (strings.HasSuffix(path, "Release") || strings.Contains(path, "/Packages"))
}

// File gives the path of the published file at an address, for an engine that
// cannot ask through the proxy. ok is false where the engine may ask the outside
// itself, which is then written down.
func (n *Network) File(address string) (path string, ok bool, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false, err
	}
	host := strings.ToLower(u.Hostname())
	if path, ok := n.files[placeOf(host, u.Path, u.RawQuery)]; ok {
		n.mu.Lock()
		n.served[path] = true
		n.mu.Unlock()
		n.touch(host, "served", 0, 1)
		return path, true, nil
	}
	if !n.mayLeave(host, u.Port()) {
		n.touch(host, "refused", 0, 1)
		n.fault(host, "it is not in the lab's mirror, and this run is hermetic")
		return "", false, fmt.Errorf("%s is not in the lab's mirror, and this run is hermetic", address)
	}
	n.touch(host, "allowed", 0, 1)
	return "", false, nil
}

// connect takes a tunnel: to ourselves, when we play the host, else out.
func (n *Network) connect(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		http.Error(w, "CONNECT needs host:port", http.StatusBadRequest)
		return
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	handler := n.answers(host)
	if handler == nil && n.recorder != nil && port == "443" {
		// What goes through a tunnel cannot be kept.
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.forward(w, r, host) })
	}
	if handler == nil && !n.mayLeave(host, port) {
		n.refuse(w, host)
		return
	}
	var far net.Conn
	if handler == nil {
		ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
		defer cancel()
		if far, err = n.out.dial(ctx, net.JoinHostPort(host, port)); err != nil {
			n.touch(host, "allowed", 0, 1)
			n.fault(host, "it cannot be reached: "+err.Error())
			http.Error(w, "labs: "+host+" cannot be reached: "+err.Error(), http.StatusBadGateway)
			return
		}
	}
	near, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		if far != nil {
			_ = far.Close()
		}
		return
	}
	if _, err := io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = near.Close()
		if far != nil {
			_ = far.Close()
		}
		return
	}
	conn := net.Conn(&bufferedConn{near, buffered.Reader})
	if handler != nil {
		n.intercept(conn, host, handler)
		return
	}
	n.touch(host, "allowed", n.tunnel(conn, far), 1)
}

// bufferedConn gives first what the server had read ahead.
type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// tunnel copies both ways until one side ends, or the network closes, and says
// how many bytes came from afar.
func (n *Network) tunnel(near, far net.Conn) int64 {
	stop := context.AfterFunc(n.ended, func() { _, _ = near.Close(), far.Close() })
	defer stop()
	defer func() { _, _ = near.Close(), far.Close() }()
	go func() {
		_, _ = io.Copy(far, near)
		if t, ok := far.(*net.TCPConn); ok {
			_ = t.CloseWrite()
		}
	}()
	got, _ := io.Copy(near, far)
	return got
}

// intercept plays the host on one connection.
func (n *Network) intercept(conn net.Conn, host string, h http.Handler) {
	stop := context.AfterFunc(n.ended, func() { _ = conn.Close() })
	defer stop()
	secure := tls.Server(conn, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" && !strings.EqualFold(hello.ServerName, host) {
				return nil, fmt.Errorf("asked for %s on a connection to %s", hello.ServerName, host)
			}
			return n.ca.forHost(host)
		},
	})
	one := &oneConn{conn: secure, done: make(chan struct{})}
	server := &http.Server{
		ErrorLog: quietLog(), ReadHeaderTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return n.ended },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Scheme, r.URL.Host = "https", host
			h.ServeHTTP(w, r)
		}),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed || s == http.StateHijacked {
				one.end()
			}
		},
	}
	_ = server.Serve(one)
}

// oneConn is a listener that has one connection.
type oneConn struct {
	conn  net.Conn
	taken bool
	done  chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if !l.taken {
		l.taken = true
		return l.conn, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l *oneConn) end() {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

// forward asks the host itself.
func (n *Network) forward(w http.ResponseWriter, r *http.Request, host string) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	for _, h := range []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		out.Header.Del(h)
	}
	if n.recorder != nil {
		wholeAnswers(out)
	}
	resp, err := n.out.transport.RoundTrip(out)
	if err != nil {
		n.touch(host, "allowed", 0, 1)
		n.fault(host, "it cannot be reached: "+err.Error())
		http.Error(w, "labs: "+host+" cannot be reached: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	body := io.Reader(resp.Body)
	if n.recorder != nil && r.Method == http.MethodGet {
		body = n.recorder.answer(out.URL.String(), resp)
	}
	got, _ := io.Copy(w, body)
	n.touch(host, "allowed", got, 1)
}

// way is how requests leave this machine: straight, or through the proxy that
// its own environment names.
type way struct {
	transport http.RoundTripper
}

func newWay(given *http.Transport, patience time.Duration) *way {
	if patience == 0 {
		patience = time.Minute
	}
	if given == nil {
		given = &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, MaxIdleConnsPerHost: 8,
			DisableCompression: true,
		}
	}
	given.ResponseHeaderTimeout = patience
	return &way{transport: impatient{given, patience}}
}

// dial opens a connection to host:port for a tunnel.
func (o *way) dial(ctx context.Context, addr string) (net.Conn, error) {
	via, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: addr}})
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: 10 * time.Second}
	if via == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	if via.Scheme != "http" {
		return nil, fmt.Errorf("this machine's proxy is of the kind %s, which labs cannot use", via.Scheme)
	}
	parent := via.Host
	if via.Port() == "" {
		parent = net.JoinHostPort(via.Hostname(), "80")
	}
	conn, err := d.DialContext(ctx, "tcp", parent)
	if err != nil {
		return nil, err
	}
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if via.User != nil {
		password, _ := via.User.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(via.User.Username()+":"+password)))
	}
	if err := req.Write(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, req)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("this machine's proxy says %s", resp.Status), conn.Close())
	}
	return &bufferedConn{conn, reader}, nil
}
