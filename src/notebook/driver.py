"""Runs one notebook through its kernel, or turns one into HTML. Started by the launcher.

run IN OUT     executes the notebook IN and writes what came of it, also after an error, to OUT.
               Prints one JSON object a line: start, cell, cell_done, error, done.
html IN OUT    writes the notebook as a page.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path

# Without it jsonschema doesn't check international addresses, of which notebooks have none. When
# imported it builds their grammar, which takes longer than all other modules together: two seconds.
sys.modules["rfc3987_syntax"] = None

import nbformat  # noqa: E402


# A kernel dies at its start when another program takes its port, or memory is short for a moment.
STARTS = 3


def late():
    """How many seconds a cell's last lines may be on their way: more on a busy machine."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 1
    return 0.05 * max(1, min(waiting, 20))


class WroteToErrorStream(Exception):
    """To evcxr a `?` that met an error, or a panic, is no failure: it prints it, and is done."""


def say(event, **details):
    print(json.dumps({"event": event, **details}), flush=True)


def end_with_launcher():
    """A killed launcher can't tell this program to end; its kernel ends with it."""
    launcher = os.getppid()

    def watch():
        while os.getppid() == launcher:
            time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def run(source, target):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from traitlets.config import Config

    notebook = nbformat.read(source, as_version=4)
    code_cells = [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    numbers = {index: number for number, index in enumerate(code_cells, start=1)}
    started = {}

    def on_start(cell, cell_index):
        if cell_index in numbers:
            started[cell_index] = time.monotonic()
            say("cell", number=numbers[cell_index], index=cell_index)

    async def on_end(cell, cell_index, execute_reply):
        if cell_index not in started or execute_reply["content"]["status"] == "error":
            return
        seconds = time.monotonic() - started[cell_index]
        await take_late_lines(cell, cell_index)
        if error_stream(cell) and "raises-exception" not in cell.metadata.get("tags", []):
            raise WroteToErrorStream
        say(
            "cell_done",
            number=numbers[cell_index],
            index=cell_index,
            seconds=seconds,
            result=any(output.output_type == "execute_result" for output in cell.outputs),
            memory=memory(),
        )

    async def take_late_lines(cell, cell_index):
        while True:
            try:
                message = await client.kc.get_iopub_msg(timeout=late())
            except queue.Empty:
                return
            if message["msg_type"] == "stream":
                client.process_message(message, cell, cell_index)

    make_client = lambda: NotebookClient(  # noqa: E731
        notebook,
        # On a busy machine a kernel needs time to remove its folder; Jupyter kills it after 5 s.
        config=Config({"KernelManager": {"shutdown_wait_time": 60.0}}),
        timeout=None,
        startup_timeout=300,
        kernel_name="rust",
        record_timing=False,
        resources={"metadata": {"path": str(Path(source).resolve().parent)}},
        on_cell_start=on_start,
        on_cell_executed=on_end,
    )
    say("start", cells=len(code_cells))
    begin = time.monotonic()
    for start in range(1, STARTS + 1):
        failure = None
        client = make_client()
        try:
            client.execute()
        except (CellExecutionError, DeadKernelError, WroteToErrorStream) as error:
            last = max(started, default=None)
            failure = failed_cell(notebook, last, numbers, error)
        except RuntimeError as error:
            failure = {"number": 0, "index": None, "text": str(error)}
            if not started and start < STARTS:
                print(f"The kernel did not start: {error}. Again", file=sys.stderr, flush=True)
                continue
        break
    nbformat.write(notebook, target)
    if failure:
        say("error", **failure)
    say("done", seconds=time.monotonic() - begin)


def failed_cell(notebook, index, numbers, error):
    texts = []
    if index is not None:
        cell = notebook.cells[index]
        texts.append(error_stream(cell))
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                texts.append("\n".join(output.get("traceback") or [output.evalue]))
    text = "\n".join(filter(None, texts)) or str(error)
    return {"number": numbers.get(index, 0), "index": index, "text": text}


def error_stream(cell):
    return "".join(
        output.text
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ).strip()


def memory():
    """The most MB that the kernel and the process of its cells have held; only Linux tells."""
    try:
        processes = children(os.getpid())
        while processes and not any("evcxr" in name_of(process) for process in processes):
            processes = [child for process in processes for child in children(process)]
        kernel = [process for process in processes if "evcxr" in name_of(process)][:1]
        return [most_megabytes(process) for process in kernel + children(*kernel)[:1]]
    except OSError:
        # One of them has just ended.
        return []


def children(process=None):
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def name_of(process):
    return Path(f"/proc/{process}/comm").read_text()


def most_megabytes(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))


# A page asks nothing of another host: what nbconvert would load is for widgets, diagrams, formulas.
PAGE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""


def html(source, target):
    from latex2mathml.converter import convert
    from nbconvert import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    # Browsers draw MathML without a script.
    IPythonRenderer.inline_math = lambda self, body: convert(body)
    IPythonRenderer.block_math = lambda self, body: convert(body, display="block")
    notebook = nbformat.read(source, as_version=4)
    name = {"metadata": {"name": Path(target).stem}}
    body, _ = HTMLExporter(raw_template=PAGE).from_notebook_node(notebook, resources=name)
    Path(target).write_text(body, encoding="utf-8")


if __name__ == "__main__":
    end_with_launcher()
    verb, *paths = sys.argv[1:]
    {"run": run, "html": html}[verb](*paths)
