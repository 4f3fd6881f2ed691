# A small tree with the constructs of Sphinx prose, right and wrong. "scripts/compare prose" builds it with Sphinx and
# with Docent: text, headings, listings, tables and images are equal on all pages.
project = 'Prose'
author = 'Us'
copyright = '2024, Us'
version = '1.2'
release = '1.2.3'
html_title = project + ' docs'
extensions = ['sphinx.ext.extlinks', 'sphinx.ext.intersphinx', 'sphinx.ext.todo', 'sphinx.ext.ifconfig']
extensions.append('sphinx.ext.autosectionlabel')
autosectionlabel_prefix_document = True
autosectionlabel_maxdepth = 3
exclude_patterns = ['toc/left/*', 'inc']
rst_prolog = '''
.. |prolog| replace:: from the *prolog*
.. _prologlink: https://prolog.example/
'''
rst_epilog = '''
.. |epilog| replace:: from the **epilog**
'''
numfig = True
numfig_secnum_depth = 2
numfig_format = {'figure': 'Drawing %s', 'table': 'Tab. %s', 'code-block': 'Code %s', 'section': 'Part %s'}
extlinks = {
    'issue': ('https://example.org/issues/%s', 'issue %s'),
    'src': ('https://example.org/src/%s', None),
    'fix': ('https://example.org/fix/%s', 'fixed'),
    'pct': ('https://example.org/%%20/%s', '100%% of %s'),
}
extlinks_detect_hardcoded_links = True
intersphinx_mapping = {
    'other': ('https://other.example/doc/', 'other.inv'),
    'third': ('https://third.example/', 'third.inv'),
}
intersphinx_disabled_reftypes = []
today = 'the first of May'
todo_include_todos = True
highlight_language = 'python3'
default_role = None
math_number_all = False
math_eqref_format = 'Eq.{number}'
trim_footnote_reference_space = True
option_emphasise_placeholders = True
html_show_sourcelink = False
level = 'beta'


def setup(app):
    app.add_config_value('level', '', 'env')
