#!/usr/bin/python3
"""Start a Jupyter server under JupyterLab's name and options.

The server, its files, kernels and terminals are the real ones. The page at /lab
is a stand-in: it lists the files and says what it is.
"""

import html
import os
import sys

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.serverapp import ServerApp
from tornado import web


class Lab(JupyterHandler):
    @web.authenticated
    async def get(self):
        model = await self._listing()
        rows = "".join("<li>%s</li>" % html.escape(m["name"]) for m in model)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            "<!doctype html><title>JupyterLab</title><h1>JupyterLab (stand-in)</h1>"
            "<p>The server behind this page is real; the page is not.</p><ul>%s</ul>" % rows
        )

    async def _listing(self):
        model = self.contents_manager.get("", content=True)
        if hasattr(model, "__await__"):
            model = await model
        return sorted(model["content"], key=lambda m: m["name"])


class StandInLab(ServerApp):
    def init_webapp(self):
        super().init_webapp()
        base = self.base_url.rstrip("/")
        self.web_app.add_handlers(".*$", [(base + "/lab/?", Lab)])


def server_options(args):
    """Put the options of older programs in the server's own words."""
    out = []
    for a in args:
        for old in ("--NotebookApp.", "--LabApp."):
            if a.startswith(old):
                a = "--ServerApp." + a[len(old):]
        for old in ("--notebook-dir=", "--ServerApp.notebook_dir="):
            if a.startswith(old):
                a = "--ServerApp.root_dir=" + a[len(old):]
        out.append(a)
    return out


if __name__ == "__main__":
    os.environ.setdefault("SHELL", "/bin/bash")
    sys.argv[1:] = server_options(sys.argv[1:])
    StandInLab.launch_instance(argv=sys.argv[1:] + ["--ServerApp.default_url=/lab"])
