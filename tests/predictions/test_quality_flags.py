"""Flags of the fields' quality: on the sample's page and on the report, of the newest reading only."""

import datetime as dt

import pytest
from django.urls import reverse

from hematovision.core.origin import Origin
from predictions.models import Analysis
from predictions.selectors import quality_flags
from predictions.services import report_preview
from tests.predictions.test_reports import submitted, words

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


@pytest.fixture
def sample(technician, submit):
    return submitted(technician, submit)


def reading(sample, *codes, later=0):
    """Read the sample's field once more, as a newer model would."""
    first = Analysis.objects.filter(field__sample=sample).order_by("created_at").first()
    version = first.model_version
    version.pk, version.version, version.sha256 = None, f"{later}.0.0", f"{later:064x}"
    version.state = "retired"
    version.save(force_insert=True)
    return Analysis.objects.create(
        field=first.field,
        model_version=version,
        quality=list(codes),
        milliseconds=1,
        created_at=first.created_at + dt.timedelta(seconds=later),
    )


def test_each_flag_names_its_fields_and_only_the_newest_reading_counts(sample, django_assert_num_queries):
    reading(sample, "too_dark", later=1)
    reading(sample, "blurred", "overexposed", later=2)
    field = sample.fields.get()
    with django_assert_num_queries(1):
        flags = quality_flags(sample)
    assert [(one.code, one.fields, one.read) for one in flags] == [
        ("blurred", ((field.pk, "smear.jpg"),), 1),
        ("overexposed", ((field.pk, "smear.jpg"),), 1),
    ]


def test_page_and_report_say_them(sample, technician, client):
    reading(sample, "blurred", later=1)
    client.force_login(technician)
    html = client.get(reverse("sample", args=[sample.pk])).content.decode()
    assert "1 of 1 fields: The image is out of focus" in html
    assert reverse("field", args=[sample.fields.get().pk]) in html
    report = words(report_preview(actor=technician, sample=sample))
    assert "1 of 1 fields: The image is out of focus" in report
    assert "starting values from the literature, not confirmed by the laboratory" in report
