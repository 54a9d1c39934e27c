"""Many large images over a bad line: cut, reloaded, signed out, and in the end each is stored once."""

import base64
import hashlib
import io
import random
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.people import sign_in
from tests.browser.test_image_line import row
from tests.browser.test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.processes]
dice = random.Random()
MANY = 30
MOVING = '.upload:is([data-state="queued"], [data-state="sending"], [data-state="waiting"])'


def noise(side):
    """A PNG of noise that nobody has uploaded yet; three bytes a pixel, since noise cannot be packed."""
    pixels = np.random.default_rng(dice.getrandbits(60)).integers(0, 256, (side, side, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=0)
    return out.getvalue()


@pytest.fixture
def files(tmp_path):
    """Thirty files of three megabytes, on the disk as a person has them."""
    paths = [tmp_path / f"field-{number:02}.png" for number in range(MANY)]
    for path in paths:
        path.write_bytes(noise(1000))
    return paths


def sample(page):
    """Register a sample and open its page."""
    page.goto("/samples/new/")
    page.locator("[name=accession]").fill(f"HV-P{dice.getrandbits(40)}")
    page.get_by_role("button", name="Register").click()
    page.wait_for_url(re.compile(r"/samples/[0-9a-f-]{36}/"))


def send(page, files):
    page.locator("#files").set_input_files(files)
    expect(page.locator("#send")).to_be_enabled()
    page.locator("#send").click()


class BadLine:
    """The page's line: so many megabytes in a second at most, until it is cut."""

    def __init__(self, page, megabytes):
        self.session = page.context.new_cdp_session(page)
        self.line = {"latency": 5, "downloadThroughput": -1, "uploadThroughput": megabytes * 1_000_000}
        self.mend()

    def mend(self):
        self.session.send("Network.emulateNetworkConditions", {"offline": False, **self.line})

    def cut(self):
        self.session.send("Network.emulateNetworkConditions", {"offline": True, **self.line})

    def end(self):
        self.session.detach()


def stored(page):
    return int(page.locator("#overall .told").text_content().split()[0])


def where_it_is(page, content):
    """Ask the portal whether it has a file of exactly these bytes; return its address."""
    digest = base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(content)),
        "Upload-Metadata": f"sha256 {digest}",
        "X-CSRFToken": page.locator("#upload [name=csrfmiddlewaretoken]").input_value(),
        "Accept": "application/json",
    }
    answer = page.request.post(page.locator("#upload").get_attribute("data-pieces-url"), headers=headers)
    assert answer.status == 409, answer.text()
    return answer.json()["duplicate_of"]["url"]


def test_thirty_large_files_survive_a_cut_and_a_reload(open_page, files):
    page = open_page("technician", refusals=True)
    page.on("dialog", lambda dialog: dialog.accept())
    sample(page)
    line = BadLine(page, 8)
    send(page, files)
    page.wait_for_function("() => parseInt(document.querySelector('#overall .told').textContent) >= 3")
    line.cut()
    expect(page.locator('.upload[data-state="waiting"]').first).to_be_visible()
    expect(page.locator('[data-line="lost"]')).to_be_visible()
    before = stored(page)
    line.mend()
    page.wait_for_function(
        f"() => parseInt(document.querySelector('#overall .told').textContent) >= {before + 4}"
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('.progress')].some((one) => one.value > 40 && one.value < 100)"
    )
    # The line stays slow until the page has gone, so that what is on its way does not arrive meanwhile.
    page.reload()
    line.end()
    expect(page.locator("#unfinished .words")).to_contain_text("not finished: choose")
    begun = page.locator("#unfinished [data-address]").count()
    assert 1 <= begun <= 3
    page.locator("details.images").evaluate("(one) => { one.open = true; }")
    page.locator("#files").set_input_files(files)
    expect(page.locator("#unfinished")).to_be_hidden()
    expect(
        page.locator(".before:not([hidden])").filter(has_text=re.compile(r"[1-9]\d* %")).first
    ).to_be_visible()
    page.locator("#send").click()
    expect(page.locator(MOVING)).to_have_count(0, timeout=120_000)
    page.get_by_role("button", name="Leave duplicates out").click()
    expect(page.locator(".upload")).to_have_count(0)
    page.reload()
    expect(page.locator("#panel")).to_contain_text(f"{MANY} fields")
    expect(page.locator(".duplicates")).to_have_count(0)
    expect(page.locator("#unfinished")).to_have_count(0)
    addresses = {where_it_is(page, file.read_bytes()) for file in files}
    assert len(addresses) == MANY
    kept = page.request.get(where_it_is(page, files[7].read_bytes()) + "image/").body()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(kept))), np.asarray(Image.open(files[7])))


def test_a_session_that_ends_while_sending_loses_nothing(open_page, files):
    page = open_page(refusals=True)
    sign_in(page, "technician")
    sample(page)
    BadLine(page, 3)
    send(page, files[:5])
    page.wait_for_function("() => parseInt(document.querySelector('#overall .told').textContent) >= 1")
    page.context.clear_cookies()
    expect(page.locator('.upload[data-state="signedout"]').first).to_be_visible()
    expect(page.locator('[data-line="out"]')).to_be_visible(timeout=20_000)
    other = page.context.new_page()
    sign_in(other, "technician")
    other.close()
    # Whoever comes back to the tab finds it going on by itself; the button is for two windows side by side.
    page.evaluate("document.getElementById('line-signed-in').click()")
    expect(page.locator(".upload")).to_have_count(0, timeout=60_000)
    expect(page.locator("#overall .told")).to_have_text("All sent: 5 stored")


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1440, False)])
def test_the_same_file_twice_asks_and_a_row_can_be_cancelled(open_page, tmp_path, width, dark):
    page = open_page("technician", refusals=True, width=width, dark=dark)
    sample(page)
    one, copy, other = (tmp_path / name for name in ("one.png", "copy.png", "other.png"))
    one.write_bytes(noise(1300))
    copy.write_bytes(one.read_bytes())
    other.write_bytes(noise(1300))
    BadLine(page, 1)
    send(page, [one, copy, other])
    asks = row(page, "copy.png")
    expect(asks).to_have_attribute("data-state", "asks")
    expect(asks).to_contain_text("among those chosen, under this name: one.png")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    asks.get_by_role("button", name="Leave it out").click()
    row(page, "other.png").get_by_role("button", name="Remove").click()
    expect(page.locator(".upload")).to_have_count(0, timeout=30_000)
    expect(page.locator("#overall .told")).to_have_text("All sent: 1 stored")
    page.reload()
    expect(page.locator("#panel")).to_contain_text("1 field")
    expect(page.locator("#unfinished")).to_have_count(0)
