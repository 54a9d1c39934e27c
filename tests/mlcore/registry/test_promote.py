"""One version is active, whatever happens at the same time; whoever promotes is in the log."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from accounts.audit.models import AuditEvent
from mlcore.registry import selectors, services
from mlcore.registry.models import ModelState, ModelVersion
from mlcore.registry.promotion import promotion_ask, promotion_override, roll_back, shadow_start
from tests.accounts.factories import PersonFactory
from tests.mlcore.conftest import largest_file, renamed

REASON = "The laboratory compared both on its own smears."


@pytest.mark.django_db
def test_promotion_retires_the_version_before(active, candidate):
    admin = PersonFactory(admin=True)
    promotion_override(version=candidate.pk, reason=REASON, actor=admin)
    assert selectors.active_version() == candidate
    active.refresh_from_db()
    assert active.state == ModelState.RETIRED
    event = AuditEvent.objects.filter(event="model.promoted").first()
    assert (event.actor, event.detail["before"]) == (admin, active.version)


@pytest.mark.django_db
def test_promoting_the_active_version_changes_nothing(active):
    before = AuditEvent.objects.count()
    services.promote(version=active.pk, actor=None)
    assert AuditEvent.objects.count() == before


@pytest.mark.django_db
def test_a_damaged_version_is_refused_and_the_active_one_stays(active, candidate, model_root):
    largest_file(model_root / candidate.location).write_bytes(b"damaged")
    with pytest.raises(services.BundleRefused, match="missing or altered"):
        services.promote(version=candidate.pk, actor=None)
    assert selectors.active_version() == active


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["technician", "doctor"])
def test_other_roles_may_not(active, candidate, role):
    person = PersonFactory(role=role)
    for act in (
        lambda: services.promote(version=candidate.pk, actor=person),
        lambda: promotion_override(version=candidate.pk, reason=REASON, actor=person),
        lambda: promotion_ask(version=candidate.pk, actor=person),
        lambda: shadow_start(version=candidate.pk, actor=person),
        lambda: roll_back(actor=person),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert selectors.active_version() == active


@pytest.mark.django_db
def test_the_database_refuses_a_second_active_version(active, candidate):
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=candidate.pk).update(state=ModelState.ACTIVE)


@pytest.mark.django_db(transaction=True)
def test_promotions_at_the_same_time_end_with_one_active_version(model_root, shipped, tmp_path):
    versions = [services.ship(shipped)]
    versions += [
        services.register_bundle(directory=renamed(tmp_path / name, name), actor=None)
        for name in ("b", "c", "d")
    ]
    start, problems = threading.Barrier(len(versions)), []

    def promote(version):
        try:
            start.wait()
            for _ in range(5):
                services.promote(version=version.pk, actor=None)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the test must name it
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=promote, args=[version]) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert ModelVersion.objects.filter(state=ModelState.ACTIVE).count() == 1
    last = AuditEvent.objects.filter(event="model.promoted").latest("id")
    assert last.subject_id == str(selectors.active_version().pk)
