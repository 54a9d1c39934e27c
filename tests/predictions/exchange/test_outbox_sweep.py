"""What arrived long ago is forgotten; what somebody still has to decide or know is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.models import AuditEvent
from mlcore.registry.models import ModelVersion, Promotion
from predictions.models import Delivery, Event
from predictions.selectors.exchange import destinations
from predictions.services.destinations import deliveries_again
from predictions.services.outbox import outbox_sweep
from predictions.services.promoted import promotions_post
from tests.predictions.exchange.conftest import HERE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def thirty_days(settings):
    settings.RETENTION_DELIVERIES_DAYS = 30


@pytest.fixture
def delivery(destination):
    """Make a delivery of so many days ago, to one destination unless another is named."""
    one = destination()

    def delivery(subject, days, state="delivered", event=Event.ANALYSED, **facts):
        past = timezone.now() - timedelta(days=days)
        told = {"destination": one, "event": event, "state": state, "subject": subject, **facts}
        at = {"created_at": past, "give_up_at": past, "delivered_at": past if state == "delivered" else None}
        return Delivery.objects.create(**told, **at)

    return delivery


def left():
    return sorted(Delivery.objects.values_list("subject", flat=True))


def test_what_arrived_goes_and_what_waits_or_was_given_up_stays(delivery, settings):
    for days in (50, 40, 31, 29, 1):
        delivery(f"arrived {days}", days)
    delivery("given up", 50, "dead")
    delivery("waiting", 50, "waiting")
    delivery("test that failed", 50, "dead", Event.TEST)
    delivery("test", 1, event=Event.TEST)
    settings.RETENTION_DELIVERIES_DAYS = 0
    assert outbox_sweep() == 0
    settings.RETENTION_DELIVERIES_DAYS = 30
    assert outbox_sweep() == 4
    assert left() == ["arrived 1", "arrived 29", "given up", "test", "waiting"]
    event = AuditEvent.objects.get(event="retention.deliveries_removed")
    assert (event.detail, event.actor) == ({"deliveries": 4, "days": 30}, None)
    assert outbox_sweep() == 0
    assert AuditEvent.objects.filter(event="retention.deliveries_removed").count() == 1


def test_the_last_that_arrived_says_when_a_destination_was_last_reached(delivery):
    for days in (50, 40):
        newest = delivery(f"arrived {days}", days)
    assert outbox_sweep() == 1
    assert destinations().get().last_success == newest.delivered_at


def test_the_last_report_of_a_sample_stays_so_that_no_earlier_one_undoes_it(delivery, case, admin):
    versions = [case.sign() for _version in range(3)]
    Delivery.objects.all().delete()
    for version, (report, state) in enumerate(zip(versions, ("dead", "delivered", "delivered"), strict=True)):
        delivery(f"version {version}", 50 - version, state, Event.SIGNED, sample=case.sample, report=report)
    delivery("read", 45, sample=case.sample)
    delivery("lately", 1)
    assert outbox_sweep() == 2
    assert left() == ["lately", "version 0", "version 2"]
    assert deliveries_again(actor=admin, origin=HERE, which=Delivery.objects.all()) == 0


def test_a_promotion_is_not_told_again(delivery, destination, settings):
    settings.RETENTION_DELIVERIES_DAYS = 1
    one = destination()
    facts = {"version": "1.0", "sha256": "0" * 64, "labels": ["x"], "location": "x", "source": "imported"}
    version = ModelVersion.objects.create(**facts)
    decided = timezone.now() - timedelta(days=2)
    promotion = Promotion.objects.create(version=version, way="release", state="done", decided_at=decided)
    type(one).objects.update(created_at=decided - timedelta(days=1))
    delivery(str(promotion.pk), 2, event=Event.PROMOTED)
    delivery("later", 1)
    assert (outbox_sweep(), promotions_post()) == (0, 0)
