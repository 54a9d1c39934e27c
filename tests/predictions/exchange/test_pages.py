"""The pages of the exchange: destinations, their secrets and tests, and what has arrived."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.seal import seal
from accounts.web.limits import BEGUN
from mlcore.registry.models import ModelVersion, Promotion, PromotionWay
from predictions.models import Delivery, Destination, Event
from predictions.selectors.exchange import outbox_status
from predictions.services import deliver
from predictions.services.outbox import post
from predictions.services.promoted import promotions_post
from tests.predictions.exchange.receivers import receiving
from tests.predictions.test_reports import submitted

pytestmark = pytest.mark.django_db
FACTS = {
    "kind": "webhook",
    "name": "Our archive",
    "address": "http://127.0.0.1:9/in",
    "signed": "on",
    "secret": "a secret that nobody guesses",
}


@pytest.fixture
def desk(client, admin):
    client.force_login(admin)
    return client


def opened(destination):
    return seal("destinations").decrypt(destination.secret).decode()


def test_a_destination_is_added_and_its_secret_never_shown(desk, admin):
    answer = desk.post("/exchange/new/", FACTS)
    one = Destination.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/exchange/{one.pk}/")
    assert (one.kind, one.events, one.created_by) == ("webhook", ["report.signed"], admin)
    assert opened(one) == FACTS["secret"]
    assert FACTS["secret"] not in one.secret
    assert FACTS["secret"] not in desk.get(f"/exchange/{one.pk}/").content.decode()
    told = AuditEvent.objects.get(event="destination.added")
    assert (told.subject_id, told.detail["host"], told.detail["new_secret"]) == (
        str(one.pk),
        "127.0.0.1",
        True,
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"address": "http://10.1.2.3/"}, "OUTBOUND_PRIVATE_NETWORKS"),
        ({"address": "http://93.184.216.34/"}, "unencrypted"),
        ({"address": "ftp://x.example/"}, "does not begin with https://"),
        ({"address": "https://"}, "does not begin with https://"),
        ({"address": "https://[x"}, "does not begin with https://"),
        ({"address": "https://x.example:99999/"}, "does not begin with https://"),
        ({"address": "https://me:word@x.example/"}, "Give no name, password"),
        ({"secret": "short"}, "at least 16"),
        ({"secret": ""}, "at least 16"),
        ({"secret": "schlüsselschlüssel"}, "ASCII"),
        ({"signed": ""}, "Choose at least one event"),
        ({"kind": "hl7", "address": "mllp://127.0.0.1:2575", "analysed": "on"}, "Choose at least one event"),
        ({"kind": "hl7", "secret": ""}, "does not begin with mllps://"),
        ({"name": "Taken"}, "Another destination has this name."),
    ],
)
def test_what_is_wrong_is_said_at_the_form(desk, destination, change, words):
    destination(name="Taken")
    answer = desk.post("/exchange/new/", {**FACTS, **change})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Destination.objects.count() == 1


def test_a_new_address_needs_the_secret_again(desk, destination):
    one = destination("http://127.0.0.1:9/in")
    facts = {**FACTS, "secret": "", "name": "Renamed"}
    assert desk.post(f"/exchange/{one.pk}/", facts).status_code == 302
    refused = desk.post(f"/exchange/{one.pk}/", {**facts, "address": "http://127.0.0.2:9/in"})
    assert refused.status_code == 422
    assert "Type the secret again" in refused.content.decode()
    one.refresh_from_db()
    assert (one.name, one.address, opened(one)) == ("Renamed", "http://127.0.0.1:9/in", "a secret")


def test_changing_one_needs_a_fresh_proof_of_identity(desk, destination, settings):
    one = destination()
    desk.get("/exchange/")
    session = desk.session
    session[BEGUN] -= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    session.save()
    answer = desk.post(f"/exchange/{one.pk}/", FACTS)
    assert "reauthenticate" in answer["Location"]
    assert Destination.objects.get().address == one.address


def test_secrets_are_sealed_anew_with_a_new_key(destination, settings):
    one = destination()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    call_command("reseal_destinations")
    settings.SECRET_KEY_FALLBACKS = []
    one.refresh_from_db()
    assert opened(one) == "a secret"
    settings.SECRET_KEY = "one that nobody knows"
    with pytest.raises(CommandError, match="type the secret again"):
        call_command("reseal_destinations")


def test_the_numbers_for_prometheus(destination):
    off = {"active": False, "disabled_at": timezone.now(), "disabled_reason": "Moved."}
    for one in (destination(), destination(**off)):
        for state in ("waiting", "dead"):
            Delivery.objects.create(
                destination=one,
                event="sample.analysed",
                subject=state,
                state=state,
                give_up_at=timezone.now(),
            )
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    status = outbox_status()
    assert (status.waiting, status.dead, round(status.oldest_wait_seconds, -2)) == (1, 2, 300)


def test_a_test_shows_its_answer(desk, destination):
    with receiving() as server:
        one = destination(server.url)
        assert desk.post(f"/exchange/{one.pk}/test/").status_code == 302
        assert "every 2s" in desk.get(f"/exchange/{one.pk}/").content.decode()
        deliver.deliver(one.pk)
    page = desk.get(f"/exchange/{one.pk}/").content.decode()
    assert "HTTP 200 so be it" in page
    assert "every 2s" not in page
    assert AuditEvent.objects.filter(event="destination.tested").count() == 1


def test_what_happened_while_one_was_disabled_goes_out_when_it_is_enabled(desk, destination):
    with receiving() as server:
        one = destination(server.url)
        desk.post(f"/exchange/{one.pk}/switch/", {"to": "disabled"})
        with transaction.atomic():
            post(Event.ANALYSED, subject="one")
        assert deliver.deliver(one.pk) == 0
        assert "Disabled by" in desk.get(f"/exchange/{one.pk}/").content.decode()
        desk.post(f"/exchange/{one.pk}/switch/", {"to": "enabled"})
        assert deliver.deliver(one.pk) == 1
    events = AuditEvent.objects.filter(subject_id=str(one.pk)).order_by("pk").values_list("event", flat=True)
    assert list(events) == ["destination.disabled", "destination.enabled"]


def test_signed_reports_are_seen_to_arrive_or_not_and_are_sent_again(desk, destination, case):
    with receiving(404, 200) as server:
        one = destination(server.url)
        report = case.sign()
        assert Delivery.objects.get(event="report.signed").report == report
        deliver.deliver(one.pk)
        page = desk.get("/exchange/deliveries/?state=dead").content.decode()
        assert case.sample.accession in page
        assert "HTTP 404 so be it" in page
        assert case.sample.accession not in desk.get("/exchange/deliveries/?state=delivered").content.decode()
        assert "1 delivery was given up" in desk.get("/dashboard/").content.decode()
        assert desk.post("/exchange/deliveries/again/", {"state": "dead"}).status_code == 302
        assert deliver.deliver(one.pk) == 1
        assert "given up" not in desk.get("/dashboard/").content.decode()
    assert AuditEvent.objects.filter(event="delivery.sent_again").count() == 1


def test_a_version_that_a_later_one_overtook_is_not_sent_again(desk, destination, case):
    with receiving(404, 200) as server:
        one = destination(server.url)
        case.sign()
        deliver.deliver(one.pk)
        case.sign()
        assert deliver.deliver(one.pk) == 1
    first = Delivery.objects.get(event="report.signed")
    answer = desk.post(f"/exchange/deliveries/{first.key}/again/", follow=True)
    assert "a later version of the report has arrived" in answer.content.decode()
    first.refresh_from_db()
    assert first.state == "dead"


def test_what_waits_for_an_earlier_version_says_so(desk, destination, case):
    destination()
    case.sign()
    assert "after the earlier one" not in desk.get("/exchange/deliveries/").content.decode()
    case.sign()
    assert desk.get("/exchange/deliveries/").content.decode().count("after the earlier one") == 1


def test_hl7_has_no_secret_and_is_asked_for_none(desk):
    facts = {"kind": "hl7", "name": "LIS", "address": "mllp://127.0.0.1:2575", "signed": "on"}
    assert "HL7 has no secret" in desk.post("/exchange/new/", {**facts, "secret": "any"}).content.decode()
    address = desk.post("/exchange/new/", facts)["Location"]
    assert 'name="secret"' not in desk.get(address).content.decode()
    assert desk.post(address, {**facts, "address": "mllp://127.0.0.1:2576"}).status_code == 302
    assert Destination.objects.get().address == "mllp://127.0.0.1:2576"


def test_many_deliveries_come_page_by_page(desk, destination):
    destination()
    with transaction.atomic():
        for number in range(60):
            post(Event.ANALYSED, subject=str(number))
    first = desk.get("/exchange/deliveries/")
    assert len(first.context["rows"]) == 50
    second = desk.get(f"/exchange/deliveries/?{first.context['older']}")
    assert len(second.context["rows"]) == 10
    assert desk.get("/exchange/deliveries/?before=x&destination=x&state=x").status_code == 200


def test_a_sample_is_told_of_when_its_last_image_was_read(destination, technician, submit):
    destination(events=["sample.analysed"])
    sample = submitted(technician, submit)
    delivery = Delivery.objects.get()
    assert (delivery.sample, delivery.subject.partition("/")[0]) == (sample, str(sample.pk))


def test_a_model_that_was_made_active_is_told_once_and_only_to_who_listened_before(destination, admin):
    facts = {"version": "9.9.9", "sha256": "0" * 64, "labels": ["x"], "location": "", "source": "imported"}
    version = ModelVersion.objects.create(**facts)

    def promoted():
        by = {"asked_by": admin, "decided_by": admin, "decided_at": timezone.now()}
        way = {"way": PromotionWay.OVERRIDE, "reason": "Because it is needed now.", "state": "done"}
        return Promotion.objects.create(version=version, **way, **by)

    with receiving() as server:
        promoted()
        one = destination(server.url)
        assert promotions_post() == 0
        new = promoted()
        assert (promotions_post(), promotions_post()) == (1, 0)
        assert Delivery.objects.get().subject == str(new.pk)
        assert deliver.deliver(one.pk) == 1
        assert b'"version": "9.9.9"' in server.came[0][1]
