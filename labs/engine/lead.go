package engine

// lead gives the flags that lead what a container, or a step of a build, asks for
// over http through the lab's proxy. The proxy listens on loopback, so they share
// the network that the engine itself is in. A line that says which network it
// wants, or publishes a port, is left alone.
func lead(c *commandLine, proxy string) []string {
	vars := []string{"http_proxy=" + proxy, "HTTP_PROXY=" + proxy, "no_proxy=localhost,127.0.0.0/8,::1"}
	flag := "--env"
	switch c.verb {
	case "build":
		fs, err := parseBuild(c.rest)
		if err != nil || fs.Changed("network") {
			return nil
		}
		flag = "--build-arg" // these are known to every builder, and in no image
	case "run", "create":
		r, err := parseRun(c.rest)
		if err != nil || r.Changed("network") || r.Changed("net") || r.Changed("publish") || r.Changed("publish-all") {
			return nil
		}
	default:
		return nil
	}
	flags := []string{"--network", "host"}
	for _, v := range vars {
		flags = append(flags, flag, v)
	}
	return flags
}
