"""Lists in pages that are found by key; answers that are not sent twice."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.audit.models import AuditEvent
from accounts.models import Site
from hematovision.core.origin import Origin
from predictions.api import conditional
from predictions.api.paging import paged
from predictions.errors import BadCursor, BadValue
from predictions.models import Sample, SampleEvent
from predictions.services import sample_create

pytestmark = pytest.mark.django_db


def asked(address="/api/v1/there", **headers):
    return Request(APIRequestFactory(headers=headers).get(address))


@pytest.fixture
def samples(technician):
    """Five samples, of which the second to the fourth came at the same moment."""
    made = []
    for number, hour in enumerate((1, 2, 2, 2, 3)):
        facts = {"accession": f"HV-{number}", "received_at": datetime(2026, 3, 2, hour, tzinfo=UTC)}
        made.append(sample_create(actor=technician, origin=Origin(), facts=facts))
    return made


def walked(address, **options):
    pages = []
    while address:
        page = paged(asked(address), Sample.objects.all(), lambda rows: [one.pk for one in rows], **options)
        pages.append(page["results"])
        address = page["next"]
    return pages


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_give_every_row_once_in_order(samples, newest_first):
    pages = walked("/api/v1/there?limit=2&state=x", by=("received_at", "id"), newest_first=newest_first)
    assert [len(page) for page in pages] == [2, 2, 1]
    wanted = sorted(samples, key=lambda one: (one.received_at, one.pk.hex), reverse=newest_first)
    assert [key for page in pages for key in page] == [one.pk for one in wanted]


def test_a_row_that_comes_meanwhile_moves_no_page(samples, technician):
    by = ("received_at", "id")
    first = paged(asked("/?limit=2"), Sample.objects.all(), lambda rows: rows, by=by)
    late = {"accession": "HV-9", "received_at": samples[0].received_at + timedelta(days=1)}
    sample_create(actor=technician, origin=Origin(), facts=late)
    second = paged(asked(first["next"]), Sample.objects.all(), lambda rows: rows, by=by)
    assert not {one.pk for one in first["results"]} & {one.pk for one in second["results"]}


def test_a_list_by_number_and_one_along_another_table(samples):
    events = AuditEvent.objects.all()
    page = paged(asked("/?limit=4"), events, lambda rows: [one.pk for one in rows], by=("id",))
    rest = paged(asked(page["next"]), events, lambda rows: [one.pk for one in rows], by=("id",))
    assert page["results"] + rest["results"] == sorted(events.values_list("pk", flat=True), reverse=True)
    by = ("sample__received_at", "sample_id", "id")
    page = paged(asked("/?limit=3"), SampleEvent.objects.all(), lambda rows: [one.pk for one in rows], by=by)
    rest = paged(asked(page["next"]), SampleEvent.objects.all(), lambda rows: [one.pk for one in rows], by=by)
    assert len({*page["results"], *rest["results"]}) == 5


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1.5", "٣", "9" * 5000])
def test_a_limit_is_a_number_up_to_200(limit):
    with pytest.raises(BadValue):
        paged(asked(f"/?limit={limit}"), Sample.objects.all(), list)


@pytest.mark.parametrize(
    "after",
    ["x", "!", "e30", "W10", "WyJ4IiwieSJd", "bnVsbA", "WzEsMl0", "ä", "WyIxIl0", "W251bGwsbnVsbF0"],
)
def test_a_key_that_was_not_given_out_is_refused(after):
    with pytest.raises(BadCursor):
        paged(asked(f"/?after={after}"), Sample.objects.all(), list, by=("received_at", "id"))


@pytest.mark.parametrize("name", ["\0", "\ud800"])
def test_nor_is_one_with_letters_that_no_name_has(name):
    after = base64.urlsafe_b64encode(json.dumps([name]).encode()).decode()
    with pytest.raises(BadCursor):
        paged(asked(f"/?after={after}"), Site.objects.all(), list, by=("name",))


def test_a_moment_of_any_zone_is_found(samples):
    after = base64.urlsafe_b64encode(json.dumps(["2026-03-02T02:00:00+23:59", "0" * 32]).encode()).decode()
    page = paged(asked(f"/?after={after}"), Sample.objects.all(), list, by=("received_at", "id"))
    assert page["results"] == []


def test_nor_is_one_that_is_nested_without_end():
    after = base64.urlsafe_b64encode(b"[" * 3000).decode()
    with pytest.raises(BadCursor):
        paged(asked(f"/?after={after}"), Site.objects.all(), list, by=("name",))


def test_what_the_sender_has_is_not_sent_again():
    first = conditional.answer(asked(), {"a": 1})
    tag = first["ETag"]
    assert (first.status_code, first.data, tag.startswith('"')) == (200, {"a": 1}, True)
    for told in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = conditional.answer(asked(**{"If-None-Match": told}), {"a": 1})
        assert (again.status_code, again.data, again["ETag"]) == (304, None, tag)
    for told in ('"x"', tag.strip('"'), ""):
        assert conditional.answer(asked(**{"If-None-Match": told}), {"a": 1}).status_code == 200
    assert conditional.answer(asked(**{"If-None-Match": tag}), {"a": 2}).status_code == 200


def test_a_change_can_ask_for_the_revision_it_was_made_upon():
    tag = conditional.answer(asked(), {"a": 1}, revision=7)["ETag"]
    assert conditional.revision_seen(asked(**{"If-Match": tag})) == 7
    assert conditional.revision_seen(asked()) is None
    assert conditional.revision_seen(asked(**{"If-Match": "*"})) is None
    earlier = conditional.answer(asked(), {"a": 0}, revision=6)["ETag"]
    for told in (f'{tag}, "x"', f"{tag},{earlier}", f'W/"8{tag[2:]}, {tag}'):
        assert conditional.revision_seen(asked(**{"If-Match": told})) == 7
    for told in (f"W/{tag}", '"7"', "7", "x"):
        assert conditional.revision_seen(asked(**{"If-Match": told})) == -1
