"""The pages of `execute --out` stand alone: no request to anybody, formulas included."""

import subprocess

import pytest
from conftest import PICTURES, REPO

PYTHON = REPO / "target/tutorial/python/bin/python"


@pytest.fixture(scope="module")
def executed():
    if not PYTHON.is_file():
        pytest.skip("the notebooks' Python environment is not set up: cargo run -- setup")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = PICTURES.parent / "02_baseline.html"
    driver = REPO / "src/notebook/driver.py"
    subprocess.run([PYTHON, driver, "html", REPO / "notebooks/en/02_baseline.ipynb", page], check=True)
    return page


def test_an_executed_page_asks_for_nothing(new_page, executed):
    page = new_page(offline=True)
    page.goto(executed.as_uri())
    page.wait_for_timeout(500)
    assert not page.faults
    assert page.evaluate("performance.getEntriesByType('resource').filter((it) => !it.name.startsWith('data:')).length") == 0
    formula = page.locator("math").first
    assert formula.bounding_box()["height"] > 10
    assert page.locator("merror").count() == 0
    assert "$$" not in page.locator(".jp-RenderedMarkdown").all_inner_texts()
    page.screenshot(path=PICTURES / "executed.png")
