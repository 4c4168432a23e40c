"""Every page of the site, in every language: what it asks for, where it leads, and who can use it."""

import re
import tomllib
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import DESKTOP, PHONE, PICTURES, REPO, SITE, languages, pages

NOTEBOOK = "02_baseline.html"


def word(language, english):
    """The glossary's word."""
    if language == "en":
        return english
    terms = tomllib.loads((REPO / f"author/languages/{language}.toml").read_text())["term"]
    return next(term["use"][0] for term in terms if term["english"] == english)


class Parts(HTMLParser):
    """The links of a page, and the ids that links can lead to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.language = [], set(), None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "html":
            self.language = attributes.get("lang")
        self.ids.update(filter(None, [attributes.get("id"), attributes.get("name")]))
        name = {"a": "href", "img": "src", "script": "src", "link": "href"}.get(tag)
        if name and attributes.get(name) is not None:
            self.links.append((tag, attributes[name], attributes.get("rel", "")))


@cache
def parts(path):
    return Parts(path.read_text(encoding="utf-8"))


def test_there_are_pages_in_every_language():
    lesson = [path.stem for path in sorted((REPO / "notebooks/en").glob("*.ipynb"))]
    for language in languages():
        for name in ["index", "search", *lesson]:
            assert f"{language}/{name}.html" in pages()
        tag = parts(SITE / language / "index.html").language
        assert tag.lower() == language


def test_every_link_leads_somewhere():
    dead = []
    for page in [*pages(), "index.html"]:
        path = SITE / page
        for tag, link, rel in parts(path).links:
            url = urlsplit(link)
            if url.scheme in ("http", "https"):
                # Only a reader's click leaves the site.
                if tag != "a" and "canonical" not in rel:
                    dead.append(f"{page}: {tag} from {link}")
                continue
            if url.scheme:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not target.is_file():
                dead.append(f"{page}: {link} leads to nothing")
            elif url.fragment and target.suffix == ".html" and "crate" not in target.parts:
                if unquote(url.fragment) not in parts(target).ids:
                    dead.append(f"{page}: {link} names a place that is not there")
    assert not dead, "\n".join(dead)


def test_every_page_loads_alone_and_without_errors(new_page, address):
    page = new_page()
    for name in pages():
        page.goto(f"{address}/{name}")
        page.evaluate("document.querySelectorAll('img').forEach((image) => (image.loading = 'eager'))")
        page.wait_for_function("[...document.images].every((image) => image.complete)")
        broken = page.evaluate("[...document.images].filter((image) => !image.naturalWidth).map((image) => image.src)")
        assert not broken, name
        assert page.locator("merror").count() == 0, name
        assert not page.faults, f"{name}: {page.faults}"


def test_the_text_shows_no_marks(new_page, address):
    """What the Markdown of a cell means is what the real renderer makes of it."""
    page = new_page()
    for name in pages():
        page.goto(f"{address}/{name}")
        texts = page.evaluate(
            "[...document.querySelectorAll('.bd-article p, .bd-article li, .bd-article td, .bd-article h2')]"
            ".filter((part) => !part.closest('.cell_output'))"
            ".map((part) => { const copy = part.cloneNode(true); copy.querySelectorAll('code, math, pre').forEach((code) => code.remove()); return copy.textContent; })"
        )
        marked = [text for text in texts if re.search(r"\*\*|\]\(|\$\$|#cell-id", text)]
        assert not marked, f"{name}: {marked[:3]}"


def test_a_number_leads_to_its_cell(new_page, address):
    page = new_page()
    page.goto(f"{address}/en/{NOTEBOOK}")
    link = page.locator('.bd-article p a[href^="#cell-id="]').filter(has_text=re.compile(r"\d")).first
    cell = link.get_attribute("href")[1:]
    link.press("Enter")
    page.wait_for_function("window.location.hash.length > 1")
    box = page.locator(f'[id="{cell}"]').bounding_box()
    assert 0 <= box["y"] < DESKTOP["height"], "the cell is not in the window"


def test_the_language_switch_stays_on_notebook_and_cell(new_page, address):
    if len(languages()) == 1:
        pytest.skip("the lesson is in English only")
    page = new_page()
    page.goto(f"{address}/en/{NOTEBOOK}#cell-id=evaluate")
    page.wait_for_timeout(300)
    for language in languages()[1:]:
        page.locator("details.languages summary").press("Enter")
        page.locator(f'details.languages a[href*="/{language}/"]').press("Enter")
        page.wait_for_url(f"**/{language}/{NOTEBOOK}*")
        assert page.url.endswith("#cell-id=evaluate")
        box = page.locator('[id="cell-id=evaluate"]').bounding_box()
        assert -50 <= box["y"] < DESKTOP["height"], f"{language}: the cell is not in the window"
    assert not page.faults


def test_the_front_door_leads_to_the_readers_language(new_page, address):
    asked = {"en-GB": "en", "de-DE": "en", "ko-KR": "ko", "zh-CN": "zh-cn", "zh-TW": "en", "pt-PT": "pt-br", "ja": "ja"}
    for tag, language in asked.items():
        page = new_page(locale=tag)
        page.goto(f"{address}/index.html")
        expected = language if language in languages() else "en"
        page.wait_for_url(f"**/{expected}/index.html")
        assert not page.faults


def test_search_finds_the_words_of_the_language(new_page, address):
    page = new_page()
    for language in languages():
        for english in ["precision", "confusion matrix"]:
            page.goto(f"{address}/{language}/index.html")
            page.keyboard.press("Control+k")
            page.keyboard.type(word(language, english))
            page.keyboard.press("Enter")
            page.wait_for_url("**/search.html?*")
            found = page.locator("#search-results li a")
            found.first.wait_for()
            assert any("02_baseline" in link.get_attribute("href") for link in found.all()), f"{language}: {english}"
        page.goto(f"{address}/{language}/search.html?q=xyzzyplugh")
        page.locator("#search-results p.search-summary, #search-results p").first.wait_for()
        page.wait_for_timeout(500)
        assert page.locator("#search-results li").count() == 0
    assert not page.faults


def test_the_keyboard_reaches_everything(new_page, address):
    page = new_page()
    page.goto(f"{address}/en/{NOTEBOOK}")
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(() => { const it = document.activeElement; const box = it.getBoundingClientRect();"
                " return [it.className || it.tagName, it.href || '', box.width > 0 && getComputedStyle(it).visibility]; })()"
            )
        )
    assert seen[0][1].endswith("#main-content"), "there is no way past the menus"
    classes = " ".join(str(name) for name, _, _ in seen)
    assert "theme-switch" in classes and "search-button" in classes
    assert any(f"/en/{name}" in href for _, href, _ in seen for name in ("03_class_weights.html",))
    if len(languages()) > 1:
        menu = page.locator("details.languages")
        menu.locator("summary").focus()
        page.keyboard.press("Enter")
        assert menu.evaluate("(it) => it.open")
        page.keyboard.press("Escape")
        assert not menu.evaluate("(it) => it.open")
    # Code that is wider than its box is scrolled with the arrows.
    wide = page.evaluate(
        "[...document.querySelectorAll('.bd-article pre')].filter((box) => box.scrollWidth > box.clientWidth + 1)"
        ".filter((box) => box.tabIndex < 0).length"
    )
    assert wide == 0, "some code can't be scrolled without a mouse"


def test_axe_finds_nothing_serious(new_page, address):
    kinds = [page for page in pages() if page.startswith("en/")]
    kinds += [f"{language}/{name}" for language in languages()[1:] for name in ("index.html", NOTEBOOK)]
    axe, faults = Axe(), []
    for scheme in ("light", "dark"):
        page = new_page(color_scheme=scheme)
        for name in kinds:
            if scheme == "dark" and not name.startswith("en/"):
                continue
            page.goto(f"{address}/{name}")
            for found in axe.run(page).response["violations"]:
                if found["impact"] in ("serious", "critical"):
                    where = [node["target"] for node in found["nodes"][:4]]
                    faults.append(f"{name} ({scheme}): {found['id']}, {found['help']}: {where}")
    assert not faults, "\n".join(faults)


def test_the_slider_can_be_dragged_in_every_language(new_page, address):
    page = new_page()
    for language in languages():
        for name in ["02_baseline", "06_decisions", "08_your_data"]:
            page.goto(f"{address}/{language}/{name}.html")
            slider = page.locator(".threshold-slider input[type=range]").first
            before = slider.get_attribute("aria-valuetext")
            slider.press("ArrowLeft")
            assert slider.get_attribute("aria-valuetext") != before, f"{language}, {name}"
    assert not page.faults


def test_a_phone_shows_every_page_without_scrolling_sideways(new_page, address):
    page = new_page(PHONE)
    wide = []
    for name in pages():
        page.goto(f"{address}/{name}")
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(name)
    assert not wide


def test_the_start_page_is_one_screen(new_page, address):
    for size in (DESKTOP, PHONE):
        for language in languages():
            page = new_page(size)
            page.goto(f"{address}/{language}/index.html")
            last = page.locator(".start pre").last.bounding_box()
            assert last["y"] + last["height"] <= size["height"], f"{language}, {size}: one must scroll to begin"


GLYPHS = """(characters) => {
  const draw = (text) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 40;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const style = getComputedStyle(document.querySelector(".bd-article") ?? document.body);
    context.font = `24px ${style.fontFamily}`;
    context.fillText(text, 4, 30);
    return context.getImageData(0, 0, 40, 40).data.join();
  };
  // No font has these: they show the sign for a glyph that is missing.
  const missing = new Set(["\\u{10FFFD}", "\\u{FFFFE}", "\\uE0FF"].map(draw));
  return characters.filter((character) => missing.has(draw(character)));
}"""


def test_no_glyph_is_missing(new_page, address):
    page = new_page()
    for language in languages():
        characters = set()
        for name in pages():
            if name.startswith(f"{language}/"):
                page.goto(f"{address}/{name}")
                characters |= set(page.inner_text("main"))
        characters = sorted(character for character in characters if not character.isspace() and character > "~")
        # Icons have a font of their own.
        characters = [character for character in characters if not "\ue000" <= character <= "\uf8ff"]
        sample = {"ko": "한", "ja": "の", "zh-cn": "数"}.get(language)
        if sample and page.evaluate(GLYPHS, [sample]):
            pytest.skip(f"this machine has no font for {language}: install fonts-noto-cjk")
        assert page.evaluate(GLYPHS, characters) == [], language


def test_pictures_to_look_at(new_page, address):
    """Each kind of page, for eyes: target/browser/pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for language in languages():
        for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
            for scheme in ("light", "dark"):
                page = new_page(size, color_scheme=scheme)
                for name, place in (("index", ""), ("02_baseline", "#cell-id=thresholds"), ("search", "?q=loss")):
                    page.goto(f"{address}/{language}/{name}.html{place}")
                    page.wait_for_timeout(200)
                    page.screenshot(path=PICTURES / f"{language}-{name}-{device}-{scheme}.png")
                if language != "en":
                    break
    page = new_page()
    page.goto(f"{address}/en/{NOTEBOOK}")
    page.emulate_media(media="print")
    assert not page.locator(".bd-sidebar-primary").is_visible()
    assert not page.locator(".bd-header-article").is_visible()
    page.pdf(path=PICTURES / "print.pdf")
