"""A signed report as FHIR: every value with its evidence, and an amended one at the same ids."""

import copy
import dataclasses
import json

import pytest
from pydantic import ValidationError

from predictions.exchange.fhir import bundle
from predictions.report.content import Differential
from tests.predictions.exchange.fhir_facts import (
    FIRST,
    PDF,
    amended,
    checked,
    code,
    sha1,
    signed,
)
from tests.predictions.report import examples


def by_name(kinds):
    return {one["code"]["text"]: one for one in kinds["Observation"]}


def test_every_value_is_told_with_its_loinc_code():
    kinds = checked(bundle(signed(), kind="collection"))
    values = {
        one["code"]["text"]: (code(one), one["valueQuantity"]["value"], one["valueQuantity"]["code"])
        for one in kinds["Observation"]
    }
    assert values == {
        "Leukocytes counted": ("11282-1", 306, "{cells}"),
        "Leukocytes": ("6690-2", 14.52, "10*9/L"),
        "Leukocytes, corrected for nucleated red cells": ("12227-5", 14.15, "10*9/L"),
        "Nucleated red cells per 100 leukocytes": ("19048-8", 2.6, "/100{WBCs}"),
        # Printed as people round: a half upwards.
        "Neutrophil": ("26511-6", 61.5, "%"),
        "Neutrophil, concentration": ("26499-4", 8.7, "10*9/L"),
        "Lymphocyte": ("26478-8", 9.8, "%"),
        "Lymphocyte, concentration": ("26474-7", 1.39, "10*9/L"),
        "Blast": (None, 28.8, "%"),
    }
    assert {one["status"] for one in kinds["Observation"]} == {"final"}


def test_a_share_carries_n_interval_range_and_flag():
    share = by_name(checked(bundle(signed(), kind="collection")))["Neutrophil"]
    n, part, interval = share["component"]
    assert (n["code"]["coding"][0]["code"], n["valueQuantity"]["value"]) == ("11282-1", 306)
    assert (part["valueRatio"]["numerator"]["value"], part["valueRatio"]["denominator"]["value"]) == (
        188,
        306,
    )
    assert interval["code"]["coding"][0]["code"] == "CI"
    assert [interval["valueRange"][side]["value"] for side in ("low", "high")] == [55.9, 67.0]
    (limits,) = share["referenceRange"]
    assert (limits["low"]["value"], limits["high"]["value"], limits["low"]["code"]) == (40.0, 60.0, "%")
    assert share["interpretation"][0]["coding"][0]["code"] == "H"
    assert "reaches back" in share["note"][0]["text"]


def test_a_range_of_concentrations_judges_the_concentration_alone():
    told = by_name(checked(bundle(signed(), kind="collection")))
    assert "referenceRange" not in told["Lymphocyte"]
    assert "interpretation" not in told["Lymphocyte"]
    concentration = told["Lymphocyte, concentration"]
    (limits,) = concentration["referenceRange"]
    assert (limits["low"]["value"], limits["low"]["code"]) == (1.5, "10*9/L")
    assert concentration["interpretation"][0]["coding"][0]["code"] == "L"


def test_the_report_says_who_signed_what_when_and_with_which_model():
    kinds = checked(bundle(signed(order_number="ORD-9", order_system="urn:x"), kind="collection"))
    (report,) = kinds["DiagnosticReport"]
    assert (code(report), report["status"]) == ("69738-3", "final")
    assert report["conclusion"] == "Left shift.\n\nPlease repeat in 24 hours."
    assert report["basedOn"][0]["identifier"] == {"system": "urn:x", "value": "ORD-9"}
    numbers = [one["value"] for one in report["identifier"]]
    assert numbers == [str(FIRST), "7K4M-Q2XH-9TRC-0000", "HV-26-004817"]
    (file,) = report["presentedForm"]
    assert (file["size"], file["hash"]) == (len(PDF), sha1(PDF))
    assert file["url"] == f"https://lab.example/api/v1/reports/{FIRST}/pdf"
    (device,) = kinds["Device"]
    assert (device["version"][0]["value"], device["identifier"][0]["value"]) == ("v3", "ab" * 32)
    (specimen,) = kinds["Specimen"]
    assert specimen["accessionIdentifier"]["value"] == "HV-26-004817"
    assert specimen["collection"]["collectedDateTime"] == "2026-11-21T09:12:00-03:30"
    assert specimen["processing"] == [{"description": "Stain: May-Grünwald-Giemsa"}]
    (provenance,) = kinds["Provenance"]
    assert [one["type"]["coding"][0]["code"] for one in provenance["agent"]] == ["legal", "assembler"]
    assert provenance["agent"][0]["who"]["display"] == "Dr Amina Rahman"
    assert "Patient" not in kinds, "nothing is known of a patient but a number"
    assert report["subject"]["identifier"]["value"] == "P-7731-KX"


def test_a_report_of_nothing_but_a_name_is_whole_too():
    bare = dataclasses.replace(examples.report().specimen, patient_reference="", collected_at=None, stain="")
    facts = {"specimen": bare, "comment": "", "model": None, "verification": None}
    kinds = checked(bundle(signed(differential=Differential(), **facts), kind="transaction"))
    assert [one["code"]["text"] for one in kinds["Observation"]] == ["Leukocytes counted"]
    (report,) = kinds["DiagnosticReport"]
    assert {"subject", "effectiveDateTime", "conclusion"}.isdisjoint(report)


def test_an_amended_version_meets_what_was_sent_and_takes_back_what_has_gone():
    first, second = (bundle(one, kind="transaction") for one in (signed(), amended()))
    sent = {entry["request"]["url"]: entry["resource"] for entry in first["entry"]}
    now = {entry["request"]["url"]: entry["resource"] for entry in second["entry"]}
    kinds = checked(second)
    (report,) = kinds["DiagnosticReport"]
    assert (report["id"], report["status"]) == (checked(first)["DiagnosticReport"][0]["id"], "amended")
    gone = {one["code"]["text"] for one in kinds["Observation"] if one["status"] == "entered-in-error"}
    assert gone == {
        *("Leukocytes", "Leukocytes, corrected for nucleated red cells", "Blast"),
        *("Neutrophil, concentration", "Lymphocyte, concentration", "Nucleated red cells per 100 leukocytes"),
    }
    assert not any("valueQuantity" in one for one in kinds["Observation"] if one["code"]["text"] in gone)
    assert set(sent) - set(now) == {f"Provenance/{checked(first)['Provenance'][0]['id']}"}
    (provenance,) = kinds["Provenance"]
    assert provenance["entity"][0]["what"]["identifier"]["value"] == str(FIRST)
    assert provenance["reason"] == [{"text": "Blasts named anew."}]


def test_the_same_version_is_told_in_the_same_words_each_time():
    told = [json.dumps(bundle(amended(), kind="transaction"), sort_keys=True) for _ in range(2)]
    assert told[0] == told[1]


def test_a_replaced_version_is_never_sent_over_its_successor():
    with pytest.raises(ValueError, match="later version"):
        bundle(signed(superseded=True), kind="transaction")
    checked(bundle(signed(superseded=True), kind="collection"))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_words_are_in_the_language_of_the_report(language):
    (report,) = checked(bundle(signed(language=language), kind="collection"))["DiagnosticReport"]
    assert report["language"] == language


def test_the_check_refuses_what_is_no_fhir(monkeypatch):
    whole = bundle(signed(), kind="collection")
    wrong = copy.deepcopy(whole)
    del wrong["entry"][0]["resource"]["code"]
    with pytest.raises(ValidationError):
        checked(wrong)
    lost = copy.deepcopy(whole)
    lost["entry"] = [one for one in lost["entry"] if one["resource"]["resourceType"] != "Specimen"]
    with pytest.raises(AssertionError, match="not in the Bundle"):
        checked(lost)
