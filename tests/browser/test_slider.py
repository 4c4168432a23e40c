"""The slider of a notebook, in a page and in JupyterLab: its numbers are those of the crate's confusion matrix."""

import json
import os
import re
import secrets
import socket
import subprocess
import time
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import DESKTOP, PHONE, PICTURES, REPO

PYTHON = REPO / "target/tutorial/python/bin/python"
SLIDER = ".threshold-slider"


@pytest.fixture(scope="module")
def example():
    """The program that makes a page with sliders, and counts by the confusion matrix."""
    subprocess.run(["cargo", "build", "--quiet", "--workspace", "--example", "slider"], cwd=REPO, check=True)
    return REPO / "target/debug/examples/slider"


@pytest.fixture(scope="module")
def saved(example):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = PICTURES.parent / "slider.html"
    subprocess.run([example, "page", page], check=True)
    return page


def number(text):
    return float(text.replace(",", "").replace("−", "-"))


def shown(slider):
    """What stands in a slider: (model, threshold, the four counts, cost)."""
    text = lambda selector: slider.locator(selector).inner_text()
    model = text("fieldset label:has(input:checked)").strip()
    counts = [number(text(f".matrix .{name}")) for name in ["tn", "fp", "fn", "tp"]]
    head = slider.locator(".models tr").first.locator("th").all_inner_texts()
    cost = slider.locator(".models tr.chosen td").nth(head.index("cost") - 1).inner_text()
    return model, slider.locator("input.threshold").input_value(), counts, number(cost)


def assert_counted(example, found):
    """Compares what stood there with what the confusion matrix counts at the same thresholds."""
    for model in {model for model, *_ in found}:
        of_model = [entry for entry in found if entry[0] == model]
        command = [example, "counts", model, *[threshold for _, threshold, *_ in of_model]]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        for (_, threshold, counts, cost), line in zip(of_model, lines, strict=True):
            *expected, total = map(float, line.split())
            assert counts == expected, f"{model} at {threshold}"
            assert abs(cost - total) <= 0.51, f"{model} at {threshold}: {cost}, not {total}"


def drag(page, target, shares):
    """Drags from place to place of an element, as shares of its width."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    at = lambda share: (box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    page.mouse.move(*at(shares[0]))
    page.mouse.down()
    for share in shares:
        page.mouse.move(*at(share), steps=3)
        yield share
    page.mouse.up()


def twenty(page, slider):
    """Twenty thresholds: ten by mouse, on the figure and on the slider below, and ten by keyboard."""
    found = []
    for target in [slider.locator("svg").first, slider.locator("input[type=range]")]:
        for _ in drag(page, target, [0.2, 0.35, 0.5, 0.65, 0.8]):
            found.append(shown(slider))
    slider.locator("input[type=range]").focus()
    for key in ["Home", "PageUp", "ArrowRight", "ArrowUp", "Shift+ArrowRight", "End", "PageDown", "ArrowLeft", "ArrowDown", "PageDown"]:
        page.keyboard.press(key)
        found.append(shown(slider))
    assert len({threshold for _, threshold, *_ in found}) >= 18, "the slider moves"
    return found


def test_every_number_is_that_of_the_confusion_matrix(new_page, saved, example):
    page = new_page()
    page.goto(saved.as_uri())
    slider = page.locator(SLIDER).first
    assert shown(slider)[:2] == ("baseline", "0.5")
    found = twenty(page, slider)
    slider.get_by_role("radio", name="weighted").check()
    found += twenty(page, slider)
    for label in ["by the costs", "cheapest here", "0.5"]:
        slider.get_by_role("button", name=label, exact=True).click()
        found.append(shown(slider))
    slider.locator("input.threshold").fill("0.0123")
    slider.locator("input.threshold").press("Enter")
    found.append(shown(slider))
    assert found[-1][1] == "0.0123"
    assert_counted(example, found)
    assert not page.faults


def test_the_ends_are_no_alarm_and_all_alarms(new_page, saved, example):
    page = new_page()
    page.goto(saved.as_uri())
    slider = page.locator(SLIDER).first
    slider.locator("input[type=range]").focus()
    page.keyboard.press("End")
    nothing = shown(slider)
    page.keyboard.press("Home")
    everything = shown(slider)
    assert (nothing[1], nothing[2][1], nothing[2][3]) == ("1", 0, 0)
    assert (everything[1], everything[2][0], everything[2][2]) == ("0", 0, 0)
    assert_counted(example, [nothing, everything])


def test_costs_can_be_edited_and_the_cheapest_is_the_cheapest(new_page, saved):
    page = new_page()
    page.goto(saved.as_uri())
    slider = page.locator(SLIDER).nth(1)
    cost = lambda: shown(slider)[3]
    for false_alarm, missed in [(5, 15), (1, 1), (300, 20), (2, 900)]:
        slider.locator("input.falseAlarm").fill(str(false_alarm))
        slider.locator("input.missed").fill(str(missed))
        slider.get_by_role("button", name="cheapest here").click()
        _, _, counts, lowest = shown(slider)
        assert lowest == false_alarm * counts[1] + missed * counts[2]
        for key in ["ArrowLeft", "PageUp", "PageUp", "Home"]:
            slider.locator("input[type=range]").press(key)
            assert cost() >= lowest
    slider.locator("input.missed").fill("-1")
    assert slider.locator("input.missed").get_attribute("aria-invalid") == "true"


def test_two_sliders_on_a_page_leave_each_other_alone(new_page, saved):
    page = new_page()
    page.goto(saved.as_uri())
    first, second = page.locator(SLIDER).first, page.locator(SLIDER).nth(1)
    before = shown(second)
    first.get_by_role("radio", name="weighted").check()
    first.locator("input[type=range]").press("Home")
    assert shown(second) == before and shown(first)[0] == "weighted"
    assert "alarms a day" in first.locator(".models").inner_text()
    assert "alarms a day" not in second.locator(".models").inner_text()


def test_a_finger_moves_it(new_page, saved, example):
    page = new_page(PHONE, has_touch=True, is_mobile=True)
    page.goto(saved.as_uri())
    slider = page.locator(SLIDER).first
    figure = slider.locator("svg").first
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    found = []
    for share in [0.3, 0.6, 0.85]:
        page.touchscreen.tap(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        found.append(shown(slider))
    assert len({threshold for _, threshold, *_ in found}) == 3
    assert_counted(example, found)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.screenshot(path=PICTURES / "slider-phone.png", full_page=True)


def test_without_scripts_a_picture_and_a_table_stand_there(new_page, saved, example):
    page = new_page(java_script_enabled=False)
    page.goto(saved.as_uri())
    slider = page.locator(SLIDER).first
    assert_still(slider, example)
    assert slider.locator("input").count() == 0
    page.screenshot(path=PICTURES / "slider-still.png", full_page=True)


def assert_still(slider, example):
    picture = slider.locator("img")
    assert picture.is_visible() and picture.bounding_box()["height"] > 200
    assert "precision" in picture.get_attribute("alt")
    rows = [row.locator("th, td").all_inner_texts() for row in slider.locator("tr").all()]
    at_half = [row for row in rows if row[1] == "0.500"]
    assert [row[0] for row in at_half] == ["baseline", "weighted"]
    for name, _, found, missed, false_alarms, *_, euro in at_half:
        line = subprocess.run([example, "counts", name, "0.5"], check=True, capture_output=True, text=True).stdout
        _, fp, fn, tp, total = map(float, line.split())
        assert [number(found), number(missed), number(false_alarms)] == [tp, fn, fp]
        assert abs(number(euro) - total) <= 0.51


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_used_by_everybody(new_page, saved, scheme):
    page = new_page(color_scheme=scheme)
    page.goto(saved.as_uri())
    slider = page.locator(SLIDER).first
    is_dark = "dark" in slider.locator(".body").get_attribute("class")
    assert is_dark == (scheme == "dark")
    slider.get_by_role("radio", name="weighted").check()
    slider.locator("input[type=range]").press("ArrowLeft")
    threshold = slider.locator("input.threshold").input_value()
    assert slider.get_by_role("slider", name="Threshold").get_attribute("aria-valuetext").startswith(f"Threshold {threshold}")
    page.wait_for_timeout(900)
    assert slider.get_by_role("status").inner_text().startswith(f"Threshold {threshold}, weighted: ")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]})
    # The page is only there for the sliders: it has no heading or landmark of its own.
    page_rules = {"page-has-heading-one", "landmark-one-main", "region"}
    faults = [fault for fault in found.response["violations"] if fault["id"] not in page_rules]
    assert not faults, json.dumps(faults, indent=1)[:3000]
    page.screenshot(path=PICTURES / f"slider-{scheme}.png", full_page=True)


# ---- Through the kernel, in JupyterLab and in the page of `execute --out`.


@pytest.fixture(scope="module")
def executed(example, tmp_path_factory):
    """A notebook with a slider that the launcher has run, and its page."""
    if not PYTHON.is_file():
        pytest.skip("the notebooks' Python environment is not set up: cargo run -- setup")
    source = (REPO / "support/examples/slider.rs").read_text()
    invented = re.search(r"^fn invented.*?^}", source, re.S | re.M).group()
    cells = [
        f':dep support = {{ path = "{REPO / "support"}" }}\nuse support::*;\nuse support::ndarray::Array1;',
        invented,
        "let (labels, scores, amounts) = invented();\n"
        "let weighted = multiply_odds(&scores, 300.0)?;\n"
        "let costs = Costs { false_alarm: 5.0, missed: 15.0 }.with_amounts(&amounts)?;",
        'plot::slider(&labels, &[("baseline", &scores), ("weighted", &weighted)], &costs, 0.5)?',
    ]
    code = lambda source: {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    cells = [code(source) | {"id": f"cell-{place}"} for place, source in enumerate(cells)]
    kernel = {"kernelspec": {"display_name": "Rust", "language": "rust", "name": "rust"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    folder = tmp_path_factory.mktemp("slider")
    (folder / "slider.ipynb").write_text(json.dumps(notebook))
    launcher = ["cargo", "run", "--quiet", "--", "execute", folder / "slider.ipynb", "--out", folder / "out"]
    subprocess.run(launcher, cwd=REPO, check=True)
    return folder / "out"


def test_the_exported_page(new_page, executed, example):
    page = new_page()
    page.goto((executed / "slider.html").as_uri())
    slider = page.locator(SLIDER).first
    assert_counted(example, twenty(page, slider))
    assert not page.faults
    page.screenshot(path=PICTURES / "slider-exported.png")


@pytest.fixture
def lab(executed):
    """JupyterLab on the folder of the notebook: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    home = REPO / "target/tutorial/jupyter"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ["CONFIG", "DATA", "RUNTIME"]}
    environment |= {"PATH": f"{PYTHON.parent}:{environment['PATH']}", "JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_TOKEN": token}
    options = [f"--ServerApp.port={port}", f"--ServerApp.root_dir={executed}", "--ServerApp.allow_root=True", "--no-browser"]
    log = open(executed / "lab.log", "w")
    server = subprocess.Popen([PYTHON.parent / "jupyter-lab", *options], env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5)
                break
            except OSError:
                time.sleep(0.5)
        yield f"{address}/lab/tree/slider.ipynb?token={token}"
    finally:
        server.terminate()
        server.wait(60)
        log.close()


def test_in_jupyterlab(browser, lab, example):
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(lab, timeout=120_000)
    # Nobody has trusted the notebook yet, so no program runs.
    still = page.locator(f"{SLIDER} img")
    still.wait_for(timeout=120_000)
    assert_still(page.locator(SLIDER).first, example)
    page.screenshot(path=PICTURES / "slider-untrusted.png")
    page.locator(".jp-Cell-inputArea").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    slider = page.locator(SLIDER).first
    slider.locator("input[type=range]").wait_for(timeout=600_000)
    assert_counted(example, twenty(page, slider))
    assert page.locator(".jp-Notebook .jp-mod-selected").count() <= 1, "the notebook does not take the slider's keys"
    page.screenshot(path=PICTURES / "slider-lab.png")
    context.close()
