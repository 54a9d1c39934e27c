"""Comments: what people say to each other about a sample, in the trail and never on the report."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.errors import SampleRefused
from predictions.models import Sample, SampleEvent
from predictions.services import report_preview, sample_comment, sample_create
from predictions.services.samples import COMMENT_LENGTH
from tests.accounts.factories import PersonFactory
from tests.predictions.test_reports import words

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
SAID = "Smudged at the edge.\nשלום, please look at <cell> 7."


@pytest.fixture
def sample(technician):
    return sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-0001"})


def say(client, sample, text):
    return client.post(reverse("sample_comment", args=[sample.pk]), {"text": text}, follow=True)


def test_a_comment_is_read_by_the_colleague_as_it_was_written(client, visit, doctor, sample):
    assert say(client, sample, SAID).status_code == 200
    html = visit(doctor).get(reverse("sample", args=[sample.pk])).content.decode()
    assert "Smudged at the edge.<br>שלום, please look at &lt;cell&gt; 7." in html
    event = SampleEvent.objects.get(kind="commented")
    assert event.revision == Sample.objects.get().revision
    # The log says that somebody commented; the words may name a patient and stay with the sample.
    assert AuditEvent.objects.get(event="sample.commented").detail == {}


def test_comments_are_never_on_the_report(client, doctor, sample, read):
    read("neutrophil", sample_id=sample.pk)
    say(client, sample, "Ask the ward for another tube.")
    assert "another tube" not in words(report_preview(actor=doctor, sample=sample))


@pytest.mark.parametrize("text", ["", " \n\t", "\0", "x" * (COMMENT_LENGTH + 1)])
def test_no_words_and_too_many_are_refused_in_words(client, sample, text):
    before = Sample.objects.get().revision
    assert "between 1 and 2000 letters" in say(client, sample, text).content.decode()
    assert Sample.objects.get().revision == before


def test_who_may_not_review_may_not_comment(sample):
    with pytest.raises(PermissionDenied):
        sample_comment(actor=PersonFactory(is_active=False), origin=HERE, sample_id=sample.pk, text="Hello")
    with pytest.raises(Sample.DoesNotExist):
        sample_comment(actor=PersonFactory(), origin=HERE, sample_id=sample.pk, text="Hello")
    with pytest.raises(SampleRefused):
        sample_comment(actor=sample.created_by, origin=HERE, sample_id=sample.pk, text="  ")
