"""The pages of models and training: everyone reads about models, admins act; each act has its event."""

import uuid

import pytest
from django.urls import reverse

from accounts.audit.models import AuditEvent
from accounts.web.limits import BEGUN
from mlcore.engine.card import never_shown
from mlcore.registry import selectors, services
from mlcore.registry.models import TrainingRun, TrainingState
from mlcore.registry.training import DEFAULTS
from tests.accounts.factories import PersonFactory
from tests.mlcore.conftest import largest_file
from tests.mlcore.training.conftest import data_root

__all__ = ["data_root"]
pytestmark = pytest.mark.django_db
ROLES = ["technician", "doctor", "admin"]


@pytest.fixture
def sign_in(client):
    def sign_in(role="admin"):
        person = PersonFactory(role=role)
        client.force_login(person)
        return person

    return sign_in


@pytest.mark.parametrize("role", ROLES)
def test_everyone_reads_what_a_model_can_and_cannot(client, sign_in, active, role):
    sign_in(role)
    listed = client.get(reverse("models")).content.decode()
    assert active.version in listed
    page = client.get(reverse("model", args=[active.pk])).content.decode()
    assert active.sha256 in page
    assert f"never shown: {', '.join(never_shown(active.labels))}." in page
    for label in active.labels:
        assert label.replace("_", " ") in page
    assert "immature_granulocyte" not in page
    assert "Classic recipe" in page
    assert "<h3>Training</h3>" in page
    assert page.count("<h1") == 1


def test_without_a_model_the_page_says_what_to_do(client, sign_in):
    sign_in("technician")
    assert "register_model" in client.get(reverse("models")).content.decode()


def test_the_first_model_is_made_active_with_a_button(client, sign_in, model_root, shipped):
    admin = sign_in()
    first = services.register_bundle(directory=shipped, actor=None)
    assert "Make active" in client.get(reverse("model", args=[first.pk])).content.decode()
    response = client.post(reverse("model_promote", args=[first.pk]), follow=True)
    assert "reads new smears from now on" in response.content.decode()
    assert selectors.active_version() == first
    assert AuditEvent.objects.filter(event="model.promoted", actor=admin).count() == 1


def test_later_ones_are_not_made_active_by_that_address(client, sign_in, active, candidate):
    sign_in()
    response = client.post(reverse("model_promote", args=[candidate.pk]), follow=True)
    assert "has to pass the gate first" in response.content.decode()
    assert selectors.active_version() == active


def test_a_lone_admin_is_told_kindly_and_an_override_stays_in_sight(client, sign_in, active, candidate):
    sign_in()
    page = client.get(reverse("model", args=[candidate.pk])).content.decode()
    assert "You are the only admin here" in page
    PersonFactory(admin=True)
    page = client.get(reverse("model", args=[candidate.pk])).content.decode()
    assert "You are the only admin here" not in page
    short = client.post(reverse("model_override", args=[candidate.pk]), {"reason": "because"}, follow=True)
    assert "at least 20 characters" in short.content.decode()
    reason = "It names our own smears better."
    client.post(reverse("model_override", args=[candidate.pk]), {"reason": reason})
    assert selectors.active_version() == candidate
    client.post(reverse("model_roll_back"))
    assert selectors.active_version() == active
    page = client.get(reverse("model", args=[candidate.pk])).content.decode()
    assert f"“{reason}”" in page
    assert "written override" in page


def test_sensitive_acts_ask_for_a_fresh_proof(client, sign_in, active, candidate, settings):
    sign_in()
    client.get(reverse("models"))
    session = client.session
    session[BEGUN] -= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    session.save()
    asked = client.post(reverse("model_override", args=[candidate.pk]), {"reason": "x" * 30})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert selectors.active_version() == active


def test_the_shadow_is_switched_on_and_off(client, sign_in, active, candidate):
    sign_in()
    client.post(reverse("model_shadow", args=[candidate.pk]))
    assert selectors.shadow_version() == candidate
    assert "has read nothing yet" in client.get(reverse("shadow", args=[candidate.pk])).content.decode()
    client.post(reverse("model_shadow", args=[candidate.pk]), {"stop": "1"})
    assert selectors.shadow_version() is None


def test_a_damaged_candidate_is_refused_on_the_page(client, sign_in, active, candidate, model_root):
    sign_in()
    largest_file(model_root / candidate.location).unlink()
    order = {"reason": "It names our own smears better."}
    response = client.post(reverse("model_override", args=[candidate.pk]), order, follow=True)
    assert "missing or altered" in response.content.decode()
    assert selectors.active_version() == active


@pytest.mark.parametrize("role", ["technician", "doctor"])
def test_others_see_no_button_and_may_not_act(client, sign_in, active, candidate, data_root, role):
    sign_in(role)
    assert "Make active" not in client.get(reverse("model", args=[candidate.pk])).content.decode()
    assert client.post(reverse("model_promote", args=[candidate.pk])).status_code == 403
    assert client.get(reverse("training")).status_code == 403
    assert client.post(reverse("training_start"), {"folder": "smears"}).status_code == 403
    assert selectors.active_version() == active
    assert not TrainingRun.objects.exists()


def test_an_admin_orders_watches_and_stops_a_training(client, sign_in, data_root):
    admin = sign_in()
    assert "smears" in client.get(reverse("training")).content.decode()
    order = {"folder": "smears", "recipe": "cell", "epochs": "3"}
    response = client.post(reverse("training_start"), order, follow=True)
    run = TrainingRun.objects.get()
    assert response.redirect_chain == [(reverse("training_run", args=[run.pk]), 302)]
    assert (run.started_by, run.recipe, run.data) == (admin, "cell", "smears")
    assert run.options == {**DEFAULTS, "epochs": 3}
    page = response.content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "Waiting for the training worker" in page
    page = client.post(reverse("training_stop", args=[run.pk]), follow=True).content.decode()
    run.refresh_from_db()
    assert run.state == TrainingState.INTERRUPTED
    assert "hx-trigger" not in page
    assert "interrupted" in client.get(reverse("training")).content.decode()


def test_progress_is_shown_as_it_was_reported(client, sign_in):
    run = TrainingRun.objects.create(
        recipe="cell",
        data="smears",
        options={"epochs": 4},
        started_by=sign_in(),
        state=TrainingState.RUNNING,
        progress={"epoch": 1, "of": 4, "seconds_left": 300, "accuracy": 0.5, "loss": 1.25},
        log="Epoch 1 of 4 <b>",
    )
    page = client.get(reverse("training_run", args=[run.pk])).content.decode()
    for text in (
        "epoch 1 of 4",
        "about 5 min left",
        "0.5000",
        "1.2500",
        'width="25.0"',
        "Epoch 1 of 4 &lt;b&gt;",
    ):
        assert text in page
    told = {
        "network: epoch 2 of 4, batch 3 of 6": {
            "stage": "network",
            "epoch": 1,
            "of": 4,
            "batch": 3,
            "batches": 6,
        },
        "Writing the model": {"stage": "bundle", "epoch": 4, "of": 4},
        "Showing the pictures to the base: 1,200 of 9,957": {
            "stage": "features",
            "pictures": 1200,
            "of_pictures": 9957,
        },
    }
    for text, progress in told.items():
        TrainingRun.objects.filter(pk=run.pk).update(progress=progress)
        shown = client.get(reverse("training_run", args=[run.pk])).content.decode()
        assert f'<p role="status">{text}</p>' in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"folder": "../outside"},
        {"folder": "link"},
        {"epochs": "0"},
        {"epochs": "x"},
        {"recipe": "magic"},
        {"folder": ""},
    ],
)
def test_a_wrong_order_comes_back_with_its_reason(client, sign_in, data_root, wrong):
    sign_in()
    order = {"folder": "smears", "recipe": "cell", "epochs": "3", **wrong}
    response = client.post(reverse("training_start"), order)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert not TrainingRun.objects.exists()


def test_without_data_the_form_says_where_to_put_it(client, sign_in, settings, tmp_path):
    settings.TRAINING_DATA_ROOT = tmp_path / "none"
    sign_in()
    assert str(tmp_path / "none") in client.get(reverse("training")).content.decode()


@pytest.mark.parametrize("name", ["model", "training_run"])
def test_what_does_not_exist_is_not_found(client, sign_in, name):
    sign_in()
    assert client.get(reverse(name, args=[uuid.uuid4()])).status_code == 404
