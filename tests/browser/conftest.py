"""One browser and one server for all tests of pages; each test gets pages that note what goes wrong in them."""

import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

REPO = Path(__file__).parents[2]
SITE = REPO / "target/site/html"
PICTURES = REPO / "target/browser/pictures"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class Quiet(SimpleHTTPRequestHandler):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, directory=SITE, **named)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address():
    """Where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser, address):
    """Makes pages; `page.faults` holds what went wrong: errors, failed and foreign requests."""
    contexts = []

    def make(size=DESKTOP, **options):
        context = browser.new_context(viewport=size, **options)
        contexts.append(context)
        page = context.new_page()
        # On a machine that does other work too, a page may take its time.
        page.set_default_timeout(60_000)
        page.faults = []
        page.on("console", lambda said: said.type in ("error", "warning") and page.faults.append(said.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        # What a page still reads when the reader goes on is no fault; a foreign request is noted below.
        page.on(
            "requestfailed",
            lambda request: request.failure == "net::ERR_ABORTED" or page.faults.append(f"{request.url} failed"),
        )
        page.on(
            "response", lambda answer: answer.status >= 400 and page.faults.append(f"{answer.url}: {answer.status}")
        )

        def guard(route):
            url = route.request.url
            if url.startswith((address, "data:", "blob:", "file:")):
                route.continue_()
            else:
                page.faults.append(f"{url} is asked of another host")
                route.abort()

        context.route("**/*", guard)
        return page

    yield make
    for context in contexts:
        context.close()


def pages():
    """The pages of the lesson, as en/02_baseline.html; the crate's documentation is rustdoc's."""
    found = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return [page for page in found if page.split("/")[0] not in ("crate", "files", "index.html")]


def languages():
    """The languages of the site, English first."""
    found = {page.split("/")[0] for page in pages()}
    return ["en", *sorted(found - {"en"})]
