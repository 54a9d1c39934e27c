"""What is forgotten of sign-ins, when, and what the log says of it."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as shipped
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.models import OneTimeLink
from accounts.retention import retention_sweep
from hematovision.core.queue import QUEUE_OF
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows():
    """Sessions and links of one, ten and forty days ago, and ones that hold."""
    person, now = PersonFactory(), timezone.now()
    for days in (-1, 1, 10, 40):
        past = now - timedelta(days=days)
        Session.objects.create(session_key=f"key{days}", session_data="", expire_date=past)
        OneTimeLink.objects.create(token_sha256=f"{days}", person=person, expires_at=past)
        listed = UserSession.objects.create(user=person, session_key=f"key{days}", ip="127.0.0.1")
        UserSession.objects.filter(pk=listed.pk).update(last_seen_at=past)
    OneTimeLink.objects.create(token_sha256="used", expires_at=now, used_at=now - timedelta(days=50))


def left():
    keys = sorted(Session.objects.values_list("session_key", flat=True))
    return keys, sorted(OneTimeLink.objects.values_list("token_sha256", flat=True))


def test_old_sessions_and_spent_links_go_and_the_log_says_how_many(rows, settings):
    settings.RETENTION_SESSIONS_DAYS, settings.RETENTION_LINKS_DAYS = 7, 30
    told = {"sessions": 2, "listed_sessions": 2, "links": 2}
    assert retention_sweep() == told
    assert left() == (["key-1", "key1"], ["-1", "1", "10"])
    event = AuditEvent.objects.get(event="retention.swept")
    assert (event.detail, event.actor) == (told, None)
    retention_sweep()
    assert AuditEvent.objects.filter(event="retention.swept").count() == 1


def test_nought_keeps_everything(rows, settings):
    settings.RETENTION_SESSIONS_DAYS = settings.RETENTION_LINKS_DAYS = 0
    before = left()
    assert retention_sweep() == {}
    assert left() == before
    assert not AuditEvent.objects.filter(event="retention.swept").exists()


def test_the_scheduler_rings_for_it():
    entry = shipped.CELERY_BEAT_SCHEDULE["accounts.sweep_retention"]
    assert entry["options"]["queue"] == QUEUE_OF["accounts.sweep_retention"]
    assert entry["schedule"] == 3600
