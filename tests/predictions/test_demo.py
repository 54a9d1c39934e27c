"""The demo goes through the real services, and never beside real people."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from predictions.models import AnalysisJob, CellReview, Report, Sample, SmearField
from predictions.states import JobState, SampleState
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db


def demo():
    output = StringIO()
    call_command("demo", stdout=output)
    return output.getvalue()


def passwords(output):
    rows = [line.split() for line in output.splitlines() if "@" in line]
    return {email: password for _role, email, password in rows}


def test_it_fills_an_empty_portal_and_its_people_can_sign_in(client):
    given = passwords(demo())
    assert {person.role for person in User.objects.all()} == {"technician", "doctor", "admin"}
    assert len(set(given.values())) == 3
    for email, password in given.items():
        assert User.objects.get(email=email).check_password(password)
    # Without an active model everything waits for a worker.
    assert SmearField.objects.count() == AnalysisJob.objects.filter(state=JobState.QUEUED).count() == 7
    assert set(Sample.objects.values_list("state", flat=True)) == {"receiving", "analysing"}


def test_with_the_shipped_model_there_is_a_sample_in_every_state(settings, tmp_path):
    settings.MODEL_ROOT = tmp_path / "models"
    call_command("register_model", stdout=StringIO(), stderr=StringIO())
    demo()
    states = dict(Sample.objects.values_list("accession", "state"))
    assert set(states.values()) == set(SampleState)
    assert list(
        Report.objects.order_by("sample__accession", "version").values_list("version", flat=True)
    ) == [
        1,
        1,
        2,
    ]
    assert CellReview.objects.exists()


def test_again_it_draws_nothing_new_and_gives_new_passwords():
    first = passwords(demo())
    again = passwords(demo())
    assert SmearField.objects.count() == 7
    assert set(first) == set(again)
    assert not set(first.values()) & set(again.values())


def test_beside_a_first_admin_it_runs():
    PersonFactory(admin=True)
    assert "7 drawn smears" in demo()


@pytest.mark.parametrize("roles", [["technician"], ["doctor"], ["admin", "admin"], ["admin", "technician"]])
def test_beside_real_people_it_refuses_and_leaves_nothing(roles):
    for role in roles:
        PersonFactory(role=role)
    with pytest.raises(CommandError, match="empty portal"):
        demo()
    assert User.objects.count() == len(roles)
    assert not SmearField.objects.exists()
