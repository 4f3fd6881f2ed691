"""Print the trees that Sphinx reads from the cases given on standard input.

Cases are parted by lines "\x01"; the trees come out parted the same way. Only
what the test compares is printed: element names, text, classes, ids, and where
references lead.
"""
import os, sys, tempfile
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

KEEP = ('classes', 'ids', 'reftype', 'refdomain', 'reftarget')
TARGETS = (addnodes.desc_signature, nodes.term, addnodes.production, nodes.target, nodes.math_block)

def show(n, depth, out):
    pad = '  ' * depth
    if isinstance(n, nodes.target) and not n.get('ids'):
        return
    if isinstance(n, nodes.Text):
        if n.astext() == '':
            return
        out.extend(pad + l for l in n.astext().split('\n'))
        return
    if isinstance(n, (nodes.system_message,)):
        return
    attrs = []
    for k in KEEP:
        v = n.get(k)
        if k == 'ids' and not isinstance(n, TARGETS):
            continue
        if k == 'classes' and n.tagname.startswith('desc_') and n.tagname != 'desc_inline':
            continue  # what kind of node it is, once more
        if k == 'classes' and isinstance(n, (nodes.literal_block, nodes.target)):
            continue
        if k == 'ids' and len(v) > 1 and v[0].startswith('_CPP'):
            v = v[:1]  # older forms of the same id
        if v:
            attrs.append('%s="%s"' % (k, ' '.join(v) if isinstance(v, list) else v))
    if isinstance(n, addnodes.index):
        for e in n['entries']:
            out.append(pad + '<index %s>' % '|'.join(str(x or '') for x in e))
        return
    if type(n) is nodes.inline and not n.get('classes') and n.children:
        for c in n.children:
            show(c, depth, out)
        return
    out.append(pad + '<' + ' '.join([n.tagname] + attrs) + '>')
    for c in n.children:
        show(c, depth + 1, out)

cases = sys.stdin.read().split('\x01\n')
with tempfile.TemporaryDirectory() as d:
    src = os.path.join(d, 'src')
    os.mkdir(src)
    for name in os.listdir('files'):
        with open(os.path.join('files', name), 'rb') as f, open(os.path.join(src, name), 'wb') as g:
            g.write(f.read())
    with open(os.path.join(src, 'conf.py'), 'w') as f:
        f.write('exclude_patterns = ["part.rst"]\nsmartquotes = False\nextensions = ["sphinx.ext.doctest"]\n')
    for i, c in enumerate(cases):
        with open(os.path.join(src, 'c%03d.rst' % i), 'w') as f:
            f.write(c)
    app = Sphinx(src, src, os.path.join(d, 'out'), os.path.join(d, 'doctrees'), 'dummy', status=None, warning=None, confoverrides={'root_doc': 'c000'})
    app.build()
    trees = []
    for i in range(len(cases)):
        out = []
        show(app.env.get_doctree('c%03d' % i), 0, out)
        trees.append('\n'.join(out) + '\n')
sys.stdout.write('\x01\n'.join(trees))
