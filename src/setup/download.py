"""Downloads a file. Started by the launcher: download.py URL FILE BYTES SECONDS

What FILE holds already is kept, and the server is asked for the rest; also after SECONDS in which
nothing came. For 0 BYTES the server is believed how many there are, or ends when there are no more.
Prints one JSON object a line: {"position": bytes so far}, {"again": why}, and at last
{"failed": why} or nothing.
"""

import http.client
import json
import os
import ssl
import sys
import time
import urllib.request

# In a row, without a byte between them.
TRIES = 4


def say(**what):
    print(json.dumps(what), flush=True)


def certificates():
    """The system's, with a company's own; where Python knows none, those that pip brings."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (context.get_ca_certs() or paths.cafile or paths.capath):
        from pip._vendor import certifi

        context.load_verify_locations(certifi.where())
    return context


def fetch(url, file, total, seconds):
    there = os.path.getsize(file) if os.path.exists(file) else 0
    request = urllib.request.Request(url)
    if there:
        request.add_header("Range", f"bytes={there}-")
    context = certificates() if url.startswith("https:") else None
    with urllib.request.urlopen(request, timeout=seconds, context=context) as response:
        goes_on = response.status == 206
        with open(file, "ab" if goes_on else "wb") as out:
            position = there if goes_on else 0
            if not total and response.length is not None:
                total = position + response.length
            while not total or position < total:
                block = response.read1(1 << 16)
                if not block and not total:
                    return
                if not block:
                    raise OSError(f"the connection ended at byte {position} of {total}")
                out.write(block)
                position += len(block)
                say(position=position)


def is_final(error):
    """Would the server say it again? Not when it is only busy."""
    code = getattr(error, "code", 0)
    return 400 <= code < 500 and code not in (408, 425, 429)


def download(url, file, total, seconds):
    tries = 0
    while True:
        before = os.path.getsize(file) if os.path.exists(file) else 0
        if 0 < total <= before:
            return
        try:
            return fetch(url, file, total, seconds)
        except (OSError, http.client.HTTPException) as error:
            came = os.path.exists(file) and os.path.getsize(file) > before
            tries = 0 if came else tries + 1
            if tries == TRIES or is_final(error):
                raise
            say(again=str(error))
            time.sleep(min(2**tries, seconds / 10))


if __name__ == "__main__":
    url, file, total, seconds = sys.argv[1:]
    try:
        download(url, file, int(total), float(seconds))
    except (OSError, ValueError, http.client.HTTPException) as error:
        say(failed=str(error))
        sys.exit(1)
