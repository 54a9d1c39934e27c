"""Handing out what is held of a patient, and erasing it: by the real commands, as the application."""

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection

from accounts.audit.chain import verify
from accounts.audit.models import AuditEvent
from predictions.errors import ErasureRefused
from predictions.models import (
    Cell,
    ReanalysedSample,
    Reanalysis,
    Report,
    Sample,
    SampleEvent,
    ShadowReading,
    SmearField,
    StoredImage,
)
from predictions.selectors import cell_states, judged, patient_rows
from predictions.services import cells_review, report_sign
from predictions.services.analyse import analyse_field
from predictions.services.patient import patient_erase, patient_export
from predictions.services.reports import Intent
from tests.accounts.factories import PASSWORD, PersonFactory
from tests.database import address
from tests.predictions import hostile, plain_model
from tests.predictions.test_reports import HERE, submitted

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def doctor(db):
    return PersonFactory(doctor=True, email="doctor@example.org")


@pytest.fixture
def admin(db):
    return PersonFactory(admin=True, email="admin@example.org")


@pytest.fixture
def signed(technician, doctor, submit):
    """A patient's sample with a reviewed cell and a signed report."""
    loaded = plain_model.loaded()

    def submit_two(sample_id):
        own = submit(content=hostile.jpeg(seed=7), sample_id=sample_id).field
        analyse_field(own.pk, load=lambda: loaded)
        return submit(sample_id=sample_id)

    sample = submitted(technician, submit_two)
    seen = {cell_states(sample)[0].cell.pk: 0}
    cells_review(actor=doctor, origin=HERE, sample_id=sample.pk, seen=seen, code="lymphocyte")
    sample.refresh_from_db()
    count = judged(sample)
    intent = Intent(sample.revision, count.rules.version, override="Scanty smear.")
    return report_sign(actor=doctor, origin=HERE, sample_id=sample.pk, intent=intent)


def command(tmp_path, name, *arguments, said, url):
    """Run a command that asks on a terminal, which is not there: it reads what is piped."""
    return subprocess.run(
        [sys.executable, "manage.py", name, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "HV_VAR": str(tmp_path)},
        input="\n".join(said) + "\n",
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def test_export_holds_rows_reports_and_images(signed, doctor, technician):
    file = io.BytesIO()
    assert patient_export(actor=doctor, samples=[signed.sample], file=file) == 0
    with zipfile.ZipFile(file) as archive:
        rows = json.loads(archive.read("patient.json"))
        images = [name for name in archive.namelist() if name.startswith("images/")]
        assert archive.read(f"reports/{signed.sample_id}-1.pdf") == bytes(signed.pdf)
        assert hashlib.sha256(archive.read(images[0])).hexdigest() == Path(images[0]).stem
    assert rows["samples"][0]["patient_reference"] == "P-77"
    assert len(rows["cells"]) == 4
    assert "features" not in rows["cells"][0]
    assert AuditEvent.objects.latest("id").event == "patient.exported"
    with pytest.raises(PermissionDenied):
        patient_export(actor=technician, samples=[signed.sample], file=io.BytesIO())


def test_only_an_admin_with_a_reason_erases(signed, admin, doctor):
    samples = [signed.sample]
    with pytest.raises(PermissionDenied):
        patient_erase(actor=doctor, samples=samples, reason="The patient asked.")
    with pytest.raises(ErasureRefused, match="Say why"):
        patient_erase(actor=admin, samples=samples, reason=" ")
    assert Report.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_erased_patient_is_gone_and_log_is_whole(tmp_path, signed, technician, admin, submit, stored_files):
    other = submitted(technician, submit, accession="HV-26-0002", patient_reference="P-78")
    # This picture is in the patient's sample as well.
    alone = submit(name="loose.jpg").field
    # What later models said of it goes too.
    version = signed.sample.fields.first().analyses.get().model_version
    for field in signed.sample.fields.all():
        ShadowReading.objects.create(field=field, model_version=version, cells=[])
    order = Reanalysis.objects.create(model_version=version, ordered_by=admin)
    ReanalysedSample.objects.create(order=order, sample=signed.sample)
    url, arguments = address("default"), ("--by", admin.email, "--reason", "The patient asked.")
    before = AuditEvent.objects.filter(event="report.signed").get().detail["sha256"]
    files = len(stored_files())

    no = command(tmp_path, "erase_patient", *arguments, said=[PASSWORD, "P-77", "P-7"], url=url)
    assert (no.returncode, "Nothing was erased" in no.stderr) == (1, True), no.stderr
    no = command(tmp_path, "erase_patient", *arguments, said=["wrong", "P-77", "P-77"], url=url)
    assert (no.returncode, "this password" in no.stderr) == (1, True), no.stderr
    done = command(tmp_path, "erase_patient", *arguments, said=[PASSWORD, "P-77", "P-77"], url=url)
    assert done.returncode == 0, done.stderr

    assert not any(found.exists() for found in patient_rows([signed.sample]).values())
    assert list(Sample.objects.all()) == [other]
    assert SmearField.objects.filter(pk=alone.pk).exists()
    assert Cell.objects.filter(analysis__field__sample=other).count() == 3
    named = {image.path for image in StoredImage.objects.all()}
    assert set(stored_files()) == named
    assert len(named) == files - 1
    told = AuditEvent.objects.get(event="patient.erased")
    assert (told.subject_id, told.detail) == (str(signed.sample_id), {"reason": "The patient asked."})
    assert AuditEvent.objects.get(event="report.signed").detail["sha256"] == before
    assert verify().whole
    # What only grows refuses deletion as before, to the owner too.
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM predictions_sampleevent")
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgname = 'only_grows'")
        assert cursor.fetchall() == [("A",)]
    assert SampleEvent.objects.filter(sample=other).exists()
