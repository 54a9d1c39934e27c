"""The gate lets a good candidate through; a leaky, a worse and an unproven one it names and refuses."""

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.urls import reverse

from accounts.audit.models import AuditEvent
from mlcore.registry import services
from mlcore.registry.gate import GateRefused, gate_run
from mlcore.registry.models import GateResult
from tests.accounts.factories import PersonFactory
from tests.mlcore.registry.conftest import key

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


def unmet(result):
    return {(one["name"], one["verdict"]) for one in result.criteria if one["verdict"] != "passed"}


def test_a_good_candidate_passes_and_the_result_names_what_it_compared(
    admin, active, learned, measured, frozen
):
    candidate = learned(key(0, "training"))
    measured(active, every=100), measured(candidate, every=101)
    result = gate_run(version=candidate.pk, data=frozen, actor=admin)
    assert result.passed
    assert unmet(result) == set()
    assert {one["name"] for one in result.criteria} == {
        "leak", "recall", "precision", "calibration", "coverage", "answers",
    }  # fmt: skip
    assert (result.candidate_sha256, result.active_sha256) == (candidate.sha256, active.sha256)
    assert result.data_sha256 == frozen
    event = AuditEvent.objects.get(event="model.gated")
    assert (event.actor, event.detail["passed"], event.detail["unmet"]) == (admin, True, [])


def test_a_candidate_that_saw_a_test_picture_is_refused(admin, active, learned, measured, frozen):
    candidate = learned(key(0, "training"), key(17))
    measured(active, every=100), measured(candidate, every=101)
    result = gate_run(version=candidate.pk, data=frozen, actor=admin)
    assert not result.passed
    assert unmet(result) == {("leak", "failed")}


def test_a_candidate_that_does_not_say_what_it_saw_is_not_proven(admin, active, candidate, measured, frozen):
    measured(active), measured(candidate)
    result = gate_run(version=candidate.pk, data=frozen, actor=admin)
    assert not result.passed
    assert unmet(result) == {("leak", "not_proven")}


def test_a_worse_candidate_is_refused(admin, active, learned, measured, frozen):
    candidate = learned()
    measured(active, every=100), measured(candidate, every=7)
    result = gate_run(version=candidate.pk, data=frozen, actor=admin)
    assert not result.passed
    assert ("recall", "failed") in unmet(result)


def test_too_few_cells_are_not_a_pass(admin, active, learned, measured, frozen):
    candidate = learned()
    measured(active, cells=90), measured(candidate, cells=90)
    result = gate_run(version=candidate.pk, data=frozen, actor=admin)
    assert not result.passed
    assert ("recall", "not_proven") in unmet(result)
    assert "failed" not in {verdict for _name, verdict in unmet(result)}


def test_a_stricter_margin_asks_for_more_cells(admin, active, learned, measured, frozen, settings):
    candidate = learned()
    measured(active), measured(candidate)
    assert gate_run(version=candidate.pk, data=frozen, actor=admin).passed
    settings.GATE_MARGIN_PERCENT = 0
    assert not gate_run(version=candidate.pk, data=frozen, actor=admin).passed


def test_without_measurements_or_beside_itself_nothing_is_judged(admin, active, learned, measured, frozen):
    candidate = learned()
    measured(active)
    with pytest.raises(GateRefused, match="not been measured"):
        gate_run(version=candidate.pk, data=frozen, actor=admin)
    with pytest.raises(GateRefused, match="nothing to compare"):
        gate_run(version=active.pk, data=frozen, actor=admin)
    assert not GateResult.objects.exists()


def test_an_altered_data_set_is_not_judged_on(admin, active, learned, measured, frozen, settings):
    candidate = learned()
    measured(active), measured(candidate)
    manifest = settings.DATASET_ROOT / frozen / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    with pytest.raises(GateRefused, match="altered"):
        gate_run(version=candidate.pk, data=frozen, actor=admin)


def test_the_application_may_add_results_but_change_none(db):
    table = GateResult._meta.db_table
    with connection.cursor() as cursor:
        rights = {}
        for right in ("INSERT", "SELECT", "UPDATE", "DELETE"):
            cursor.execute("SELECT has_table_privilege(%s, %s)", [table, right])
            rights[right] = cursor.fetchone()[0]
    assert rights == {"INSERT": True, "SELECT": True, "UPDATE": False, "DELETE": False}


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_owner_of_the_tables_may_change_none_either():
    table = GateResult._meta.db_table
    statements = (f"UPDATE {table} SET passed = true", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic("owner"):
            connections["owner"].cursor().execute(statement)


def test_the_page_does_not_call_a_refused_candidate_a_success(
    client, admin, active, learned, measured, frozen
):
    candidate = learned()
    measured(active), measured(candidate, every=2)
    client.force_login(admin)
    page = client.post(reverse("model_gate", args=[candidate.pk]), {"data": frozen}, follow=True)
    told = {str(one): one.level_tag for one in page.context["messages"]}
    assert told == {"The gate is not passed. Each criterion says below why.": "error"}
    assert not GateResult.objects.get().passed


def test_the_shipped_model_is_still_activated_where_nobody_chose(active):
    assert services.selectors.active_version() == active
