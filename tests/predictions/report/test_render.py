"""The printed report holds what it was given, whatever that is, and is the same each time."""

import hashlib
import io
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace

import pypdf
import pytest
import typst

from hematovision.core.fonts import families, fonts
from predictions.report import render
from predictions.report.content import Amendment, Differential, Signature, Specimen
from tests.predictions.report.examples import NAMES, pictures, report, row

HOSTILE = '#panic() $x$ *b* `r` \\ "q" <a> @b /* // {page} %s \u202eevil\u202c \x00\ud800 😀 ' + "W" * 200


def opened(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf))


def text_of(pdf):
    """The text of all pages, without ends of lines and the places where a long word may be broken."""
    text = "\n".join(page.extract_text() for page in opened(pdf).pages)
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))


def glyphs(pdf):
    """The glyph numbers that the pages draw; 0 is the box for a letter that the font lacks."""
    drawn = set()
    for page in opened(pdf).pages:
        for operands, operator in pypdf.generic.ContentStream(
            page["/Contents"].get_object(), None
        ).operations:
            if operator in {b"Tj", b"TJ"}:
                parts = operands[0] if operator == b"TJ" else operands
                for part in (part for part in parts if hasattr(part, "original_bytes")):
                    codes = part.original_bytes
                    drawn |= {codes[i] << 8 | codes[i + 1] for i in range(0, len(codes), 2)}
    return drawn


def poisoned(part):
    """The same report with a hostile text in every place for words."""
    if isinstance(part, str):
        return HOSTILE
    if isinstance(part, tuple):
        return tuple(poisoned(item) for item in part)
    if not is_dataclass(part):
        return part
    kept = {"language", "sha256", "flag"}
    named = {field.name: getattr(part, field.name) for field in fields(part) if field.name not in kept}
    return replace(part, **{name: poisoned(value) for name, value in named.items()})


def test_every_fact_of_the_content_is_printed():
    crops = pictures(2)
    text = text_of(render(report(crops), crops))
    for place, flag in ((1, "Low"), (2, "High"), (3, "")):
        numbers = f"{20.1 + place:.1f} {10.2 + place:.1f} – {30.3 + place:.1f}"
        assert re.search(
            rf"C0{place} Class {place} 10{place} {numbers} {40 + place} – {70 + place} ?{flag}", text
        )
        assert f"{1.47 + place:.2f}" in text
    for said in [
        "HV-26-004817",
        "P-7731-KX",
        "Female",
        "65 years",
        "Olympus BX53",
        "May-Grünwald-Giemsa",
        "Dr S. O’Connor",
        "21 Nov 2026, 09:12 -03:30",
        "21 Nov 2026, 10:30 -03:30",
        "306 of 400",
        "2.6",
        "14.52 ×10⁹/L",
        "14.15 ×10⁹/L",
        "Platelets",
        "Adequate, 5 giant ones.",
        "Blasts seen: 2 of 306.",
        "Dr A. Rahman · 21 Nov 2026, 11:31 -03:30",
        "Not acknowledged",
        "Neutrophils were 61.7 %.",
        "Monocytes were 4.9 %. (within counting error)",
        "11 of 12 fields good.",
        "Left shift.",
        "Please repeat in 24 hours.",
        "Caption 0",
        "Caption 1",
        "v3",
        "ab" * 32,
        "band, blast",
        "One stain only.",
        "L. Ortega",
        "Dr Amina Rahman",
        "Consultant",
        "21 Nov 2026, 11:47 -03:30",
        "version 7",
        "7K4M-Q2XH-9TRC",
        "https://lab.example/verify/",
        "printed 21 Nov 2026, 11:48 -03:30",
        "Counting error only",
        "Haematology of St. Brendan",
        "12 Harbour Road",
        "page 1 of 1",
    ]:
        assert said in text


@pytest.mark.parametrize(
    ("value", "printed"),
    [(2.47 - 1e-12, "2.5"), (6.25, "6.3"), (0.04, "0.0"), (100.0, "100.0"), (99.96, "100.0")],
)
def test_numbers_are_rounded_and_not_cut_off(value, printed):
    rows = (row(1, percent=value, low=value, high=value),)
    text = text_of(render(report(differential=Differential(rows, 1, 0)), {}))
    assert f" {printed} {printed} – {printed} " in text


def test_the_same_content_gives_the_same_bytes_in_any_thread():
    crops = pictures(3)
    content = report(crops)
    with ThreadPoolExecutor(3) as threads:
        assert len(set(threads.map(lambda _: render(content, crops), range(6)))) == 1
    assert render(replace(content, version=8), crops) != render(content, crops)


def test_no_text_becomes_code_or_stops_the_printing():
    crops = pictures(1)
    content = replace(poisoned(report(crops)), comment=HOSTILE + "\n" + "x" * 10_000)
    pdf = render(content, crops)
    text = text_of(pdf)
    assert '#panic() $x$ *b* `r` \\ "q" <a> @b /* // {page} %s evil \ufffd \ufffd' in text
    assert text.count("x") >= 10_000
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    assert 0 not in glyphs(pdf)


def test_a_long_word_stays_on_the_page():
    right = []

    def note(text, _matrix, place, _font, size):
        right.append(place[4] + 0.3 * size * len(text.strip()))

    for page in opened(render(report(comment="W" * 500), {})).pages:
        page.extract_text(visitor_text=note)
        assert max(right) < page.mediabox.width


def test_names_of_all_scripts_are_drawn_with_their_letters():
    for name in NAMES.values():
        pdf = render(report(signature=Signature(name, name, report().generated_at)), {})
        assert 0 not in glyphs(pdf)
        assert name.split()[0][0] in text_of(pdf)
    fonts_used = {str(font) for page in opened(pdf).pages for font in named_fonts(page)}
    assert any("NotoSansCJK" in font for font in fonts_used)


def test_a_letter_without_a_glyph_would_be_noticed():
    """The two tests above rest on this: a missing letter is glyph 0, and PDF/UA refuses it."""
    plain = b"#set document(title: [x])\n#set text(font: sys.inputs.font)\n#sys.inputs.said"
    options = {"sys_inputs": {"font": families("en")[0], "said": "\u0e01"}, "font_paths": fonts()}
    assert 0 in glyphs(typst.compile(plain, ignore_system_fonts=True, **options))
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        typst.compile(plain, ignore_system_fonts=True, pdf_standards="ua-1", **options)


def named_fonts(page):
    """The names of a page's fonts, each of which must be embedded."""
    for font in page["/Resources"]["/Font"].values():
        described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(described)
        yield described["/FontName"]


def structure(node, kind):
    """All elements of a kind in the tree of tags."""
    node = node.get_object()
    if not isinstance(node, dict):
        return []
    below = node.get("/K", [])
    found = [node] if node.get("/S") == kind else []
    for child in below if isinstance(below, list) else [below]:
        found += structure(child, kind)
    return found


def test_it_is_an_accessible_pdf_with_its_fonts_inside():
    crops = pictures(2)
    pdf = opened(render(report(crops), crops))
    root = pdf.trailer["/Root"]
    assert re.search(rb"pdfuaid:part(>|=\")1", pdf.xmp_metadata.stream.get_data())
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == "Blood smear differential HV-26-004817, version 7"
    assert pdf.metadata.creation_date == report().generated_at
    assert len(list(named_fonts(pdf.pages[0]))) >= 1
    alts = [str(figure.get("/Alt", "")) for figure in structure(root["/StructTreeRoot"], "/Figure")]
    assert "Class 1: 21.1 %, interval 11.2 – 31.3, reference range 41 – 71." in alts
    assert "Photograph of a representative cell, C1: Caption 1" in alts
    assert all(alts)
    assert len(structure(root["/StructTreeRoot"], "/TH")) == 8


def test_the_language_of_the_report_is_its_own():
    pdf = render(report(language="de"), {})
    assert opened(pdf).trailer["/Root"]["/Lang"] == "de"
    assert "21,1 11,2 – 31,3" in text_of(pdf)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"preview": True, "signature": None}, "PREVIEW – not signed"),
        ({"replaced": True}, "REPLACED – a newer version exists"),
        ({"amendment": Amendment(6, "Two cells moved.")}, "Amended, replaces version 6 Two cells moved."),
    ],
)
def test_what_is_not_the_last_word_says_so(change, said):
    assert said not in text_of(render(report(), {}))
    assert said in text_of(render(report(**change), {}))


def test_a_mark_stands_on_every_page():
    pdf = opened(render(report(preview=True, signature=None, comment="line\n" * 100), {}))
    assert len(pdf.pages) > 1
    assert all("PREVIEW – not signed" in page.extract_text() for page in pdf.pages)


def test_twelve_cells_fit_on_one_page_of_less_than_a_megabyte_within_a_second():
    crops = pictures(12, "PNG")
    content = report(crops, differential=Differential(tuple(row(place) for place in range(10)), 200, 200))
    render(content, crops)
    begun = time.perf_counter()
    pdf = render(replace(content, comment="Another one."), crops)
    assert time.perf_counter() - begun < 1
    assert len(pdf) < 1_000_000
    assert len(opened(pdf).pages) == 1
    assert [round(float(side)) for side in opened(pdf).pages[0].mediabox[2:]] == [595, 842]
    assert len(opened(pdf).pages[0].images) == 12


def test_a_long_report_goes_on_with_its_name_on_every_page():
    rows = tuple(row(place) for place in range(25))
    comment = "\n".join(f"This is line {number} of the comment." for number in range(20))
    pdf = render(report(differential=Differential(rows, 200, 200), comment=comment), {})
    pages = [page.extract_text() for page in opened(pdf).pages]
    assert len(pages) == 2
    for number, page in enumerate(pages, 1):
        assert "HV-26-004817" in page
        assert f"page {number} of 2" in page
    assert "HV-26-004817 · P-7731-KX" in pages[1]
    text = text_of(pdf)
    assert all(f"This is line {number} of" in text for number in range(20))
    assert all(f"Class {place} " in text for place in range(25))


def test_little_to_say_makes_a_short_report():
    content = report(
        specimen=Specimen("HV-1"),
        differential=Differential(),
        remarks=(),
        criticals=(),
        deltas=(),
        quality=(),
        comment="",
        model=None,
        reviewers=(),
        verification=None,
    )
    text = text_of(render(content, {}))
    assert "No leukocytes were counted." in text
    for heading in (
        "Critical values",
        "Findings",
        "Comment",
        "Model",
        "Representative cells",
        "Verify",
        "Sex",
    ):
        assert heading not in text


@pytest.mark.parametrize("bounds", [(None, 5.0), (5.0, None), (None, None), (0.0, 0.0)])
def test_a_range_may_be_open_on_a_side(bounds):
    rows = (row(1, range_low=bounds[0], range_high=bounds[1], percent=0.0, low=0.0, high=100.0),)
    assert "0.0 0.0 – 100.0" in text_of(render(report(differential=Differential(rows, 9, 0)), {}))


def test_another_picture_than_the_signed_one_is_not_printed():
    crops = pictures(2)
    content = report(crops)
    first, second = crops
    for altered in ({}, {first: crops[first]}, {first: crops[second], second: crops[second]}):
        with pytest.raises(ValueError, match="missing or altered"):
            render(content, altered)


def test_what_is_no_picture_is_not_printed():
    content = b"no picture"
    sha256 = hashlib.sha256(content).hexdigest()
    with pytest.raises(typst.TypstError, match="image"):
        render(report([sha256]), {sha256: content})
