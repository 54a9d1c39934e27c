"""Two people and a passed gate make a model active; one needs a written reason; one step leads back."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from accounts.audit.models import AuditEvent
from mlcore.registry import selectors, services
from mlcore.registry.gate import gate_run
from mlcore.registry.models import (
    ModelState,
    ModelVersion,
    Promotion,
    PromotionState,
    PromotionWay,
)
from mlcore.registry.promotion import (
    PromotionRefused,
    promotion_approve,
    promotion_ask,
    promotion_override,
    promotion_withdraw,
    roll_back,
    shadow_start,
    shadow_stop,
    version_before,
)
from mlcore.registry.switching import MoveRefused
from tests.accounts.factories import PersonFactory
from tests.mlcore.conftest import renamed

pytestmark = pytest.mark.django_db
REASON = "The laboratory compared both on its own smears."


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


@pytest.fixture
def other():
    return PersonFactory(admin=True)


@pytest.fixture
def passed(admin, active, learned, measured, frozen):
    """A candidate that has passed the gate."""
    candidate = learned()
    measured(active), measured(candidate)
    assert gate_run(version=candidate.pk, data=frozen, actor=admin).passed
    return candidate


def test_gate_and_second_person_make_a_candidate_active(admin, other, active, passed):
    asked = promotion_ask(version=passed.pk, actor=admin)
    assert selectors.active_version() == active
    with pytest.raises(PromotionRefused, match="Somebody else"):
        promotion_approve(promotion=asked.pk, actor=admin)
    assert selectors.active_version() == active
    promotion_approve(promotion=asked.pk, actor=other)
    assert selectors.active_version() == passed
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.before) == (PromotionState.DONE, other, active)
    assert AuditEvent.objects.get(event="model.promoted", actor=other).detail["way"] == "gate"


def test_without_a_passed_gate_nobody_can_ask(admin, active, learned, measured, frozen):
    candidate = learned()
    with pytest.raises(PromotionRefused, match="not passed the gate"):
        promotion_ask(version=candidate.pk, actor=admin)
    measured(active), measured(candidate, every=7)
    gate_run(version=candidate.pk, data=frozen, actor=admin)
    with pytest.raises(PromotionRefused, match="not passed the gate"):
        promotion_ask(version=candidate.pk, actor=admin)


def test_a_gate_beside_another_active_model_does_not_stand(admin, other, active, passed, learned):
    asked = promotion_ask(version=passed.pk, actor=admin)
    third = learned(name="third")
    promotion_override(version=third.pk, reason=REASON, actor=admin)
    with pytest.raises(PromotionRefused, match="decided already"):
        promotion_approve(promotion=asked.pk, actor=other)
    with pytest.raises(PromotionRefused, match="not passed the gate"):
        promotion_ask(version=passed.pk, actor=admin)
    assert selectors.active_version() == third


def test_a_request_stands_once_and_can_be_withdrawn(admin, other, passed):
    asked = promotion_ask(version=passed.pk, actor=admin)
    with pytest.raises(PromotionRefused, match="already"):
        promotion_ask(version=passed.pk, actor=other)
    promotion_withdraw(promotion=asked.pk, actor=other)
    with pytest.raises(PromotionRefused, match="decided already"):
        promotion_approve(promotion=asked.pk, actor=other)
    promotion_ask(version=passed.pk, actor=other)


def test_the_database_wants_two_people(admin, active, passed):
    asked = promotion_ask(version=passed.pk, actor=admin)
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.filter(pk=asked.pk).update(state=PromotionState.DONE, decided_by=admin)


@pytest.mark.parametrize("reason", ["", "too short", "x" * 19, "word" + " " * 40])
def test_an_override_needs_a_written_reason(admin, active, candidate, reason):
    with pytest.raises(PromotionRefused, match="20 characters"):
        promotion_override(version=candidate.pk, reason=reason, actor=admin)
    assert selectors.active_version() == active


def test_an_override_is_kept_with_its_reason(admin, active, candidate):
    promotion_override(version=candidate.pk, reason=REASON, actor=admin)
    assert selectors.active_version() == candidate
    kept = Promotion.objects.get(version=candidate)
    assert (kept.way, kept.reason, kept.asked_by) == (PromotionWay.OVERRIDE, REASON, admin)
    event = AuditEvent.objects.get(event="model.promoted", actor=admin)
    assert (event.detail["way"], event.detail["reason"]) == ("override", REASON)


def test_a_person_cannot_go_around_the_gate(admin, active, candidate):
    with pytest.raises(MoveRefused, match="gate first"):
        services.promote(version=candidate.pk, actor=admin)
    assert selectors.active_version() == active


def test_the_first_model_of_a_portal_needs_no_gate(admin, db, model_root, shipped):
    version = services.register_bundle(directory=shipped, actor=None)
    services.promote(version=version.pk, actor=admin)
    assert Promotion.objects.get().way == PromotionWay.FIRST


def test_one_click_leads_back_and_never_forth_again(admin, active, candidate):
    with pytest.raises(PromotionRefused, match="No other version"):
        roll_back(actor=admin)
    promotion_override(version=candidate.pk, reason=REASON, actor=admin)
    assert roll_back(actor=admin) == active
    assert selectors.active_version() == active
    candidate.refresh_from_db()
    assert candidate.state == ModelState.RETIRED
    assert version_before(active) is None
    with pytest.raises(PromotionRefused, match="No other version"):
        roll_back(actor=admin)


def test_rolling_back_twice_goes_two_steps(admin, active, candidate, tmp_path):
    third = services.register_bundle(directory=renamed(tmp_path / "third", "third"), actor=None)
    promotion_override(version=candidate.pk, reason=REASON, actor=admin)
    promotion_override(version=third.pk, reason=REASON, actor=admin)
    assert roll_back(actor=admin) == candidate
    assert roll_back(actor=admin) == active


def test_one_shadow_reads_beside_the_active_version(admin, active, candidate, tmp_path):
    third = services.register_bundle(directory=renamed(tmp_path / "third", "third"), actor=None)
    shadow_start(version=candidate.pk, actor=admin)
    shadow_start(version=third.pk, actor=admin)
    candidate.refresh_from_db()
    assert candidate.state == ModelState.CANDIDATE
    assert ModelVersion.objects.get(state=ModelState.SHADOW) == third
    assert selectors.active_version() == active
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=candidate.pk).update(state=ModelState.SHADOW)
    shadow_stop(version=third.pk, actor=admin)
    with pytest.raises(MoveRefused):
        shadow_stop(version=third.pk, actor=admin)
    with pytest.raises(PromotionRefused, match="is the active one"):
        shadow_start(version=active.pk, actor=admin)


def test_what_does_not_exist_is_said_so(admin, db):
    with pytest.raises(ModelVersion.DoesNotExist):
        promotion_ask(version=uuid.uuid4(), actor=admin)
    with pytest.raises(Promotion.DoesNotExist):
        promotion_approve(promotion=uuid.uuid4(), actor=admin)
