"""An order to train is checked, queued and logged together; what cannot be trained on is never queued."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.audit.models import AuditEvent
from hematovision.core import queue
from mlcore.registry import training
from mlcore.registry.models import TrainingRun, TrainingState
from mlcore.registry.training import TrainingRefused
from tests.accounts.factories import PersonFactory


def order(actor, **changes):
    chosen = {"recipe": "cell", "data": "smears", "options": {"epochs": 2}, **changes}
    return training.training_start(actor=actor, origin=None, **chosen)


@pytest.mark.django_db(transaction=True)
def test_an_order_is_queued_logged_and_rung_for(data_root, admin, broker):
    broker.delete("training")
    run = order(admin)
    assert (run.state, run.started_by, run.data) == (TrainingState.QUEUED, admin, "smears")
    event = AuditEvent.objects.get(event="training.started")
    assert (event.actor, event.subject_id) == (admin, str(run.pk))
    assert broker.llen("training") == 1
    assert queue.RUN_TRAINING.encode() in broker.lpop("training")


@pytest.mark.parametrize(
    "data", ["", ".", "..", "../outside", "link", "/etc", "nowhere", "smears/../../outside", "a\0b"]
)
def test_only_folders_below_the_root_can_be_trained_on(data_root, admin, data):
    with pytest.raises(TrainingRefused):
        order(admin, data=data)
    assert not TrainingRun.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": "magic"},
        {"options": {"epochs": 0}},
        {"options": {"epochs": 201}},
        {"options": {"epochs": "many"}},
        {"options": {"epochs": True}},
        {"options": {}},
    ],
)
def test_unknown_recipes_and_lengths_are_refused(data_root, admin, changes):
    with pytest.raises(TrainingRefused):
        order(admin, **changes)
    assert not TrainingRun.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["technician", "doctor"])
def test_other_roles_may_neither_start_nor_stop(data_root, admin, role):
    run = order(admin)
    person = PersonFactory(role=role)
    with pytest.raises(PermissionDenied):
        order(person)
    with pytest.raises(PermissionDenied):
        training.training_stop(actor=person, origin=None, run_id=run.pk)
    assert TrainingRun.objects.get().state == TrainingState.QUEUED


def test_a_waiting_run_is_stopped_at_once_and_only_once(data_root, admin):
    run = training.training_stop(actor=admin, origin=None, run_id=order(admin).pk)
    assert (run.state, run.finished_at is not None) == (TrainingState.INTERRUPTED, True)
    assert AuditEvent.objects.filter(event="training.stopped").count() == 1
    with pytest.raises(TrainingRefused, match="ended already"):
        training.training_stop(actor=admin, origin=None, run_id=run.pk)


def test_the_form_offers_the_folders_below_the_root(data_root):
    (data_root / ".hidden").mkdir()
    (data_root / "file").touch()
    assert training.data_folders() == ["smears"]
