"""What does the real web process answer to hostile files, and what do they cost it?

Starts the portal as ``script/server`` does, in a temporary folder and with one web process, and posts every
file of ``tests/predictions/hostile.py`` to ``/api/v1/predict``. Prints what each was answered, how far the
resident memory of the web process and its decoder rose above what it was before, and how long the answer
took. Ends with status 1 if an answer is not the expected one, or if the image folder holds anything but bare
JPEG and PNG.

Usage: .venv/bin/python bench/hostile.py [--write]; the latter puts the table into ``docs/hostile-files.md``.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from serve import ROOT, SERVERS, first_link, free_port, sign_in
from serve_load import family

sys.path.insert(0, str(ROOT))
from tests.predictions import hostile

PAGE = ROOT / "docs" / "hostile-files.md"
# Just so much too large that the request is read; a larger one is refused by its header alone.
LARGE = 25 * 1024 * 1024
# What Pillow tells of every JPEG that it wrote itself.
FRAME = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
HEAD = """# Hostile files

Each file of `tests/predictions/hostile.py`, sent to the real web process by `bench/hostile.py --write`, which
made this page. **Memory** is how far the resident memory of the web process and its decoder rose while they
worked on the file, **ms** the time until the answer. 202 is a file that was taken: what was stored of it is
the bare picture.

What a file can cost is bounded before it is decoded. It has at most 25 MB (`UPLOAD_MAX_MB`) and, by its
header, 24 megapixels (`UPLOAD_MAX_MEGAPIXELS`). Metadata, of which only the orientation is read, and what
hangs behind the picture are cut off. A JPEG has at most 64 scans and 2,000 segments, a PNG at most 20,000
chunks. Of a TIFF the directory is held against the file and written anew, with nothing but where the picture
lies and how it is coded: one page, 200 entries, 20,000 strips or tiles, together no larger than the file, and
deflate that unfolds to no more than the picture (`predictions/decoding/bare`).

What is decoded is decoded in a process of its own (`predictions/decoding`), one file at a time. It knows no
secret, can open neither file nor connection and start no process. A file that takes more than 30 seconds
(`DECODE_MAX_SECONDS`) or more than 500 MB of memory (`DECODE_MAX_MB`) is stopped with it and refused
(`took_too_long`, `took_too_much_memory`); a file that ends it otherwise is refused as damaged. The web
process goes on, and the next file gets a new one.
"""


@dataclass
class Case:
    """A file, or several in one request, and the status that it is to be answered with."""

    name: str
    contents: list[bytes]
    status: int


def cases() -> list[Case]:
    """Return everything that is sent."""
    found = [Case(name, [content], status) for name, content, _code, status in hostile.refused()]
    found += [Case(name, [content], 202) for name, content in hostile.accepted()]
    plain = hostile.jpeg(seed=5)
    clear = Image.new("RGBA", (4800, 5000), (90, 60, 150, 100))
    found += [Case(name, [plain], 202) for name in hostile.NAMES if name]
    return [
        *found,
        Case("same-name.jpg", [hostile.jpeg(seed=6)], 202),
        Case("same-name.jpg", [hostile.jpeg(seed=7)], 202),
        Case("same-bytes.jpg", [hostile.jpeg(seed=7)], 202),
        Case("two-in-one-request.jpg", [plain, plain], 400),
        Case("too-large.jpg", [hostile.jpeg() + bytes(LARGE)], 413),
        Case("24-megapixels.png", [hostile.bomb(4800, 5000)], 202),
        Case("24-megapixels-see-through.png", [hostile.encoded(clear, "PNG")], 202),
        Case("as-many-scans-as-allowed.jpg", [hostile.many_scans(scans=50)], 202),
    ]


def main() -> int:
    """Run all cases against a portal of its own."""
    lines, problems = [], []
    with tempfile.TemporaryDirectory(prefix="hv-hostile-") as var:
        env = {name: value for name, value in os.environ.items() if name not in SERVERS}
        port = free_port()
        env |= {"HV_VAR": var, "HOST": "127.0.0.1", "PORT": str(port), "WEB_WORKERS": "1"}
        env |= {"PREDICT_WAIT_SECONDS": "0", "LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-m", "hematovision.supervisor"]
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        try:
            token = sign_in(port, first_link(server))
            process = web_process(server.pid)
            for case in [Case("warm-up.jpg", [hostile.jpeg(seed=8)], 202), *cases()]:
                line, problem = run(case, port, token, process)
                lines.append(line)
                problems += problem
                print(line, flush=True)
            if process != web_process(server.pid):
                problems.append("The web process died and was started again.")
            problems += strange(Path(var) / "images")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    print(
        "\n".join(problems) or f"{len(lines) - 1} files: each answered as expected, nothing strange stored."
    )
    if "--write" in sys.argv and not problems:
        table = [
            "| file | bytes | status | message | memory, MB | ms |",
            "|---|--:|--:|---|--:|--:|",
            *lines[1:],
        ]
        PAGE.write_text(HEAD + "\n" + "\n".join(table) + "\n")
    return 1 if problems else 0


def run(case: Case, port: int, token: str, process: int) -> tuple[str, list[str]]:
    """Send one case; return its line of the table and what is wrong with the answer."""
    content_type, body = request_of(case)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    both = family(process)
    before = sum(resident(one, "VmRSS") for one in both)
    for one in both:
        # Forgets the highest memory so far.
        Path(f"/proc/{one}/clear_refs").write_text("5")
    began = time.perf_counter()
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {token}"}
    connection.request("POST", "/api/v1/predict", body, headers)
    response = connection.getresponse()
    answer = json.loads(response.read() or b"{}")
    taken = (time.perf_counter() - began) * 1000
    extra = max(0.0, sum(resident(one, "VmHWM") for one in both) - before)
    message = answer.get("detail") or f"stored, {answer.get('width')} x {answer.get('height')}"
    message = message.rpartition(f"{case.name}: ")[2].replace("|", "\\|")
    name = ascii(case.name)[1:-1].replace("|", "\\|")
    name = name if len(name) <= 40 else f"{name[:20]}… ({len(case.name)} characters)"
    size = sum(map(len, case.contents))
    line = f"| `{name}` | {size:,} | {response.status} | {message} | {extra:.0f} | {taken:.0f} |"
    wrong = response.status != case.status or (response.status != 202 and len(answer["detail"]) < 20)
    return line, [f"{name}: {case.status} was expected, {response.status} came."] if wrong else []


def request_of(case: Case) -> tuple[str, bytes]:
    """Return the type and the body of a multipart request, its file names escaped as browsers do."""
    mark = uuid.uuid4().hex
    name = case.name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    parts = b"".join(head + content + b"\r\n" for content in case.contents)
    return f"multipart/form-data; boundary={mark}", parts + f"--{mark}--\r\n".encode()


def web_process(root: int) -> int:
    """Return the process that answers requests: the web server's one child."""
    lines = {one: Path(f"/proc/{one}/cmdline").read_bytes() for one in family(root)}
    web = {one for one, line in lines.items() if b"gunicorn" in line}
    (worker,) = [one for one in web if web.intersection(family(one)) == {one}]
    return worker


def resident(process: int, what: str) -> float:
    """Return a figure of the kernel on the memory of a process in MB: ``VmRSS`` now, ``VmHWM`` at most."""
    text = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(what)) / 1024


def strange(folder: Path) -> list[str]:
    """Return what the image folder holds that is no bare JPEG or PNG; to be empty."""
    problems = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"):
        with Image.open(file, formats=("JPEG", "PNG")) as picture:
            picture.load()
            if picture.mode != "RGB" or picture.getexif() or set(picture.info) - FRAME:
                problems.append(f"{file.name} holds more than a picture: {sorted(picture.info)}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
