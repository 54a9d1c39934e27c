"""The worklist: filters in the address, views that people save, what comes next, and how it renews itself."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.web.limits import SEEN
from hematovision.core.origin import Origin
from predictions.models import Sample, SampleTally, SavedView
from predictions.selectors import next_waiting, worklist
from predictions.services import sample_create, sample_submit
from predictions.services.views import MOST_VIEWS
from predictions.types import WorklistFilters
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
DAY = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def client(visit, technician):
    return visit(technician)


@pytest.fixture
def register(technician):
    """Register a sample that stands somewhere, holds cells and is flagged, as counting would have it."""
    numbers = iter(range(1, 10_000))

    def register(state="to_review", tallies=(), actor=technician, **more):
        number = next(numbers)
        facts = {"accession": f"HV-{number:05}", "received_at": DAY + timedelta(minutes=number)}
        sample = sample_create(actor=actor, origin=HERE, facts={**facts, **more.pop("facts", {})})
        Sample.objects.filter(pk=sample.pk).update(state=state, **more)
        for code in tallies:
            SampleTally.objects.create(sample=sample, code=code, number=3)
        return Sample.objects.get(pk=sample.pk)

    return register


def found(user, **filters):
    return set(worklist(user, filters=WorklistFilters(**filters)).samples)


def test_each_filter_and_pairs_of_them(register, technician):
    colleague = PersonFactory(site=technician.site)
    plain = register()
    blasts = register(tallies=["blast", "neutrophil"], flags=["critical"])
    theirs = register(tallies=["neutrophil"], actor=colleague, flags=["delta", "low_quality"])
    signed = register("signed", tallies=["blast"], flags=["critical"])
    amended = register("amended")
    assert found(technician) == {plain, blasts, theirs}
    assert found(technician, state="all") == {plain, blasts, theirs, signed, amended}
    assert found(technician, state="amended") == {amended}
    assert found(technician, kind="neutrophil") == {blasts, theirs}
    assert found(technician, kind="blast", state="all") == {blasts, signed}
    assert found(technician, flag="critical") == {blasts}
    assert found(technician, flag="low_quality", kind="neutrophil") == {theirs}
    assert found(technician, person=colleague.pk) == {theirs}
    assert found(technician, person=colleague.pk, flag="critical") == set()
    assert found(technician, state="all", kind="blast", date_to=DAY.date()) == {blasts, signed}
    assert found(technician, state="all", date_from=DAY.date() + timedelta(days=1)) == set()
    assert found(PersonFactory(), state="all", kind="blast") == set()


def test_the_page_shows_flags_in_words_and_counts_under_the_other_filters(client, register, technician):
    register(flags=["critical", "delta", "low_quality"], tallies=["", "blast"])
    register("in_review", tallies=["blast"])
    register("in_review")
    html = client.get(reverse("worklist"), {"kind": "blast"}).content.decode()
    for words in ("critical value", "changed since the last sample", "poor image", "3 unidentified"):
        assert words in html
    assert re.search(r"all that wait <b>2</b>", html)
    assert re.search(r"\?state=in_review&amp;kind=blast\"[^>]*>in review <b>1</b>", html)
    assert html.count('class="sample-row"') == 2
    assert 'href="/samples/export/?kind=blast"' in html


def test_the_last_day_that_there_is_ends_with_itself(client, register):
    register()
    asked = {"date_from": "0001-01-01", "date_to": "9999-12-31"}
    for name in ("worklist", "history"):
        assert client.get(reverse(name), asked).status_code == 200
    assert client.get(reverse("worklist"), asked).content.decode().count('class="sample-row"') == 1


@pytest.mark.parametrize("query", [{"kind": "unheard_of"}, {"flag": "x"}, {"person": "1"}, {"state": "gone"}])
def test_a_filter_that_does_not_exist_is_said_and_does_not_filter(client, register, query):
    register()
    answer = client.get(reverse("worklist"), query)
    assert answer.status_code == 400
    assert answer.content.decode().count('class="sample-row"') == 1


def test_the_people_to_choose_from_are_those_whose_samples_one_may_see(client, register):
    stranger = PersonFactory(name="Somebody Elsewhere")
    register(actor=stranger)
    register()
    html = client.get(reverse("worklist")).content.decode()
    assert "Somebody Elsewhere" not in html
    assert client.get(reverse("worklist"), {"person": str(stranger.pk)}).status_code == 400


def save(client, **given):
    return client.post(reverse("view_save"), given)


def test_a_view_is_saved_found_replaced_and_deleted(client, register, technician):
    register(flags=["critical"])
    answer = save(client, name="  Look  first ", flag="critical", state="to_review", text="PAT-1", other="x")
    view = SavedView.objects.get()
    assert (view.person, view.name) == (technician, "Look first")
    assert view.filters == {"flag": "critical", "state": "to_review"}
    assert answer.url == "/samples/?state=to_review&flag=critical"
    html = client.get(reverse("worklist")).content.decode()
    assert "Look first" in html
    assert "Delete the view" not in html
    assert "Delete the view “Look first”" in client.get(answer.url).content.decode()
    save(client, name="Look first", flag="delta")
    assert SavedView.objects.get().filters == {"flag": "delta"}
    client.post(reverse("view_delete", args=[view.pk]))
    assert not SavedView.objects.exists()
    events = AuditEvent.objects.filter(event__startswith="view.").order_by("pk")
    assert [event.event for event in events] == ["view.saved", "view.saved", "view.deleted"]
    assert "Look first" not in str([event.detail for event in events])


def test_a_view_is_its_owners_alone(client, visit, technician):
    save(client, name="Mine", state="signed")
    view = SavedView.objects.get()
    colleague = visit(PersonFactory(site=technician.site))
    assert "Mine" not in colleague.get(reverse("worklist")).content.decode()
    assert colleague.post(reverse("view_delete", args=[view.pk])).status_code == 404
    assert SavedView.objects.exists()


@pytest.mark.parametrize(
    "given", [{"name": " ", "state": "signed"}, {"name": "x"}, {"name": "x", "text": "P"}]
)
def test_a_view_without_a_name_or_a_filter_is_refused(client, given):
    answer = save(client, **given)
    assert not SavedView.objects.exists()
    told = client.get(answer.url).content.decode()
    assert "Give the view a name" in told or "Choose a filter first" in told


def test_nobody_has_more_than_twenty_views(client):
    for number in range(MOST_VIEWS + 1):
        save(client, name=f"View {number}", state="signed")
    assert SavedView.objects.count() == MOST_VIEWS
    save(client, name="View 3", state="amended")
    assert SavedView.objects.get(name="View 3").filters == {"state": "amended"}


def test_what_comes_next_waits_for_the_person_and_keeps_to_the_filters(register, technician):
    doctor = PersonFactory(doctor=True)
    register("analysing")
    first, second = register(), register(flags=["delta"])
    submitted = register("in_review")
    everything = WorklistFilters()
    assert next_waiting(technician, everything) == first.pk
    assert next_waiting(technician, everything, after=first) == second.pk
    assert next_waiting(technician, everything, after=second) == first.pk
    assert next_waiting(technician, WorklistFilters(flag="delta"), after=first) == second.pk
    assert next_waiting(technician, WorklistFilters(flag="delta"), after=second) is None
    assert next_waiting(doctor, everything) == submitted.pk
    assert next_waiting(doctor, everything, after=submitted) is None
    assert next_waiting(technician, WorklistFilters(state="in_review"), after=first) == submitted.pk


def test_submitting_goes_on_in_the_worklist_that_one_came_from(client, register):
    here, other = register(flags=["delta"]), register(flags=["delta"])
    register()
    listed = client.get(reverse("worklist"), {"flag": "delta"}).content.decode()
    assert f'href="/samples/{here.pk}/?flag=delta"' in listed
    assert re.search(rf'href="/samples/{here.pk}/\?flag=delta" data-next', listed)
    address = f"/samples/{here.pk}/?flag=delta&text=PAT-1"
    html = client.get(address).content.decode()
    assert 'href="/samples/?flag=delta"' in html
    assert "PAT-1" not in html
    answer = client.post(
        reverse("sample_submit", args=[here.pk]), headers={"Referer": f"http://testserver{address}"}
    )
    assert answer.url == f"/samples/{here.pk}/?flag=delta"
    after = client.get(answer.url).content.decode()
    assert re.search(
        rf'class="button small primary" href="/samples/{other.pk}/\?flag=delta" data-next', after
    )


def live(client, mark=None, **query):
    headers = {"If-None-Match": mark} if mark else {}
    return client.get(reverse("worklist_live"), query, headers=headers)


def test_an_open_list_is_renewed_only_when_a_sample_has_changed(client, register, technician):
    sample = register()
    page = client.get(reverse("worklist")).content.decode()
    mark = f'"{re.search(r"data-mark=.([0-9a-f]+)", page).group(1)}"'
    unchanged = live(client, mark)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    since = timezone.now().isoformat()
    sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
    register(state="to_review")
    changed = live(client, mark, since=since)
    html = changed.content.decode()
    assert changed.status_code == 200
    assert "1 sample new, 1 handed to the doctor" in html
    assert re.search(r"in review <b>1</b>", html)
    assert html.count('class="sample-row"') == 2
    assert live(client, changed["ETag"]).status_code == 304
    Sample.objects.filter(pk=sample.pk).update(flags=["critical"])
    assert live(client, changed["ETag"]).status_code == 200


def test_what_happens_elsewhere_is_no_news(client, register):
    register()
    mark = live(client)["ETag"]
    register(actor=PersonFactory())
    assert live(client, mark).status_code == 304


def test_signing_the_last_one_leaves_an_empty_list(client, register):
    sample = register("in_review")
    mark = live(client)["ETag"]
    Sample.objects.filter(pk=sample.pk).update(state="signed")
    assert "Nothing waits" in live(client, mark).content.decode()


def test_as_many_rows_are_renewed_as_were_loaded(client, register):
    for _number in range(35):
        register()
    rows = [
        live(client, rows=asked).content.decode().count('class="sample-row"')
        for asked in ("", "1", "34", "900", "nonsense")
    ]
    assert rows == [30, 30, 34, 35, 30]
    assert "Show more samples" in live(client, rows=34).content.decode()


@pytest.mark.parametrize("since", ["", "x", "2026-13-45", "2026-01-01T00:00:00", "9" * 400])
def test_a_moment_that_is_none_brings_no_news(client, register, since):
    register()
    assert 'data-news=""' in live(client, since=since).content.decode()


def test_queries_do_not_grow_with_samples(client, register, django_assert_num_queries):
    client.get(reverse("worklist"))
    pages = [
        (reverse("worklist"), {}, {}, 13),
        (reverse("worklist"), {"state": "all", "kind": "blast", "flag": "critical"}, {}, 13),
        (reverse("worklist_live"), {"rows": "60"}, {}, 10),
        (reverse("worklist_export"), {"state": "all"}, {}, 10),
    ]
    for _round in range(2):
        for _number in range(25):
            register(tallies=["blast", "neutrophil", ""], flags=["critical"])
        for address, query, headers, number in pages:
            with django_assert_num_queries(number):
                client.get(address, query, headers=headers)
    mark = live(client)["ETag"]
    with django_assert_num_queries(3):
        live(client, mark)


def test_an_open_list_alone_does_not_keep_anybody_signed_in(client, settings):
    client.get(reverse("worklist"))
    session = client.session
    earlier = int(time.time()) - settings.SESSION_IDLE_SECONDS // 2
    session[SEEN] = earlier
    session.save()
    client.get(reverse("worklist_live"), headers={"X-Unattended": "yes"})
    assert client.session[SEEN] == earlier
    client.get(reverse("worklist_live"))
    assert client.session[SEEN] > earlier
