"""Emergency access: one sample of another site, for a while, with a reason that the admins read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.models import EmergencyAccess
from predictions.selectors import visible_fields, visible_samples
from predictions.services import sample_create
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
PAGE = "/samples/emergency/"
WHY = "Transfusion tonight, their laboratory is closed."


@pytest.fixture
def technician(client):
    one = PersonFactory()
    client.force_login(one)
    return one


@pytest.fixture
def theirs():
    stranger = PersonFactory()
    return [
        sample_create(actor=stranger, origin=Origin(), facts={"accession": f"HV-AWAY-{number}"})
        for number in (1, 2)
    ]


def ask(client, accession="hv-away-1", reason=WHY):
    return client.post(PAGE, {"accession": accession, "reason": reason})


def test_it_opens_that_sample_only_and_is_flagged(client, technician, theirs):
    sample, other = theirs
    assert client.get(f"/samples/{sample.pk}/").status_code == 404
    assert ask(client)["Location"] == f"/samples/{sample.pk}/"
    page = client.get(f"/samples/{sample.pk}/")
    assert "Emergency access to a sample of" in page.content.decode()
    assert client.get(f"/samples/{other.pk}/").status_code == 404
    assert set(visible_samples(technician)) == {sample}
    opened, asked = AuditEvent.objects.filter(event__startswith="sample.", actor=technician)
    assert (asked.event, asked.detail["reason"], asked.detail["emergency"]) == (
        "sample.emergency_opened", WHY, True,
    )  # fmt: skip
    assert (opened.event, opened.detail) == ("sample.opened", {"emergency": True})
    assert "HV-AWAY" not in str(AuditEvent.objects.values())


def test_it_opens_nothing_for_changes(client, technician, theirs):
    sample = theirs[0]
    ask(client)
    page = client.get(f"/samples/{sample.pk}/").content.decode()
    assert "for reading alone" in page
    assert [
        act for act in ("files", "edit", "cancel", "comment") if f"/samples/{sample.pk}/{act}/" in page
    ] == []
    said = {"reason": "Not ours.", "text": "Not ours."}
    for act in ("cancel", "comment", "submit"):
        answer = client.post(f"/samples/{sample.pk}/{act}/", said, follow=True)
        assert "Nothing was changed." in answer.content.decode()
    told = {"note": "Not ours."}
    answer = client.patch(f"/api/v1/samples/{sample.pk}", told, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "sample_refused")
    sample.refresh_from_db()
    assert (sample.state, sample.revision, sample.note) == ("receiving", 1, "")


def test_it_ends(client, technician, theirs):
    ask(client)
    EmergencyAccess.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/samples/{theirs[0].pk}/").status_code == 404
    assert not visible_samples(technician).exists()
    assert not visible_fields(technician).exists()


def test_it_ends_with_the_person(client, technician, theirs):
    ask(client)
    technician.is_active = False
    technician.save()
    assert not visible_samples(technician).exists()


@pytest.mark.parametrize(
    ("accession", "reason"), [("HV-AWAY-1", ""), ("HV-AWAY-1", "short"), ("HV-NONE", WHY)]
)
def test_without_reason_or_sample_nothing_opens(client, technician, theirs, accession, reason):
    assert ask(client, accession, reason).status_code == 422
    assert not EmergencyAccess.objects.exists()


def test_nobody_tries_numbers_by_the_hundred(client, technician, theirs):
    statuses = [ask(client, f"HV-TRY-{number}").status_code for number in range(12)]
    assert statuses == [422] * 10 + [429] * 2


def test_a_sample_of_ones_own_site_needs_none(client, technician):
    own = sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-OWN"})
    assert ask(client, "HV-OWN")["Location"] == f"/samples/{own.pk}/"
    assert not EmergencyAccess.objects.exists()


def test_admins_see_every_access(client, technician, theirs):
    ask(client)
    client.force_login(PersonFactory(admin=True))
    assert WHY.split(",", maxsplit=1)[0] in client.get("/dashboard/").content.decode()
    assert WHY.split(",", maxsplit=1)[0] in client.get(f"/people/{technician.pk}/").content.decode()


def test_it_costs_the_worklist_no_query_more(client, technician, theirs):
    sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-OWN"})
    with CaptureQueriesContext(connection) as before:
        client.get("/samples/")
    ask(client)
    client.get("/samples/")
    with CaptureQueriesContext(connection) as after:
        client.get("/samples/")
    assert len(after) <= len(before)
