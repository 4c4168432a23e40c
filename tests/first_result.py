"""Presses Shift-Enter in a page of JupyterLab, as a reader does, and prints how long the first result takes.

first_result.py BROWSER ADDRESS

BROWSER is a Chromium; ADDRESS shows the notebook 01_data. The reader reads for five seconds, then runs the cells up to
the first one that shows a table or a figure. Needs websocket-client, which JupyterLab's server brings.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import websocket

NOTEBOOK = Path(__file__).parent.parent / "notebooks/en/01_data.ipynb"
PATIENCE = 600


class Page:
    """A page of a browser, by Chromium's protocol for developers."""

    def __init__(self, port):
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list"))
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        self.socket = websocket.create_connection(address, suppress_origin=True, timeout=PATIENCE)
        self.number = 0

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                return answer["result"]

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def wait_for(self, expression):
        begin = time.monotonic()
        while not self.evaluate(expression):
            if time.monotonic() - begin > PATIENCE:
                sys.exit(f"waited in vain for {expression}")
            time.sleep(0.02)

    def shift_enter(self):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "modifiers": 8}
        self.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)


def first_with_result():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    results = ("execute_result" in [output["output_type"] for output in cell.get("outputs", [])] for cell in cells)
    return list(results).index(True)


def wait_for_port(folder):
    file = Path(folder) / "DevToolsActivePort"
    begin = time.monotonic()
    while not file.exists() or not file.read_text().strip():
        if time.monotonic() - begin > PATIENCE:
            sys.exit("the browser does not start")
        time.sleep(0.1)
    return file.read_text().split()[0]


def measure(page, address):
    last = first_with_result()
    page.call("Page.navigate", url=address)
    page.wait_for("document.querySelectorAll('.jp-Notebook .jp-CodeCell').length > 0")
    time.sleep(5)
    page.evaluate("document.querySelector('.jp-Notebook').focus()")
    prompt = f"document.querySelector('.jp-Cell[data-windowed-list-index=\"{last}\"] .jp-InputPrompt')?.textContent"
    begin = time.monotonic()
    for _ in range(last + 1):
        page.shift_enter()
    page.wait_for(f"({prompt})?.includes('*')")
    page.wait_for(f"/\\d/.test({prompt})")
    return time.monotonic() - begin


def main():
    browser, address = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        options += ["--disable-background-networking", "--window-size=1400,1000", "--remote-debugging-port=0"]
        program = subprocess.Popen(
            [browser, *options, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            print(f"{measure(Page(wait_for_port(folder)), address):.2f}")
        finally:
            program.terminate()
            program.wait()


if __name__ == "__main__":
    main()
