"""Tallies and flags that are kept beside a sample always say what counting its cells says."""

import importlib
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, connections
from django.utils import timezone

from hematovision.core.origin import Origin
from mlcore.registry.models import ModelVersion
from predictions.differential.counts import SmudgePolicy
from predictions.differential.criticals import CriticalLimit, CriticalQuantity
from predictions.models import Analysis, CellType, Sample, SampleTally
from predictions.selectors import cell_states, judged, stored_tallies, tallied
from predictions.selectors.rules import STARTER
from predictions.services import (
    cell_type_add,
    cell_type_change,
    cells_review,
    critical_note,
    report_amend,
    report_sign,
    review_undo,
    rules_change,
    sample_create,
    sample_edit,
    sample_submit,
)
from predictions.services.analyse import analyse_field
from predictions.services.catalogue import fingerprint
from predictions.services.recount import judge_anew
from predictions.services.reports import Intent
from predictions.states import SampleState
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile, plain_model

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
ANY_BLAST = CriticalLimit("blast", CriticalQuantity.ANY, None, None)


def right(*samples):
    """Whether what is stored of samples is what counting and judging them anew gives."""
    keys = [sample.pk for sample in samples]
    assert stored_tallies(keys) == tallied(keys)
    for sample in Sample.objects.filter(pk__in=keys):
        kept = list(sample.flags)
        judge_anew([sample])
        assert kept == sample.flags
    return True


class Seeing:
    """The plain twin, that also finds flaws in a picture or has a name of its own for what it sees."""

    def __init__(self, sha256, quality=(), label="neutrophil"):
        self.version = plain_model.loaded(sha256, state="candidate").version
        self.predictor, self.plain = self, plain_model.BrightestCell(sha256)
        self.quality, self.label = quality, label

    def predict(self, image, *, single=False):
        found = self.plain.predict(image)
        cells = tuple(replace(cell, label=self.label) for cell in found.cells)
        return replace(found, cells=cells, quality=self.quality)


def read_again(sample, model):
    """Let another model read the fields of a sample."""
    for field in sample.fields.select_related("job"):
        field.job.state, field.job.finished_at = "queued", None
        field.job.save()
        analyse_field(field.pk, load=lambda: model)


def flags(sample):
    return Sample.objects.get(pk=sample.pk).flags


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


@pytest.fixture
def doctor():
    return PersonFactory(doctor=True)


@pytest.fixture
def registered(technician, submit):
    """Register a sample with so many neutrophils, each in a field of its own."""
    numbers = iter(range(1, 1000))

    def registered(cells=3, days_ago=0, seeing=None, **facts):
        place = next(numbers)
        received = timezone.now() - timedelta(days=days_ago)
        told = {"accession": f"HV-{place:04}", "received_at": received, **facts}
        sample = sample_create(actor=technician, origin=HERE, facts=told)
        model = seeing or plain_model.loaded()
        for number in range(cells):
            field = submit(hostile.png(seed=100 * place + number), sample_id=sample.pk).field
            analyse_field(field.pk, load=lambda: model)
        return Sample.objects.get(pk=sample.pk)

    return registered


def call(sample, actor, code, *places):
    """Let somebody name cells by their places, all where none is given."""
    states = cell_states(sample)
    chosen = [states[place] for place in places] or states
    seen = {state.cell.pk: state.seen for state in chosen}
    return cells_review(actor=actor, origin=HERE, sample_id=sample.pk, seen=seen, code=code)


def sign(sample, technician, doctor):
    if Sample.objects.get(pk=sample.pk).state == SampleState.TO_REVIEW:
        sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
    revision, version = Sample.objects.get(pk=sample.pk).revision, judged(sample).rules.version
    intent = Intent(revision=revision, rules=version, override="Scanty smear.")
    return report_sign(actor=doctor, origin=HERE, sample_id=sample.pk, intent=intent)


def change_rules(admin, **given):
    wanted = replace(STARTER, **{"ranges": (), "limits": (ANY_BLAST,), **given})
    return rules_change(actor=admin, origin=HERE, wanted=wanted, reason="Confirmed.")


def test_reading_a_field_counts_its_cells(registered):
    sample = registered(3)
    assert stored_tallies([sample.pk])[sample.pk] == {"neutrophil": 3}
    assert right(sample)


def test_a_newer_reading_of_a_field_takes_the_place_of_the_older(registered):
    sample = registered(2)
    read_again(sample, Seeing("b" * 64, label="monocyte"))
    assert Analysis.objects.filter(field__sample=sample).count() == 4
    assert stored_tallies([sample.pk])[sample.pk] == {"monocyte": 2}
    assert right(sample)


def test_reviews_and_undos_are_counted(registered, technician):
    sample = registered(3)
    call(sample, technician, "blast", 0, 1)
    assert stored_tallies([sample.pk])[sample.pk] == {"neutrophil": 1, "blast": 2}
    assert flags(sample) == ["critical"]
    assert right(sample)
    call(sample, technician, "monocyte", 0, 1, 2)
    assert stored_tallies([sample.pk])[sample.pk] == {"monocyte": 3}
    assert right(sample)
    for _act in range(2):
        review_undo(actor=technician, origin=HERE, sample_id=sample.pk)
        assert right(sample)
    assert stored_tallies([sample.pk])[sample.pk] == {"neutrophil": 3}
    assert flags(sample) == []


def test_a_critical_value_that_was_noted_stays_a_flag(registered, technician):
    sample = registered(2)
    call(sample, technician, "blast", 0)
    (found,) = judged(sample).criticals
    critical_note(actor=technician, origin=HERE, sample_id=sample.pk, key=found.key)
    assert flags(sample) == ["critical"]
    assert right(sample)


def test_facts_that_are_edited_are_judged(registered, technician):
    sample = registered(3)
    for wbc, expected in (("0.10", ["critical"]), ("6.00", [])):
        sample_edit(actor=technician, origin=HERE, sample_id=sample.pk, facts={"wbc": wbc})
        sample.refresh_from_db()
        assert flags(sample) == expected
        assert right(sample)


def test_a_poor_image_is_a_flag_until_a_newer_reading_finds_it_good(registered):
    sample = registered(1, seeing=Seeing("b" * 64, quality=("blurred",)))
    assert flags(sample) == ["low_quality"]
    assert right(sample)
    read_again(sample, Seeing("c" * 64))
    assert flags(sample) == []
    assert right(sample)


def test_rules_that_change_judge_open_samples_anew_and_leave_signed_ones(
    registered, technician, doctor, admin
):
    signed, waiting = registered(3), registered(3)
    sign(signed, technician, doctor)
    limit = CriticalLimit("neutrophil", CriticalQuantity.ANY, None, None)
    change_rules(admin, limits=(limit,))
    assert (flags(signed), flags(waiting)) == ([], ["critical"])
    assert right(waiting)
    change_rules(admin, version=1)
    assert flags(waiting) == []


def test_a_class_that_goes_out_of_use_leaves_its_cells_unidentified(registered, technician, doctor, admin):
    signed, waiting, named = registered(1), registered(2), registered(2)
    sign(signed, technician, doctor)
    call(named, technician, "monocyte", 0)
    kind = CellType.objects.get(pk="neutrophil")
    Sample.objects.filter(pk=signed.pk).update(flags=[])

    def use(active):
        kind.refresh_from_db()
        seen = fingerprint(kind)
        cell_type_change(actor=admin, origin=HERE, code=kind.code, seen=seen, facts={"active": active})

    ModelVersion.objects.update(state="retired")
    use(active=False)
    assert stored_tallies([named.pk])[named.pk] == {"": 1, "monocyte": 1}
    assert (flags(waiting), flags(signed)) == (["unidentified"], [])
    assert right(waiting, named)
    assert stored_tallies([signed.pk]) == tallied([signed.pk])
    use(active=True)
    assert stored_tallies([waiting.pk])[waiting.pk] == {"neutrophil": 2}
    assert right(waiting, named)


def test_what_a_class_counts_as_is_judged(registered, technician, admin):
    sample = registered(2)
    change_rules(admin, limits=(CriticalLimit("neutrophil", CriticalQuantity.PERCENT, 60, None),))
    call(sample, technician, "other", 0)
    assert flags(sample) == ["critical"]
    kind = CellType.objects.get(pk="other")
    facts = {"counts_as": "artefact"}
    cell_type_change(actor=admin, origin=HERE, code="other", seen=fingerprint(kind), facts=facts)
    assert flags(sample) == []
    assert right(sample)


def test_a_class_that_is_added_names_the_cells_that_a_model_called_so(registered, admin):
    sample = registered(2, seeing=Seeing("b" * 64, label="hairy_cell"))
    assert stored_tallies([sample.pk])[sample.pk] == {"": 2}
    facts = {"name": "Hairy cell", "short": "HCL", "counts_as": "leukocyte"}
    cell_type_add(actor=admin, origin=HERE, facts=facts)
    assert stored_tallies([sample.pk])[sample.pk] == {"hairy_cell": 2}
    assert right(sample)


def test_signing_and_amending_judge_the_patients_later_samples_anew(registered, technician, doctor, admin):
    change_rules(admin, limits=())
    before = registered(8, days_ago=3, patient_reference="P-77")
    call(before, technician, "lymphocyte")
    after = registered(8, days_ago=1, patient_reference="P-77")
    stranger = registered(8, days_ago=1, patient_reference="P-78")
    assert flags(after) == []
    sign(before, technician, doctor)
    assert (flags(after), flags(stranger)) == (["delta"], [])
    assert right(after, stranger)
    report_amend(actor=doctor, origin=HERE, sample_id=before.pk, reason="Looked at again.")
    assert flags(after) == []
    call(before, doctor, "neutrophil")
    sign(before, technician, doctor)
    assert flags(after) == []
    sample_edit(actor=technician, origin=HERE, sample_id=after.pk, facts={"patient_reference": ""})
    assert right(after)


def test_the_migration_counts_and_flags_what_was_there_before(registered, technician, doctor, admin):
    before = registered(8, days_ago=3, patient_reference="P-77")
    call(before, technician, "lymphocyte")
    sign(before, technician, doctor)
    after = registered(8, patient_reference="P-77")
    blasts = registered(2)
    call(blasts, technician, "blast", 0)
    poor = registered(1, seeing=Seeing("b" * 64, quality=("blurred",)))
    samples = [before, after, blasts, poor]
    expected = {sample.pk: flags(sample) for sample in samples}
    assert sorted(map(tuple, expected.values())) == [(), ("critical",), ("delta",), ("low_quality",)]
    SampleTally.objects.all().delete()
    Sample.objects.update(flags=[])
    migration = importlib.import_module("predictions.migrations.0010_worklist")
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)
    assert {sample.pk: flags(sample) for sample in samples} == expected
    assert right(*samples)


def together(*works):
    """Let people work at the same moment, each in a thread with a connection of their own."""
    start, faults = threading.Barrier(len(works)), []

    def work(act):
        start.wait()
        try:
            act()
        except Exception as problem:  # noqa: BLE001 -- every fault of a thread is the test's
            faults.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[act]) for act in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []


@pytest.mark.django_db(transaction=True)
def test_two_people_and_an_admin_at_once_leave_the_tallies_right(registered, technician, admin):
    sample, other = registered(6), registered(2)
    colleague = PersonFactory(site=technician.site)
    codes = ("monocyte", "blast", "lymphocyte", "basophil")

    def reviewer(actor, *places):
        for code in codes * 2:
            for place in places:
                call(sample, actor, code, place)

    def edits():
        for number, policy in enumerate((SmudgePolicy.AS_LYMPHOCYTES, SmudgePolicy.APART) * 3):
            change_rules(admin, version=number or None, smudge_policy=policy)

    def uses():
        for active in (False, True) * 4:
            kind = CellType.objects.get(pk="promyelocyte")
            facts = {"active": active}
            cell_type_change(actor=admin, origin=HERE, code=kind.code, seen=fingerprint(kind), facts=facts)

    together(lambda: reviewer(technician, 0, 1, 2), lambda: reviewer(colleague, 3, 4, 5), edits, uses)
    assert stored_tallies([sample.pk])[sample.pk] == {"basophil": 6}
    assert right(sample, other)
