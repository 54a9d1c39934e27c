"""A whole day of a sample: real images registered, corrected, signed, amended and confirmed by their code."""

import io
import os
import re
import signal
import uuid

import numpy as np
import pypdf
import pypdfium2
import pytest
from playwright.sync_api import expect
from scipy.stats import binomtest

from tests.browser.people import PASSWORD
from tests.browser.test_gallery import enter, said, settled
from tests.browser.test_image_line import smear

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# Folder of the image set -> what the laboratory's catalogue calls it; of PBC also how many pictures of it.
KAGGLE = {
    "NEUTROPHIL": "neutrophil",
    "EOSINOPHIL": "eosinophil",
    "LYMPHOCYTE": "lymphocyte",
    "MONOCYTE": "monocyte",
}
PBC = {
    "neutrophil": ("neutrophil", 14),
    "lymphocyte": ("lymphocyte", 10),
    "basophil": ("basophil", 8),
    "eosinophil": ("eosinophil", 8),
    "monocyte": ("monocyte", 8),
    "ig": ("immature_granulocyte", 6),
    "erythroblast": ("erythroblast", 4),
    "platelet": ("platelet", 2),
}
COMMENT = "\n".join(
    f"Line {number} of what the doctor has to say about this smear." for number in range(1, 21)
)
CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b")


def pictures(image_sets):
    """A hundred and twenty real images, each named by the class of the folder that it lies in."""
    chosen = []
    for folder, code in KAGGLE.items():
        files = sorted((image_sets / "kaggle-bccd" / "TEST" / folder).iterdir())
        # Neighbours are copies of one original, so they are taken from everywhere.
        chosen += [(code, file) for file in files[:: len(files) // 15][:15]]
    for folder, (code, many) in PBC.items():
        chosen += [(code, file) for file in sorted((image_sets / "pbc" / folder).iterdir())[:many]]
    assert len(chosen) == 120
    return [
        {"name": f"{code}-{place:03}.jpg", "mimeType": "image/jpeg", "buffer": file.read_bytes()}
        for place, (code, file) in enumerate(chosen)
    ]


def register(page, accession, **facts):
    page.goto("/samples/new/")
    page.locator("[name=accession]").fill(accession)
    for name, value in facts.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Register and add images").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(accession.upper())


def send(page, files, seconds=180):
    """Upload and wait until the portal has read every field."""
    page.locator("#files").set_input_files(files)
    page.locator("#send").click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text(f"{len(files)} fields", timeout=seconds * 1000)
    expect(panel.locator(".chip").get_by_text("to review")).to_be_visible(timeout=seconds * 1000)


def truth(page, cell):
    """The class of the folder that a cell's picture came from, as its context names the picture."""
    html = page.request.get(f"/cells/{cell}/context/").text()
    return re.search(r">([a-z_]+)-\d{3}\.jpg<", html)[1]


def cells(page):
    return page.locator(".group .cell").evaluate_all(
        "all => all.map((one) => [one.dataset.cell, one.dataset.code])"
    )


def rename(page, cell, code):
    """Name a cell by the catalogue's key."""
    one = page.locator(f'[data-cell="{cell}"]')
    one.focus()
    page.keyboard.press(page.locator(f'.group[data-code="{code}"]').get_attribute("data-key"))
    expect(one).to_have_attribute("data-code", code)


def correct(page, most=None, *, only_unidentified=False):
    """Name by key what the model got wrong or left open, and return how many cells that were."""
    done = 0
    for cell, code in cells(page):
        if done == most:
            break
        if only_unidentified and code:
            continue
        if (right := truth(page, cell)) != code:
            rename(page, cell, right)
            done += 1
    settled(page)
    return done


def differential(page):
    """The differential as the panel shows it: short name -> (n, percent, low, high, concentration)."""
    rows = {}
    for line in page.locator("#panel .differential tbody tr").all():
        short = line.locator(".tag").inner_text()
        n, percent, interval, absolute = (
            line.locator(f"td:nth-of-type({place})").inner_text().split("\n")[0] for place in (1, 2, 3, 4)
        )
        interval = line.locator("td:nth-of-type(3) .small").inner_text()
        rows[short] = (n, re.match(r"[\d.]+", percent)[0], *interval.split("–"), absolute)
    return rows


def held_against_scipy(rows, wbc, nrbc):
    """Every number of the panel follows from the counts; erythroblasts are counted as white by analysers."""
    total = sum(int(n) for n, *_others in rows.values())
    wbc *= 100 / (100 + 100 * nrbc / total)
    for n, percent, low, high, absolute in rows.values():
        exact = binomtest(int(n), total).proportion_ci(0.95, method="exact")
        assert float(percent) == pytest.approx(100 * int(n) / total, abs=0.0501)
        assert float(low) == pytest.approx(100 * exact.low, abs=0.0501)
        assert float(high) == pytest.approx(100 * exact.high, abs=0.0501)
        assert float(absolute) == pytest.approx(wbc * int(n) / total, abs=0.00501)
    return total


def sign(page, **texts):
    """Note what is critical, then sign with tick and password."""
    while (note := page.get_by_role("button", name="I have noted it")).count():
        note.first.click()
        page.wait_for_load_state()
    for name, text in texts.items():
        page.locator(f"#sign-form [name={name}]").fill(text)
    page.locator("#sign-intent").check()
    page.locator("#sign-password").fill(PASSWORD)
    page.locator("#sign-form").get_by_role("button", name="Sign").click()


def report(page, version):
    """The bytes of a signed version, as its link gives them."""
    link = page.get_by_role("link", name=f"Report, version {version}")
    answer = page.request.get(link.get_attribute("href"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    return answer.body()


def words(pdf):
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def has_ink(picture, box, scale):
    """Whether a page's picture has dark letters on paper within a box of PDF points."""
    left, bottom, right, top = (value * scale for value in box)
    height = picture.shape[0]
    part = picture[int(height - top) : int(height - bottom) + 1, int(left) : int(right) + 1]
    return part.size and part.min() < 110 < 200 < part.max()


def compare(rows, pdf):
    """Every number of the page is on the report, in the row of its class, and can be seen there."""
    text = words(pdf)
    for short, (n, percent, low, high, absolute) in rows.items():
        in_row = rf"{short} [^\d]+ {n} {percent} {low} – {high} .*?\b{re.escape(absolute)}\b"
        assert re.search(in_row, text), (short, text)
    scale, seen = 3, 0
    first = pypdfium2.PdfDocument(pdf)[0]
    picture = np.asarray(first.render(scale=scale).to_pil().convert("L"))
    layer = first.get_textpage()
    for short, (n, percent, low, high, _absolute) in rows.items():
        for shown in (short, n, percent, f"{low} – {high}"):
            found = layer.search(shown, match_whole_word=True).get_next()
            assert found, (short, shown)
            for place in range(found[0], found[0] + found[1]):
                if layer.get_text_range(place, 1).strip():
                    assert has_ink(picture, layer.get_charbox(place), scale), (short, shown)
                    seen += 1
    assert seen > 20


@pytest.mark.data
def test_a_day_from_registering_to_the_confirmed_amendment(open_page, image_sets):
    accession = f"day-{uuid.uuid4().hex[:8]}"
    bench = open_page("technician")
    register(bench, accession, wbc="7.20", age_value="44", patient_reference=f"P-{accession}")
    send(bench, pictures(image_sets))
    enter(bench, bench.url)
    assert correct(bench, most=10) == 10
    expect(said(bench)).to_contain_text("1 cell moved to")
    bench.get_by_role("button", name="Submit to the doctor").click()
    expect(bench.locator(".messages")).to_contain_text("with the doctor")

    desk = open_page("doctor")
    desk.goto("/samples/?state=in_review")
    desk.get_by_role("link", name=accession.upper()).click()
    expect(desk.locator(".cell:focus")).to_have_count(1)
    correct(desk, only_unidentified=True)
    desk.reload()
    expect(desk.locator('.group[data-code=""] .cell')).to_have_count(0)
    rows = differential(desk)
    nrbc = [code for _cell, code in cells(desk)].count("erythroblast")
    total = held_against_scipy(rows, 7.2, nrbc)
    assert total >= 100
    sign(desk, comment=COMMENT)
    expect(desk.locator(".messages")).to_contain_text("Version 1 of the report is signed.")
    first = report(desk, 1)
    compare(differential(desk), first)
    assert differential(desk) == rows
    text = words(first)
    assert "Line 20 of what the doctor has to say" in text
    assert f"{total} of 100 wanted" in text
    assert len(first) < 1_000_000

    desk.get_by_text("Amend the report").click()
    desk.get_by_label("Reason").last.fill("One neutrophil was a band form.")
    desk.get_by_role("button", name="Begin the amendment").click()
    enter(desk, desk.url)
    rename(
        desk,
        desk.locator('.group[data-code="neutrophil"] .cell').first.get_attribute("data-cell"),
        "band_neutrophil",
    )
    settled(desk)
    desk.reload()
    sign(desk, comment=COMMENT)
    expect(desk.locator(".messages")).to_contain_text("Version 2 of the report is signed.")
    second = report(desk, 2)
    changed = differential(desk)
    assert int(changed["NEU"][0]) == int(rows["NEU"][0]) - 1
    compare(changed, second)
    assert "Amended, replaces version 1" in words(second)
    assert report(desk, 1) == first
    expect(desk.locator(".version.replaced")).to_contain_text("version 1")

    anybody = open_page(None)
    for pdf, told in ((first, "version 2 is the newest"), (second, "is the newest version")):
        anybody.goto("/verify/")
        anybody.get_by_label("Verification code").fill(CODE.search(words(pdf))[0].lower())
        anybody.get_by_role("button", name="Confirm").click()
        answer = anybody.locator("main")
        expect(answer).to_contain_text(told)
        expect(answer).to_contain_text(accession.upper())
        expect(answer).not_to_contain_text(f"P-{accession}")


def test_a_worker_that_dies_amid_a_sample_loses_no_field(open_page, portal):
    page = open_page("technician")
    register(page, f"DIE-{uuid.uuid4().hex[:8]}")
    files = [smear(f"{number}.jpg", ("neutrophil", "lymphocyte")) for number in range(24)]
    page.locator("#files").set_input_files(files)
    page.locator("#send").click()
    expect(page.locator(".group .cell").first).to_be_attached(timeout=60_000)
    for number, command in portal.processes().items():
        if "-Q inference" in command:
            os.kill(number, signal.SIGKILL)
    panel = page.locator("#panel")
    expect(panel).to_contain_text("24 fields", timeout=120_000)
    expect(panel.locator(".chip").get_by_text("to review")).to_be_visible(timeout=120_000)
    expect(panel.locator(".note.bad")).to_have_count(0)
    # The gallery asks for itself, so that it follows the panel.
    expect(page.locator(".group .cell").nth(23)).to_be_attached(timeout=60_000)
