"""An evaluation from the order to the PDF: read by the real engine in a child, shown, compared, exported."""

import hashlib
import io
import json

import pypdf
import pytest
from django.urls import reverse

from accounts.audit.models import AuditEvent
from mlcore.engine.frozen import FrozenHeader, FrozenPicture, picture_file, write_frozen
from mlcore.registry.evaluating import EvaluationRefused, evaluation_order, folder_of
from mlcore.registry.models import DataSet, DataSetVersion, Evaluation, EvaluationState
from mlcore.training.evaluating import evaluate_version, overdue
from predictions.synthetic import draw_field
from tests.accounts.factories import PersonFactory

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def drawn(settings, tmp_path):
    """A frozen version with three drawn cells of each of two classes."""
    settings.DATASET_ROOT, settings.EVALUATION_ROOT = tmp_path / "datasets", tmp_path / "evaluations"
    pictures = []
    for number in range(6):
        label = ("neutrophil", "lymphocyte")[number % 2]
        content = draw_field(number, labels=[label], width=224, height=224).encoded()
        sha256 = hashlib.sha256(content).hexdigest()
        path = settings.DATASET_ROOT / "pictures" / picture_file(sha256, ".jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        file = picture_file(sha256, ".jpg")
        pictures.append(FrozenPicture(sha256, file, label, "drawn", f"g{number}", "test"))
    sha256 = write_frozen(settings.DATASET_ROOT, FrozenHeader("Drawn", 2, "CC0", "here"), pictures)
    admin = PersonFactory(admin=True)
    row = DataSet.objects.create(name="Drawn", license="CC0", source="here", created_by=admin)
    facts = {"number": 2, "sha256": sha256, "state": "ready", "origin": "zip", "created_by": admin}
    DataSetVersion.objects.create(dataset=row, **facts)
    return sha256


def test_a_version_is_measured_shown_compared_and_taken_along(client, active, candidate, drawn):
    admin = PersonFactory(admin=True)
    client.force_login(admin)
    client.post(reverse("model_evaluate", args=[active.pk]), {"data": drawn})
    one = Evaluation.objects.get()
    page = reverse("evaluation", args=[one.pk])
    assert "Waiting for the training worker" in client.get(page).content.decode()
    assert overdue() == [one.pk]
    evaluate_version(one.pk)
    one.refresh_from_db()
    assert (one.state, one.failure, len(one.outcomes)) == (EvaluationState.DONE, "", 6)
    assert one.report["model"]["sha256"] == active.sha256
    assert {"confusion.png", "roc.png", "calibration.png", "risk-coverage.png"} <= set(one.files)
    assert [path.name for path in folder_of(one).parent.iterdir()] == [str(one.pk)]

    shown = client.get(page).content.decode()
    assert "Each class against the rest" in shown
    assert shown.count(' height="') >= shown.count('class="drawings"') + 3
    # The training worker holds the set against what the model has seen when it has time.
    assert "being compared" in shown
    picture = client.get(reverse("evaluation_picture", args=[one.pk, "roc.png"]))
    assert picture.content.startswith(b"\x89PNG")
    (folder_of(one) / "roc.png").write_bytes(b"altered")
    assert client.get(reverse("evaluation_picture", args=[one.pk, "roc.png"])).status_code == 404
    assert client.get(reverse("evaluation_picture", args=[one.pk, "report.json"])).status_code == 404
    cell = client.get(reverse("test_cell", args=[one.outcomes[0]["key"]]))
    assert cell.content.startswith(b"\x89PNG")

    told = json.loads(client.get(reverse("evaluation_export", args=[one.pk, "json"])).content)
    assert (told["data"]["sha256"], len(told["outcomes"])) == (drawn, 6)
    assert told["trained_or_chosen_on"] == "not compared yet"
    assert AuditEvent.objects.filter(event="evaluation.exported", actor=admin).count() == 1

    other = evaluation_order(version=candidate.pk, data=drawn, actor=admin)
    evaluate_version(other.pk)
    pdf = client.get(reverse("evaluation_export", args=[other.pk, "pdf"]))
    words = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf.content)).pages)
    # This one's bundle does not say what it has seen.
    assert "trained or chosen on not known" in " ".join(words.split())
    compared = client.get(reverse("model_compare"), {"first": one.pk, "second": other.pk}).content.decode()
    assert "They name every one of these cells alike" in compared
    assert "p = 1.0000" in compared


def test_an_order_is_carried_out_once_and_what_failed_again(active, drawn, settings):
    one = evaluation_order(version=active.pk, data=drawn, actor=None)
    assert evaluation_order(version=active.pk, data=drawn, actor=None) == one
    for path in (settings.DATASET_ROOT / "pictures").rglob("*.jpg"):
        path.unlink()
    evaluate_version(one.pk)
    one.refresh_from_db()
    assert one.state == EvaluationState.FAILED
    assert "No picture could be read" in one.failure
    assert evaluation_order(version=active.pk, data=drawn, actor=None) != one


@pytest.mark.parametrize("data", ["", "0" * 64, "../models"])
def test_what_is_no_data_set_is_refused(active, drawn, data):
    with pytest.raises(EvaluationRefused, match="no such data set"):
        evaluation_order(version=active.pk, data=data, actor=None)
