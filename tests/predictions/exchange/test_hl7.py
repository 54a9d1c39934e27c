"""ORU^R01: what it says, that it fits the standard, and that nobody's words become structure."""

import dataclasses
import re
import unicodedata
from pathlib import Path

import pytest
from hl7apy.parser import parse_message
from hypothesis import example, given, settings
from hypothesis import strategies as st

from predictions.exchange.er7 import REPLACED, text
from predictions.exchange.hl7 import Party, oru_r01
from predictions.report.content import Amendment, Differential, Laboratory, Specimen
from tests.predictions.exchange.signed_facts import DIFFERENTIAL, ROWS, amended, plain, read, signed
from tests.predictions.report import examples

MANUAL = Path(__file__).parents[3] / "docs" / "hl7.md"
NOW = examples.moment(11, 50)
HOSTILE = "\r\x0b\x1c|^~&\\\n\x00"
words = st.text(st.one_of(st.sampled_from(HOSTILE + "EFSTRbr.OBX12"), st.characters()), max_size=60)


def made(report, **options):
    return oru_r01(report, **{"control_id": "HV1", "sent_at": NOW, **options})


def segments(message, name):
    """The fields of every segment of a name, split by hand as a receiver without any library does."""
    lines = message.decode().split("\r")
    return [line.split("|") for line in lines if line.startswith(f"{name}|")]


def results(message):
    """Every OBX by its own code: value, unit, range, flag, status."""
    told = {}
    for sent in segments(message, "OBX"):
        fields = [*sent, *[""] * 12]
        parts = fields[3].split("^")
        code = parts[3] if len(parts) > 3 else parts[0]
        told[code] = (parts[0], fields[5], fields[6].split("^")[0], fields[7], fields[8], fields[11])
    return told


def test_the_message_says_what_was_signed():
    message = made(signed(), receiver=Party("LIS", "North & South"))
    (head,) = segments(message, "MSH")
    assert head[2:10] == [
        "HematoVision",
        "Haematology of St. B",
        "LIS",
        "North \\T\\ South",
        "20261121115000-0330",
        "",
        "ORU^R01^ORU_R01",
        "HV1",
    ]
    assert (head[11], head[17]) == ("2.5.1", "UNICODE UTF-8")
    (patient,) = segments(message, "PID")
    assert patient[3:9] == ["P-7731-KX^^^Haematology of St. B^PI", "", "^^^^^^S", "", "", "F"]
    (order,) = segments(message, "OBR")
    assert order[2:5] == [
        "ORD-9",
        "HV-26-004817",
        "69738-3^Differential panel, method unspecified - Blood^LN",
    ]
    assert (order[7], order[14]) == ("20261121091200-0330", "20261121103000-0330")
    assert (order[16], order[22]) == ("^Dr S. O’Connor", "20261121114700-0330")
    assert (order[25], order[32]) == ("F", "&Dr Amina Rahman")
    (specimen,) = segments(message, "SPM")
    assert (specimen[2], specimen[17], specimen[18]) == ("^HV-26-004817", order[7], order[14])


def test_each_class_has_its_share_and_concentration():
    message = made(signed())
    assert results(message) == {
        "neutrophil": ("26511-6", "61.4", "%", "40-60", "H", "F"),
        "neutrophil-count": ("26499-4", "8.69", "10*9/L", "", "", "F"),
        "lymphocyte": ("26478-8", "9.8", "%", "", "", "F"),
        "lymphocyte-count": ("26474-7", "1.39", "10*9/L", "1.5-3", "L", "F"),
        "blast": ("blast", "28.8", "%", "", "", "F"),
        "counted": ("11282-1", "306", "{cells}", "", "", "F"),
        "nrbc": ("19048-8", "2.6", "/100{WBCs}", "", "", "F"),
        "wbc-corrected": ("wbc-corrected", "14.15", "10*9/L", "", "", "F"),
    }
    first = segments(message, "OBX")[0]
    assert first[18] == "v3^HematoVision"
    assert "n=188 of 306; 95% interval 55.9 to 66.7 %; within counting error" in message.decode()


def test_a_note_follows_its_own_result():
    lines = made(signed()).decode().split("\r")
    place = next(number for number, line in enumerate(lines) if "n=188 of 306" in line)
    assert lines[place].startswith("NTE|1|L|")
    assert "^neutrophil^" in lines[place - 1]


def test_a_value_is_rounded_as_the_printed_report_rounds_it():
    row = dataclasses.replace(ROWS[0], percent=0.25, absolute=0.125)
    told = results(made(signed(differential=dataclasses.replace(DIFFERENTIAL, rows=(row,)))))
    assert (told["neutrophil"][1], told["neutrophil-count"][1]) == ("0.3", "0.13")


def test_the_words_of_the_report_come_as_lines():
    notes = [fields for fields in segments(made(amended()), "NTE") if len(fields) > 4]
    told = [(fields[4].split("^")[0], fields[3]) for fields in notes]
    assert told == [
        ("1R", "Cells named anew."),
        ("CRITICAL", "Blasts seen: 88 of 306."),
        ("FINDING", "Platelets: Adequate, 5 giant ones."),
        ("RE", "Left shift."),
        ("RE", ""),
        ("RE", "Please repeat in 24 hours."),
    ]
    assert [fields[1] for fields in notes] == list("123456")


def test_a_correction_deletes_what_it_no_longer_says():
    fewer = dataclasses.replace(DIFFERENTIAL, rows=ROWS[:1], nrbc_per_100=None)
    message = made(amended(differential=fewer, earlier=(signed().content,)))
    assert segments(message, "OBR")[0][25] == "C"
    told = results(message)
    assert {code for code, facts in told.items() if facts[-1] == "D"} == {
        "lymphocyte",
        "lymphocyte-count",
        "blast",
        "nrbc",
    }
    assert told["neutrophil"][-1] == "C"
    assert told["blast"] == ("blast", "", "", "", "", "D")
    read(message)


def test_what_an_older_version_said_is_deleted_though_the_last_one_did_not_say_it():
    fewer = dataclasses.replace(DIFFERENTIAL, rows=ROWS[:1])
    told = results(
        made(amended(differential=fewer, earlier=(signed().content, signed(differential=fewer).content)))
    )
    assert told["blast"][-1] == "D"


def test_two_classes_with_one_loinc_code_are_told_apart():
    same = dataclasses.replace(ROWS[1], code="band_neutrophil", name="Band", loinc_share="26511-6")
    rows = (ROWS[0], same, ROWS[2])
    message = made(signed(differential=dataclasses.replace(DIFFERENTIAL, rows=rows)))
    found = {(fields[3].split("^")[0], fields[4]) for fields in segments(message, "OBX")}
    assert {
        ("26511-6", "neutrophil"),
        ("26511-6", "band_neutrophil"),
        ("26499-4", ""),
        ("blast", ""),
    } <= found
    read(message)


def test_the_manual_shows_a_message_as_it_is_sent():
    (block,) = re.findall(r"```hl7\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    message = made(
        amended(
            earlier=(signed().content,),
            differential=dataclasses.replace(DIFFERENTIAL, rows=ROWS[:2]),
            criticals=(),
        ),
        control_id="6a1f0c1e9d0e4a60b1b7",
        receiver=Party("LIS", "HOSPITAL"),
    )
    assert message.decode().replace("\r", "\n") == block


def test_without_a_reference_there_is_no_patient_and_without_cells_no_class():
    bare = signed(
        specimen=Specimen("HV-1", received_at=NOW), differential=Differential(), model=None, criticals=()
    )
    message = made(bare)
    assert segments(message, "PID") == []
    assert results(message) == {"counted": ("11282-1", "0", "{cells}", "", "", "F")}
    read(message)


@pytest.mark.parametrize("script", examples.NAMES)
def test_every_script_arrives_as_it_was_written(script):
    name = examples.NAMES[script]
    message = made(signed(comment=name, signer=name))
    (order,) = segments(message, "OBR")
    assert order[32] == f"&{name}"
    assert segments(message, "NTE")[-1][3] == "n=88 of 306; 95% interval 24.0 to 34.1 %"
    assert name in [fields[3] for fields in segments(message, "NTE")]


def harmless(value):
    """What is left of a text: the same but for control characters and line ends."""
    kept = value.replace("\t", " ")
    return "".join(REPLACED if unicodedata.category(char) in {"Cc", "Cs"} else char for char in kept)


def one_line(value):
    return harmless(" ".join(value.strip().splitlines()))


@settings(max_examples=30, deadline=None)
@given(comment=words, name=words, reference=words, accession=words, label=words)
@example("x\rOBX|9|NM|26511-6||99", "\x1c\r", "\x0bMSH|^~\\&", "a\\E\\F\\", "\\.br\\\\X0D\\")
def test_nobodys_words_become_structure(comment, name, reference, accession, label):
    rows = (dataclasses.replace(ROWS[0], name=label),)
    specimen = dataclasses.replace(
        signed().content.specimen, accession=accession, patient_reference=f"P{reference}P", requester=name
    )
    report = signed(
        comment=comment,
        signer=f"S{name}S",
        order_number=f"O{label}O",
        laboratory=Laboratory(f"L{name}L"),
        amendment=Amendment(1, f"A{reference}A"),
        specimen=specimen,
        differential=dataclasses.replace(DIFFERENTIAL, rows=rows),
    )
    message = made(report)
    assert not set(message[:-1].replace(b"\r", b"")) & {0x0B, 0x1C, 0x00, 0x0A}
    plain_names = [line[:3] for line in message.decode().split("\r")]
    assert plain_names.count("MSH") == plain_names.count("OBR") == plain_names.count("SPM") == 1
    assert plain_names.count("OBX") == 5
    found = read(message)
    assert plain(found.pid.pid_3.pid_3_1.to_er7()) == one_line(f"P{reference}P")
    assert plain(found.obr.obr_32.to_er7())[1:] == one_line(f"S{name}S")
    assert plain(found.obr.obr_3.to_er7()) == one_line(accession)
    assert plain(found.obr.obr_2.to_er7()) == plain(found.orc.orc_2.to_er7()) == one_line(f"O{label}O")
    assert one_line(f"L{name}L").startswith(plain(found.msh.msh_4.to_er7()))
    assert plain(found.obx[0].obx_23.to_er7()) == one_line(f"L{name}L")
    reasons = [plain(note.nte_3.to_er7()) for note in found.nte if note.nte_4.to_er7().startswith("1R")]
    assert reasons == [harmless(line) for line in f"A{reference}A".splitlines()]
    assert plain(found.obx[0].obx_3.obx_3_2.to_er7()) == one_line(label)
    told = [note.nte_3.to_er7() for note in found.nte if note.nte_4.to_er7().startswith("RE^")]
    assert [plain(line) for line in told] == [harmless(line) for line in comment.strip().splitlines()]


def test_a_text_longer_than_the_standard_has_is_cut_between_characters():
    kept = text("&" * 300)
    assert len(kept) <= 199
    assert plain(kept) == "&" * 66


def test_the_message_keeps_its_groups():
    found = parse_message(made(signed()).decode(), find_groups=True, force_validation=True)
    (order,) = found.oru_r01_patient_result.oru_r01_order_observation
    assert len(order.oru_r01_observation) == 8
    assert order.oru_r01_specimen.spm.spm_4.to_er7().startswith("BLD^")
