"""Answers, line by line, what docutils makes of a text.

A line of input is a text in JSON; a line of output is the pseudo-XML of its
tree (null where docutils itself failed) and the messages of level warning or
above that docutils had, as [level, line, text], in JSON. The settings are those of
rst2pseudoxml --no-doc-title --no-doc-info --syntax-highlight=none --report=5.
The date is 21 April 2024.
"""
import json
import signal
import sys
import time

import docutils
from docutils import core, io, utils
from docutils.parsers.rst import roles, states
from docutils.parsers.rst.directives import misc

SETTINGS = dict(doctitle_xform="--doc-title" in sys.argv, docinfo_xform="--doc-info" in sys.argv, syntax_highlight="none",
                report_level=5, halt_level=5, output_encoding="unicode", _disable_config=True, warning_stream=False)

if docutils.__version__ != "0.19":
    sys.exit("docutils 0.19 is the reference, this is " + docutils.__version__)
sys.setrecursionlimit(3000)
messages = []
say = utils.Reporter.system_message


def note(self, level, message, *args, **kwargs):
    node = say(self, level, message, *args, **kwargs)
    said = [level, node.get("line") or 0, str(message)]
    if level >= 2 and said not in messages:
        messages.append(said)
    return node


class Clock:
    @staticmethod
    def strftime(form):
        return time.strftime(form, time.gmtime(1713657600))


utils.Reporter.system_message = note
misc.time = Clock


def late(*_):
    raise RuntimeError("it takes too long")


signal.signal(signal.SIGALRM, late)
for line in sys.stdin:
    messages.clear()
    roles._roles.clear()  # else roles of one text are known to the next
    states.RSTState.nested_sm_cache.clear()  # and machines remember the end of the last
    pub = core.Publisher(source_class=io.StringInput, destination_class=io.StringOutput)
    pub.set_components("standalone", "restructuredtext", "pseudoxml")
    pub.process_programmatic_settings(None, SETTINGS, None)
    text = json.loads(line).removeprefix("\ufeff")  # as a file is read
    pub.set_source("\n".join(text.splitlines() + [""]), "<stdin>")
    pub.set_destination(None, None)
    signal.alarm(10)  # some texts send docutils round in circles
    try:
        tree = pub.publish(enable_exit_status=False)
    except (RecursionError, Exception):  # a bug of docutils is no reference
        tree = None
    signal.alarm(0)
    print(json.dumps([tree, messages]), flush=True)
