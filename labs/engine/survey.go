package engine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"

	"docent/labs/gpu"
)

// Survey says which engines this machine has, for "labs doctor". It changes
// nothing.
func Survey(ctx context.Context) []Finding {
	return []Finding{surveyDocker(ctx), surveyPodman(ctx), surveyOCI(ctx), surveyGPU(ctx)}
}

func surveyDocker(ctx context.Context) Finding {
	f := Finding{Name: "docker", Install: installDocker}
	clients := lookAll("docker")
	if len(clients) == 0 {
		f.Detail = "the docker command is not here"
		return f
	}
	if host := answering(ctx, clients[0]); host != "" {
		out, _ := output(ctx, exec.Command(clients[0], "-H", host, "version", "--format", "{{.Server.Version}}"))
		return Finding{Name: "docker", OK: true, Detail: "a daemon answers, version " + strings.TrimSpace(out)}
	}
	path, err := lookPath("dockerd")
	switch {
	case err != nil:
		f.Detail = "no daemon answers, and there is no dockerd to start"
	case os.Geteuid() != 0:
		f.Detail, f.Install = "no daemon answers, and only root may start one", "systemctl start docker"
	default:
		out, _ := output(ctx, exec.Command(path, "--version"))
		return Finding{Name: "docker", OK: true, Detail: "no daemon answers; labs starts its own: " + strings.TrimSpace(out)}
	}
	return f
}

func surveyPodman(ctx context.Context) Finding {
	path, err := lookPath("podman")
	if err != nil {
		return Finding{Name: "podman", Detail: "the podman command is not here", Install: installPodman}
	}
	out, err := output(ctx, exec.Command(path, "--version"))
	if err != nil {
		return Finding{Name: "podman", Detail: err.Error(), Install: installPodman}
	}
	for _, r := range []string{"runc", "crun"} {
		if _, err := lookPath(r); err == nil {
			return Finding{Name: "podman", OK: true, Detail: strings.TrimSpace(out) + ", with " + r}
		}
	}
	return Finding{Name: "podman", Detail: "podman has no runtime", Install: "apt-get install -y runc"}
}

func surveyOCI(ctx context.Context) Finding {
	for _, r := range []string{"runc", "crun"} {
		path, err := lookPath(r)
		if err != nil {
			continue
		}
		out, err := output(ctx, exec.Command(path, "--version"))
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(out, "\n")
		if os.Geteuid() != 0 {
			return Finding{Name: "oci", Detail: first + ", but only root may use it"}
		}
		return Finding{Name: "oci", OK: true, Detail: first + "; runs images, builds none"}
	}
	return Finding{Name: "oci", Detail: "neither runc nor crun is here", Install: installRuntime}
}

func surveyGPU(ctx context.Context) Finding {
	devs, err := gpu.Devices(ctx)
	if err != nil || len(devs) == 0 {
		if err == nil {
			err = errors.New("none")
		}
		return Finding{Name: "gpu", Detail: err.Error()}
	}
	var names []string
	for _, d := range devs {
		names = append(names, d.String())
	}
	detail := strings.Join(names, "; ")
	spec, err := gpu.CDI(ctx)
	if err != nil {
		return Finding{Name: "gpu", Detail: detail + "; containers cannot have them: " + err.Error()}
	}
	return Finding{Name: "gpu", OK: true, Detail: detail + "; containers get them as " + spec.Source + " says"}
}
