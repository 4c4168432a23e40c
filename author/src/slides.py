"""Makes a page of the notebook of slides that asks nothing of another host: slides.py NOTEBOOK PAGE

Reveal.js stands beside the page, in the folder `reveal`; formulas are MathML.
"""

import shutil
import sys
from pathlib import Path

import sphinx_revealjs
from latex2mathml.converter import convert
from nbconvert import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer

# What nbconvert would load of jQuery, MathJax, mermaid and Reveal.js comes from elsewhere.
DECK = """{%- extends 'reveal/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
:root { --jp-content-font-size1: 30px; }
.reveal .slides h1, .reveal .slides h2 { text-transform: none; }
</style>
{%- endblock -%}
{%- block footer_js -%}
<script src="reveal/dist/reveal.js"></script>
<script src="reveal/plugin/notes/notes.js"></script>
<script>
Reveal.initialize({ hash: true, slideNumber: true, width: 960, height: 700, plugins: [RevealNotes] });
</script>
{%- endblock -%}
"""

IPythonRenderer.inline_math = lambda self, body: convert(body)
IPythonRenderer.block_math = lambda self, body: convert(body, display="block")
source, target = map(Path, sys.argv[1:])
page, _ = SlidesExporter(raw_template=DECK, reveal_url_prefix="reveal", reveal_theme="white").from_filename(str(source))
target.write_text(page, encoding="utf-8")

package = Path(sphinx_revealjs.__file__).parent / "_static/revealjs"
for part in ["dist", "plugin/notes"]:
    to = target.parent / "reveal" / part
    shutil.copytree(package / part, to, ignore=shutil.ignore_patterns("*.map"), dirs_exist_ok=True)
