"""A file in pieces: the same as a file in one, and only for whom it is."""

import base64
import hashlib

import pytest
from django.urls import reverse

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.models import AnalysisJob, PartialUpload, Sample, SmearField
from predictions.services import sample_create
from predictions.states import SampleState
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile
from tests.predictions.web.tus import TUS, begin, begun, head, patch, pieces_left, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def content():
    return hostile.png(width=300, height=200)


@pytest.fixture
def sample(technician):
    return sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-26-0001"})


@pytest.mark.parametrize("step", [1_000_000, 4096, 1777])
def test_pieces_become_the_field_that_the_whole_file_would(client, content, settings, step):
    answer = send(client, begin(client, len(content), single="1"), content, step)
    assert (answer.status_code, answer["Upload-Offset"]) == (204, str(len(content)))
    field = SmearField.objects.get()
    told = answer.headers["Upload-Result"]
    assert str(field.pk) in told
    assert field.original_sha256 == hashlib.sha256(content).hexdigest()
    assert (field.original_name, field.single, field.job.state) == ("smear.png", True, "queued")
    assert not pieces_left(settings)
    events = list(AuditEvent.objects.filter(event__startswith="upload.").values_list("event", flat=True))
    assert events == ["upload.begun"]
    assert AuditEvent.objects.filter(event="field.uploaded").count() == 1


def test_the_server_says_what_it_can(client):
    answer = client.options(reverse("pieces_begin"))
    assert answer["Tus-Version"] == "1.0.0"
    assert "termination" in answer["Tus-Extension"]
    refused = client.post(reverse("pieces_begin"), headers={"Upload-Length": "5"})
    assert (refused.status_code, refused["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("offset", [0, 50, 150, 10**9])
def test_a_piece_that_does_not_begin_where_the_last_one_ended_changes_nothing(client, content, offset):
    address = begin(client, len(content))
    patch(client, address, 0, content[:100])
    answer = patch(client, address, offset, content[100:200])
    assert (answer.status_code, answer["Upload-Offset"]) == (409, "100")
    assert head(client, address)["Upload-Offset"] == "100"


def test_a_lost_answer_to_the_last_piece_leads_to_the_finished_field(client, content):
    address = begin(client, len(content))
    first = send(client, address, content, 5000)
    again = patch(client, address, len(content) - 10, content[-10:])
    assert again.status_code == 409
    assert again["Upload-Result"] == first["Upload-Result"] == head(client, address)["Upload-Result"]
    assert SmearField.objects.count() == AnalysisJob.objects.count() == 1


def test_a_refused_file_tells_its_reason_and_leaves_nothing(client, settings):
    content = b"%PDF-1.7" * 100
    answer = send(client, begin(client, len(content), filename="report.png"), content, 300)
    assert answer.status_code == 415
    assert answer.json()["message"] == "report.png: This is a PDF file. Upload JPEG, PNG or TIFF."
    assert not pieces_left(settings)
    assert not PartialUpload.objects.exists()
    assert AuditEvent.objects.get(event="upload.discarded").detail["why"] == "unsupported_type"


def test_the_size_is_judged_before_anything_is_sent(client, settings):
    settings.UPLOAD_MAX_BYTES = 5000
    answer = begun(client, 5001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["message"].startswith("smear.png: The file is larger than")
    assert begun(client, 0).status_code == 422
    address = begin(client, 5000)
    assert patch(client, address, 0, b"x" * 5001).status_code == 413
    assert not pieces_left(settings)


def test_a_piece_has_a_largest_size(client, settings):
    settings.UPLOAD_PIECE_MAX_BYTES = 1024
    address = begin(client, 5000)
    assert patch(client, address, 0, b"x" * 1025).json()["code"] == "piece_too_large"
    assert head(client, address)["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Upload-Length", "-1"),
        ("Upload-Length", ""),
        ("Upload-Length", "1e3"),
        ("Upload-Metadata", "filename %%"),
    ],
)
def test_headers_that_cannot_be_read_are_a_bad_request(client, header, value):
    headers = {**TUS, "Upload-Length": "100", header: value}
    assert client.post(reverse("pieces_begin"), headers=headers).status_code == 400


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_an_altered_piece_is_not_added(client, content, algorithm):
    address = begin(client, len(content))
    good = base64.b64encode(hashlib.new(algorithm, content[:100]).digest()).decode()
    wrong = patch(client, address, 0, content[1:101], **{"Upload-Checksum": f"{algorithm} {good}"})
    assert wrong.status_code == 460
    assert head(client, address)["Upload-Offset"] == "0"
    right = patch(client, address, 0, content[:100], **{"Upload-Checksum": f"{algorithm} {good}"})
    assert right["Upload-Offset"] == "100"


def test_a_file_that_is_not_the_one_announced_is_refused(client, content):
    address = begin(client, len(content), sha256="0" * 64)
    answer = send(client, address, content, 9000)
    assert (answer.status_code, answer.json()["code"]) == (460, "altered")
    assert not SmearField.objects.exists()
    assert not PartialUpload.objects.exists()


def test_a_duplicate_is_asked_for_before_it_is_sent(client, content, sample, technician):
    digest = hashlib.sha256(content).hexdigest()
    send(client, begin(client, len(content), sample, sha256=digest), content, 9000)
    here = begun(client, len(content), sample, sha256=digest)
    assert here.status_code == 409
    assert here.json()["duplicate_of"]["where"] == "image 1 of this sample"
    other = sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-26-0002"})
    assert (
        begun(client, len(content), other, sha256=digest).json()["duplicate_of"]["where"]
        == "sample HV-26-0001"
    )
    assert PartialUpload.objects.filter(field=None).count() == 0
    answer = send(client, begin(client, len(content), other, sha256=digest, again="1"), content, 9000)
    assert "sample HV-26-0001" in answer["Upload-Result"]
    assert SmearField.objects.count() == 2


def test_the_same_file_begun_again_goes_on(client, content, sample):
    digest = hashlib.sha256(content).hexdigest()
    address = begin(client, len(content), sample, sha256=digest)
    patch(client, address, 0, content[:1000])
    again = begun(client, len(content), sample, sha256=digest)
    assert (again["Location"], again["Upload-Offset"]) == (address, "1000")
    assert begin(client, len(content), sample, sha256=digest, again="1") != address
    assert begin(client, len(content), sha256=digest) != address


def test_the_page_says_what_was_not_finished(client, content, sample, visit, technician):
    begin(client, len(content), sample, filename="never sent.png")
    address = begin(client, len(content), sample, filename="half.png", modified=1700)
    patch(client, address, 0, content[:1000])
    html = client.get(reverse("sample", args=[sample.pk])).content.decode()
    assert "1 image was not finished: choose it again and only the rest is sent." in html
    assert "half.png" in html
    assert "never sent.png" not in html
    for other in (
        client.get(reverse("upload")),
        visit(PersonFactory(site=technician.site)).get(reverse("sample", args=[sample.pk])),
    ):
        assert "half.png" not in other.content.decode()


def test_the_page_of_a_sample_lists_its_duplicates(client, content, sample, submit):
    submit(content, "first.png")
    for name in ("second.png", "third.png"):
        submit(content, name, sample_id=sample.pk)
    submit(hostile.jpeg(), sample_id=sample.pk)
    html = client.get(reverse("sample", args=[sample.pk])).content.decode()
    assert "2 images are the same as earlier ones" in html
    assert html.count("an image without a sample") == 2


def test_a_duplicate_at_a_site_that_one_may_not_see_is_not_told(client, content, submit):
    submit(content, actor=PersonFactory())
    answer = begun(client, len(content), sha256=hashlib.sha256(content).hexdigest())
    assert answer.status_code == 201


def test_uploads_of_others_look_as_if_they_did_not_exist(client, content, visit, technician):
    address = begin(client, len(content))
    for other in (PersonFactory(site=technician.site), PersonFactory(), PersonFactory(admin=True)):
        theirs = visit(other)
        assert head(theirs, address).status_code == 404
        assert patch(theirs, address, 0, content[:9]).status_code == 404
        assert theirs.delete(address, headers=TUS).status_code == 404
    assert head(client, address)["Upload-Offset"] == "0"


def test_an_upload_can_be_given_up(client, content, settings):
    address = begin(client, len(content))
    patch(client, address, 0, content[:1000])
    assert len(pieces_left(settings)) == 1
    assert client.delete(address, headers=TUS).status_code == 204
    assert not pieces_left(settings)
    assert head(client, address).status_code == 404


@pytest.mark.parametrize("state", [SampleState.IN_REVIEW, SampleState.CANCELLED])
def test_a_sample_that_is_submitted_meanwhile_takes_no_more(client, content, sample, settings, state):
    address = begin(client, len(content), sample)
    patch(client, address, 0, content[:1000])
    Sample.objects.update(state=state)
    answer = patch(client, address, 1000, content[1000:])
    assert (answer.status_code, answer.json()["code"]) == (409, "sample_refused")
    assert not pieces_left(settings)
    assert not SmearField.objects.exists()
    assert begun(client, 100, sample).json()["code"] == "sample_refused"


def test_what_somebody_may_leave_unfinished_has_a_limit(client, settings):
    settings.PARTIAL_MAX_FILES = 2
    begin(client, 1000)
    begin(client, 1000)
    refused = begun(client, 1000)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_unfinished")
    settings.PARTIAL_MAX_FILES, settings.PARTIAL_MAX_BYTES = 9, 2500
    assert begun(client, 501).status_code == 429
    assert begun(client, 500).status_code == 201
