"""Asks a kernel what its reader would: cells, Shift-Tab, completion. Reads the questions as JSON and prints the answers."""

import json
import os
import sys

from jupyter_client.manager import KernelManager

manager = KernelManager(kernel_name="rust")
manager.start_kernel(env=os.environ, stdout=sys.stderr)
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=300)


def answer(kind, code):
    if kind == "run":
        return client.execute_interactive(code, timeout=300, output_hook=lambda message: None)["content"]["status"]
    if kind == "inspect":
        return client.inspect(code, len(code), reply=True, timeout=300)["content"].get("data")
    return sorted(client.complete(code, len(code), reply=True, timeout=300)["content"]["matches"])


try:
    print(json.dumps({code: answer(kind, code) for kind, code in json.load(sys.stdin)}))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
