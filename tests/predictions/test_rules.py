"""The laboratory's rules: the newest is in force, no version is changed, nobody overwrites another."""

import threading
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, connections, transaction

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.differential.counts import SmudgePolicy
from predictions.differential.ranges import Quantity, ReferenceRange, Sex
from predictions.errors import RulesRefused, SigningRefused
from predictions.models import CellReview, Report, Rules, SampleEvent
from predictions.report import from_json
from predictions.selectors import cell_states, differential, judged, range_of, rules, tallied
from predictions.selectors.rules import STARTER
from predictions.services import cells_review, report_amend, report_sign
from predictions.services import rules_change as change
from predictions.services.reports import Intent
from tests.accounts.factories import PersonFactory
from tests.predictions.test_reports import submitted

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
NEUTROPHILS = ReferenceRange("neutrophil", Quantity.PERCENT, Sex.ANY, 0.0, None, 0.0, 100.0, "Own, 2026")


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


def save(actor, reason="Our own study.", **given):
    return change(actor=actor, origin=HERE, wanted=replace(rules(), **given), reason=reason)


def test_without_a_version_the_starting_values_are_in_force():
    assert rules() == STARTER
    assert rules().version is None


def test_a_version_comes_back_as_it_was_saved_and_is_logged(admin):
    made = save(admin, ranges=(NEUTROPHILS,), delta_points=12.5, target=200)
    assert made.id == 1
    assert rules() == replace(STARTER, ranges=(NEUTROPHILS,), delta_points=12.5, target=200, version=1)
    event = AuditEvent.objects.get(event="rules.changed")
    assert (event.subject_id, event.actor) == ("1", admin)
    assert event.detail == {"version": 1, "changed": ["ranges", "delta_points", "target"]}
    assert save(admin, reason="Confirmed.").id == 2
    assert AuditEvent.objects.filter(event="rules.changed").latest("id").detail["changed"] == []


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_saved(admin):
    turned = replace(NEUTROPHILS, low=80.0, high=40.0)
    nameless = replace(NEUTROPHILS, code="nothing", source=" ")
    with pytest.raises(RulesRefused) as refusal:
        save(admin, ranges=(turned, nameless), delta_points=-1.0, target=150, reason=" ")
    said = " ".join(refusal.value.sentences)
    for part in ("80 is above", "no class “nothing”", "where the range comes from", "between 0 and 100"):
        assert part in said
    assert "one of 100, 200, 400" in said
    assert "Say why" in said
    assert not Rules.objects.exists()
    assert not AuditEvent.objects.filter(event="rules.changed").exists()


def test_only_admins_change_rules():
    for nobody in (PersonFactory(), PersonFactory(doctor=True), PersonFactory(admin=True, deactivated=True)):
        with pytest.raises(PermissionDenied):
            save(nobody)


def test_who_edited_an_older_version_is_told_and_saves_nothing(admin):
    save(admin)
    save(admin, target=400)
    for stale in (None, 1, 7):
        with pytest.raises(RulesRefused, match="Somebody else has changed the rules"):
            save(PersonFactory(admin=True), version=stale, target=200)
    assert rules().target == 400


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_at_once_one_is_first():
    people, said = [PersonFactory(admin=True) for _ in range(4)], []
    start = threading.Barrier(len(people))

    def run(person):
        start.wait()
        try:
            said.append(save(person, version=None, reason=str(person.pk)).id)
        except RulesRefused:
            said.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, said)) == ["1", "refused", "refused", "refused"]
    assert AuditEvent.objects.filter(event="rules.changed").count() == 1


def test_a_version_cannot_be_changed(admin):
    save(admin)
    for statement in ("UPDATE predictions_rules SET reason = 'x'", "DELETE FROM predictions_rules"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_owner_of_the_table_is_refused_too():
    with connections["owner"].cursor() as cursor:
        for statement in ("DELETE FROM predictions_rules", "TRUNCATE predictions_rules"):
            with pytest.raises(DatabaseError, match="only added"), transaction.atomic("owner"):
                cursor.execute(statement)


def test_a_changed_range_changes_the_next_report_and_no_signed_one(technician, submit, admin):
    doctor = PersonFactory(doctor=True)
    sample = submitted(technician, submit)

    def sign():
        sample.refresh_from_db()
        intent = Intent(revision=sample.revision, rules=rules().version, override="Scanty.")
        return report_sign(actor=doctor, origin=HERE, sample_id=sample.pk, intent=intent)

    def shown(version):
        rows = from_json(Report.objects.get(version=version).content).differential.rows
        return next((row.flag, row.range_text) for row in rows if row.short_name == "NEU")

    sign()
    assert shown(1) == ("high", "40–80")
    save(admin, ranges=(NEUTROPHILS,))
    report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="New ranges.")
    sample.refresh_from_db()
    intent = Intent(revision=sample.revision, override="Scanty.")
    with pytest.raises(SigningRefused, match="rules have changed"):
        report_sign(actor=doctor, origin=HERE, sample_id=sample.pk, intent=intent)
    sign()
    assert shown(1) == ("high", "40–80")
    assert shown(2) == ("", "0–100")
    signed = SampleEvent.objects.filter(kind="signed").order_by("revision")
    assert [event.detail["rules"] for event in signed] == [None, 1]
    logged = AuditEvent.objects.filter(event="report.signed").order_by("id")
    assert [event.detail["rules"] for event in logged] == [None, 1]


def test_ranges_criticals_and_smudge_cells_follow_the_rules(admin, sample_of_smudges):
    sample = sample_of_smudges
    (row,) = [one for one in judged(sample).counted.rows if one.code == "neutrophil"]
    assert range_of(sample, row, rules())[1].flag == "high"
    assert judged(sample).counted.total == 2
    save(admin, ranges=(NEUTROPHILS,), limits=(), smudge_policy=SmudgePolicy.AS_LYMPHOCYTES)
    count = judged(sample)
    assert (count.counted.total, count.counted.number("lymphocyte"), count.rules.version) == (3, 1, 1)
    (row,) = [one for one in count.counted.rows if one.code == "neutrophil"]
    assert range_of(sample, row, rules())[0] == NEUTROPHILS
    assert differential(sample, tallied([sample.pk])[sample.pk], count.types, rules()).total == 3


@pytest.fixture
def sample_of_smudges(technician, submit):
    """Three cells, of which a person called one a smudge cell."""
    sample = submitted(technician, submit)
    state = cell_states(sample)[0]
    cells_review(
        actor=PersonFactory(doctor=True),
        origin=HERE,
        sample_id=sample.pk,
        seen={state.cell.pk: state.seen},
        code="smudge_cell",
    )
    assert CellReview.objects.count() == 1
    return sample
