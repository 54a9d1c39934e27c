"""``hematovision`` against a live portal: what it sends, what it writes, and how it ends."""

import csv
import json
import ssl
import time

import pytest

from hematovision.supervisor import authority
from hematovision.supervisor.ports import free_port
from predictions.models import Sample, SmearField
from tests.clients.conftest import Command, until
from tests.predictions import hostile

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
NUMBER = ("--accession", "HV-26-0001")


def test_a_folder_becomes_a_sample_and_a_table_of_cells(hematovision, reader, pictures, tmp_path):
    folder, out = pictures(tmp_path / "smear", 3), tmp_path / "cells.csv"
    hematovision("upload", folder, *NUMBER, "--wait", "--csv", "--out", out)
    rows = list(csv.DictReader(out.open()))
    sample = Sample.objects.get(accession="HV-26-0001")
    assert {row["field"] for row in rows} == {str(field.pk) for field in sample.fields.all()}
    assert [(row["state"], row["label"], row["confidence"]) for row in rows] == [
        ("done", "neutrophil", "90.0")
    ] * 3
    assert all(0 <= int(row["x0"]) < int(row["x1"]) <= 96 for row in rows)
    assert "█" not in hematovision.said


def test_a_second_run_sends_only_what_is_missing(hematovision, pictures, tmp_path):
    folder = pictures(tmp_path / "smear", 2)
    hematovision("upload", folder, *NUMBER)
    pictures(folder, 4)
    told = hematovision("upload", folder, *NUMBER, "--json")
    assert SmearField.objects.count() == 4
    assert len({json.loads(line)["id"] for line in told.splitlines()}) == 4


def test_a_refused_file_is_told_and_the_others_are_sent(hematovision, reader, pictures, tmp_path):
    folder = pictures(tmp_path / "smear", 2)
    (folder / "notes.jpg").write_bytes(hostile.HTML)
    table = hematovision("upload", folder, *NUMBER, "--wait", status=1)
    assert "1 of 3 files were refused." in hematovision.said
    assert [line.split()[1:3] for line in table.splitlines()][:2] == [["done", "1"]] * 2
    assert "refused" in table.splitlines()[2]
    assert "JPEG" in table.splitlines()[2]


def test_waiting_ends(hematovision, pictures, tmp_path):
    folder = pictures(tmp_path / "smear", 1)
    table = hematovision("upload", folder, *NUMBER, "--wait", "--timeout", "1", status=5)
    assert "queued" in table
    assert "not read yet" in hematovision.said


def test_single_images_are_read_without_a_sample(hematovision, reader, pictures, tmp_path):
    folder = pictures(tmp_path / "smear", 2)
    told = [json.loads(line) for line in hematovision("predict", folder, "--json").splitlines()]
    assert [(one["state"], one["predicted_label"]) for one in told] == [("done", "neutrophil")] * 2
    assert not Sample.objects.exists()


def test_kill_in_the_middle_loses_and_doubles_nothing(hematovision, pictures, tmp_path):
    folder = pictures(tmp_path / "smear", 12)
    process = hematovision.begin("upload", folder, *NUMBER)
    until(lambda: SmearField.objects.count() >= 4)
    process.kill()
    process.communicate()
    before = SmearField.objects.count()
    hematovision("upload", folder, *NUMBER)
    assert before < 12
    assert SmearField.objects.count() == 12


def test_lost_answers_make_nothing_twice(hematovision, door, pictures, tmp_path):
    hematovision.address, door.lose = door.url, 2
    hematovision("upload", pictures(tmp_path / "smear", 2), *NUMBER)
    assert (Sample.objects.count(), SmearField.objects.count()) == (1, 2)
    keys = [key for method, _, key in door.passed if method == "POST"]
    assert len(keys) == len(set(keys)) + 2


def test_a_busy_portal_is_given_the_time_it_asks_for(hematovision, door, pictures, tmp_path):
    hematovision.address, door.busy = door.url, 2
    began = time.monotonic()
    hematovision("upload", pictures(tmp_path / "smear", 1), *NUMBER)
    assert time.monotonic() - began > 2
    assert SmearField.objects.count() == 1
    door.busy = 100
    hematovision("upload", pictures(tmp_path / "smear", 1), *NUMBER, "--patience", "0.5", status=4)
    assert hematovision.said == "Wait.\n"


def test_nobody_answers(hematovision, pictures, tmp_path):
    hematovision.address = f"http://127.0.0.1:{free_port()}"
    hematovision("login-check", "--patience", "1", status=4)
    assert "does not answer: Connection refused" in hematovision.said


def test_output_that_nobody_reads_to_its_end_is_no_fault(hematovision, reader, pictures, tmp_path):
    [path] = pictures(tmp_path, 1).iterdir()
    process = hematovision.begin("predict", path, "--json")
    process.stdout.close()
    assert (process.wait(30), "Traceback" in process.stderr.read()) == (141, False)


def test_what_the_token_may(portal, token):
    Command(portal, token("read"))("login-check")
    Command(portal, token("samples"))("login-check")
    Command(portal, "hvm_nonsense")("login-check", status=3)


def test_a_token_beyond_its_scopes(portal, token, pictures, tmp_path):
    reads = Command(portal, token("read"))
    reads("upload", pictures(tmp_path / "smear", 1), *NUMBER, status=3)
    assert not Sample.objects.exists()


def test_a_number_of_nobody(hematovision, pictures, tmp_path):
    hematovision("upload", pictures(tmp_path / "smear", 1), "--accession", "§", status=1)
    assert "accession" in hematovision.said
    hematovision("report", "HV-26-9999", "--pdf", tmp_path / "report.pdf", status=1)


def test_a_token_is_read_from_a_file_and_needed(hematovision, tmp_path):
    (tmp_path / "token").write_text(hematovision.env.pop("HEMATOVISION_TOKEN") + "\n")
    hematovision("login-check", status=2)
    hematovision("login-check", "--token-file", tmp_path / "token")


def test_no_token_goes_unencrypted_to_another_machine(hematovision):
    hematovision.address = "http://portal.lab.example"
    hematovision("login-check", status=2)
    assert "https://" in hematovision.said


def test_an_authority_of_the_laboratory_is_trusted_when_it_is_named(hematovision, door, pictures, tmp_path):
    own = authority.ensure(tmp_path, ["localhost"])
    (tmp_path / "server.pem").write_bytes(authority.issue(own, ["localhost"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    door.socket = context.wrap_socket(door.socket, server_side=True)
    hematovision.address = f"https://localhost:{door.server_port}"
    file = pictures(tmp_path / "smear", 1)
    hematovision("predict", file, "--timeout", "0", status=4)
    assert "certificate verify failed" in hematovision.said
    assert not SmearField.objects.exists()
    hematovision("predict", file, "--timeout", "0", "--ca", tmp_path / "ca.crt", status=5)
    assert SmearField.objects.count() == 1


def test_nothing_to_send(hematovision, tmp_path):
    hematovision("upload", tmp_path, *NUMBER, status=2)
    hematovision("upload", tmp_path / "none.jpg", *NUMBER, status=2)
    assert not Sample.objects.exists()


def test_a_report_is_fetched_once_it_is_signed(hematovision, signed, pictures, tmp_path):
    hematovision("upload", pictures(tmp_path / "smear", 1), *NUMBER)
    pdf, fhir = tmp_path / "report.pdf", tmp_path / "report.json"
    hematovision("report", "HV-26-0001", "--pdf", pdf, "--fhir", fhir, status=5)
    signed(Sample.objects.get())
    hematovision("report", "HV-26-0001", "--pdf", pdf, "--fhir", fhir)
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert json.loads(fhir.read_text())["resourceType"] == "Bundle"
