"""The site of one language: `cargo run -p author -- site` writes its pages' sources and starts Sphinx with this.

Nothing in a page comes from another host: formulas are MathML, which browsers draw without a script.
"""

import json
import os
import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.search import SearchLanguage, languages
from sphinx.transforms import SphinxTransform

site = json.loads(Path(os.environ["SITE_SOURCE"], "site.json").read_text(encoding="utf-8"))
words = site["words"]

project = words["title"]
copyright = words["licence"]
language = site["sphinx"]
extensions = ["myst_nb"]
exclude_patterns = ["site.json", "**.ipynb_checkpoints"]
templates_path = ["templates"]

nb_execution_mode = "off"
# Only pages with widgets would need these scripts of another host; there are none.
nb_ipywidgets_js = {}
# Every figure has a PNG too, for GitHub.
nb_mime_priority_overrides = [("html", "image/svg+xml", 5)]
myst_enable_extensions = ["dollarmath"]
# Addresses are those of the finished pages already.
myst_all_links_external = True
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

html_theme = "sphinx_book_theme"
html_title = words["title"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_favicon = "static/icon.svg"
html_last_updated_fmt = None
html_math_renderer = "mathml"
html_theme_options = {
    "home_page_in_toc": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    # The search is in the sidebar.
    "navbar_persistent": [],
    "show_toc_level": 2,
    "article_header_end": ["languages.html", "article-header-buttons.html"],
    "toc_title": words["contents"],
    "show_navbar_depth": 1,
    "max_navbar_depth": 2,
    # Not the author, who isn't named.
    "content_footer_items": ["copyright"],
}
html_context = {"words": words, "code": site["code"], "default_mode": "auto"}


class CellAnchors(SphinxTransform):
    """A cell's id is an anchor of its page, as in JupyterLab: 02_baseline.html#cell-id=evaluate."""

    default_priority = 500

    def apply(self):
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and (name := cell["cell_metadata"].get("cell_id")):
                cell["ids"].append(f"cell-id={name}")


def visit_math(self, node):
    self.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def visit_displayed_math(self, node):
    # It can be wider than a phone: then it scrolls, which needs the keyboard too.
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="formula" tabindex="0" role="group" aria-label="{words["formula"]}">{formula}</div>')
    raise nodes.SkipNode


class SearchPairs(SearchLanguage):
    """Search in languages that are written without spaces, or with endings: by pairs of neighbouring characters."""

    lang = "pairs"
    language_name = "pairs of characters"
    js_splitter_code = """
var splitQuery = (query) => {
  const terms = query.toLowerCase().match(/[a-z0-9_]+|[\\u3040-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7a3]+/g) || [];
  return terms.flatMap((term) => {
    if (/[a-z0-9_]/.test(term) || term.length < 3) return [term];
    return Array.from({ length: term.length - 1 }, (_, i) => term.slice(i, i + 2));
  });
};
"""
    run = re.compile(r"[a-z0-9_]+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")

    def split(self, text):
        terms = []
        for term in self.run.findall(text.lower()):
            if term.isascii() or len(term) < 3:
                terms.append(term)
            else:
                terms += [term[i : i + 2] for i in range(len(term) - 1)]
                # A word of one character is found where it stands.
                terms += term
        return terms

    def word_filter(self, word):
        return bool(word)


if language in ("ko", "ja", "zh_CN"):
    html_search_language = "pairs"
languages["pairs"] = SearchPairs


def add_languages(app, pagename, templatename, context, doctree):
    """The same page in each language, or its start page where it is not there."""
    here = site["languages"]
    root = "../" * (pagename.count("/") + 1)
    target = lambda other: pagename if pagename in other["pages"] or pagename == "search" else "index"  # noqa: E731
    context["languages"] = [
        {**other, "href": f"{root}{other['code']}/{target(other)}.html", "here": other["code"] == site["code"]}
        for other in here
    ]


def setup(app):
    app.add_transform(CellAnchors)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displayed_math, None))
    app.connect("html-page-context", add_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
