"""The laboratory's pages, as forms without a script: what is edited, what is refused, who may look."""

import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.errors import CatalogueRefused
from predictions.models import CellType, Rules, Sample
from predictions.selectors import rules
from predictions.selectors.rules import STARTER
from predictions.services import cell_type_add, cell_type_change, sample_create
from predictions.services.catalogue import fingerprint
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
INPUT = re.compile(r"<input\b[^>]*>")
SELECT = re.compile(r'<select name="([^"]+)".*?</select>', re.DOTALL)


@pytest.fixture
def admin(visit):
    return visit(PersonFactory(admin=True, name="Ines Admin"))


def filled(html, form='<form class="rules"'):
    """Return what a browser would send of the page's form, as it was shown."""
    form = html[html.index(form) :]
    form = form[: form.index("</form>")]
    sent = {}
    for tag in INPUT.findall(form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = value[1] if value else "on" if "checkbox" in tag else ""
    for select in SELECT.finditer(form):
        chosen = re.search(r'<option value="([^"]*)" selected', select[0])
        sent[select[1]] = chosen[1] if chosen else ""
    return {**sent, "reason": "Checked by the head of the laboratory."}


def shown(client):
    answer = client.get(reverse("laboratory_rules"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_saving_the_page_as_it_is_confirms_the_starting_values(admin):
    html = shown(admin)
    assert "not yet confirmed" in html
    answer = admin.post(reverse("laboratory_rules"), filled(html), follow=True)
    assert "Version 1 of the rules is in force." in answer.content.decode()
    assert "not yet confirmed" not in answer.content.decode()
    kept = rules()
    assert (kept.ranges, kept.limits, kept.target) == (STARTER.ranges, STARTER.limits, STARTER.target)
    assert Rules.objects.get().created_by.name == "Ines Admin"


def test_rows_are_changed_added_and_deleted(admin):
    sent = filled(shown(admin))
    rows = len(STARTER.ranges)
    added = {"code": "blast", "quantity": "percent", "sex": "female", "from_days": "28 d", "to_days": "6 mo"}
    added |= {"low": "0", "high": "1.5", "source": "Own, 2026"}
    sent |= {f"ranges-{rows + 2}-{name}": value for name, value in added.items()}
    sent |= {"ranges-0-high": "6.5", "ranges-1-DELETE": "on", "limits-1-DELETE": "on", "delta_points": "15"}
    assert admin.post(reverse("laboratory_rules"), sent).status_code == 302
    kept = rules()
    assert len(kept.ranges) == rows
    assert kept.ranges[0].high == 6.5
    assert STARTER.ranges[1] not in kept.ranges
    new = kept.ranges[-1]
    assert (new.code, new.sex, new.from_days, new.to_days) == ("blast", "female", 28.0, 6 * 30.4375)
    assert kept.limits == STARTER.limits[:1]
    assert kept.delta_points == 15.0


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(admin):
    sent = filled(shown(admin))
    sent |= {"ranges-0-low": "9", "ranges-2-source": "My <study>", "limits-0-low": "", "target": "400"}
    answer = admin.post(reverse("laboratory_rules"), sent)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Neutrophil: the lower limit 9 is above the upper limit 7." in html
    assert "set a lower or an upper critical limit" in html
    assert "My &lt;study&gt;" in html
    assert '<option value="400" selected' in html
    assert "Checked by the head of the laboratory." in html
    sent |= {"ranges-0-from_days": "old", "limits-0-also": "BAND, NIX", "ranges-3-high": "x", "reason": ""}
    html = admin.post(reverse("laboratory_rules"), sent).content.decode()
    assert "Type 28 d, 6 mo or 18 y." in html
    assert "has the short name NIX" in html
    assert 'value="old"' in html
    assert html.count("This field is required.") == 1
    assert not Rules.objects.exists()


def test_two_windows_do_not_overwrite_each_other(admin):
    first = filled(shown(admin))
    second = {**first, "target": "200"}
    admin.post(reverse("laboratory_rules"), {**first, "target": "400"})
    answer = admin.post(reverse("laboratory_rules"), second)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody else has changed the rules" in html
    assert '<option value="200" selected' in html
    assert admin.post(reverse("laboratory_rules"), filled(html) | {"target": "200"}).status_code == 422
    assert rules().target == 400


@pytest.mark.parametrize("body", [{}, {"ranges-TOTAL_FORMS": "x"}, {"ranges-TOTAL_FORMS": "99999"}])
def test_what_is_no_form_changes_nothing(admin, body):
    assert admin.post(reverse("laboratory_rules"), body).status_code == 422
    assert not Rules.objects.exists()


def test_everybody_reads_the_rules_and_their_history_and_only_admins_edit(admin, client):
    admin.post(reverse("laboratory_rules"), filled(shown(admin)))
    html = shown(client)
    assert '<form class="rules"' not in html
    assert "Ines Admin" in html
    assert "Checked by the head" in html
    assert "2–7" in html
    assert "from 18 y" in html
    assert client.post(reverse("laboratory_rules"), {}).status_code == 403
    page = client.get(reverse("laboratory_rules_version", args=[1])).content.decode()
    assert "Dacie and Lewis" in page
    assert "in force" in page
    admin.post(reverse("laboratory_rules"), filled(shown(admin)) | {"target": "200"})
    assert "replaced" in client.get(reverse("laboratory_rules_version", args=[1])).content.decode()
    for missing in (0, 3, 10**12):
        assert client.get(reverse("laboratory_rules_version", args=[missing])).status_code == 404


def test_a_new_range_changes_the_flag_in_the_panel(admin, client, technician, read):
    sample = sample_create(actor=technician, origin=HERE, facts={"accession": "HV-1", "age_value": 40})
    read("neutrophil", "neutrophil", "neutrophil", sample_id=sample.pk)
    panel = reverse("sample_panel", args=[sample.pk])
    before = client.get(panel).content.decode()
    assert "40–80" in before
    assert "above the reference range" in before
    assert "starting values</a>, not yet confirmed by the laboratory" in before
    kinds = [(one.code, one.quantity) for one in STARTER.ranges]
    row = f"ranges-{kinds.index(('neutrophil', 'percent'))}"
    wider = filled(shown(admin)) | {f"{row}-low": "0", f"{row}-high": "100"}
    assert admin.post(reverse("laboratory_rules"), wider).status_code == 302
    after = client.get(panel).content.decode()
    assert "0–100" in after
    assert "above the reference range" not in after
    assert reverse("laboratory_rules_version", args=[1]) in after


def test_a_new_sample_asks_for_what_the_laboratory_counts(admin, client):
    admin.post(reverse("laboratory_rules"), filled(shown(admin)) | {"target": "200"})
    assert '<option value="200" selected' in client.get(reverse("sample_new")).content.decode()
    assert not Sample.objects.exists()


def typed(client, code):
    """Return the address of a type's page and what its form would send."""
    address = reverse("cell_type", args=[code])
    return address, filled(client.get(address).content.decode(), '<form class="card cell-type"')


def test_a_type_is_changed_and_the_log_says_what(admin, client):
    address, sent = typed(admin, "blast")
    assert sent["short"] == "BLAST"
    assert admin.post(address, sent | {"key": "x", "colour": "c-erb", "short": "BLA"}).status_code == 302
    kind = CellType.objects.get(pk="blast")
    assert (kind.key, kind.colour, kind.short, kind.active) == ("x", "c-erb", "BLA", True)
    event = AuditEvent.objects.get(event="catalogue.changed")
    assert event.detail == {"code": "blast", "fields": ["short", "key", "colour"]}
    address, sent = typed(admin, "blast")
    admin.post(address, sent)
    assert AuditEvent.objects.filter(event="catalogue.changed").count() == 1, "nothing was changed"
    html = client.get(reverse("laboratory_catalogue")).content.decode()
    assert "BLA<" in html
    assert reverse("cell_type", args=["blast"]) not in html


def test_a_new_type_gets_a_code_of_its_name_and_can_be_given(admin, client, technician, read):
    answer = admin.get(reverse("cell_type_new")).content.decode()
    sent = filled(answer, '<form class="card cell-type"') | {
        "name": "Sézary cell!",
        "short": "SEZ",
        "key": "z",
    }
    assert admin.post(reverse("cell_type_new"), sent).status_code == 302
    assert CellType.objects.get(pk="sezary_cell").counts_as == "leukocyte"
    again = admin.post(reverse("cell_type_new"), sent | {"short": "SE2", "key": ""})
    assert again.status_code == 302
    assert CellType.objects.get(short="SE2").pk == "sezary_cell_2"
    assert (
        admin.post(reverse("cell_type_new"), sent | {"short": "X", "key": "", "name": "細胞"}).status_code
        == 302
    )
    assert CellType.objects.get(short="X").pk == "type"
    sample = sample_create(actor=technician, origin=HERE, facts={"accession": "HV-1"})
    read("neutrophil", sample_id=sample.pk)
    assert "Sézary cell!" in client.get(reverse("sample", args=[sample.pk])).content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": "u"}, "The gallery itself uses the key"),
        ({"key": "1"}, "gives Neutrophil already"),
        ({"key": "é"}, "Enter a valid value"),
        ({"short": "NEU"}, "already exists"),
        ({"name": ""}, "This field is required"),
        ({"colour": "red"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_a_type_is_said_and_what_was_typed_is_kept(admin, wrong, said):
    address, sent = typed(admin, "blast")
    answer = admin.post(address, sent | {"loinc_share": "26446-5"} | wrong)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert said in html
    assert "constraint" not in html.lower()
    assert 'value="26446-5"' in html
    assert CellType.objects.get(pk="blast").loinc_share == ""


@pytest.mark.parametrize("code", ["not_a_cell", "neutrophil"])
def test_what_people_and_the_active_model_need_stays_in_use(admin, model, code):
    address, sent = typed(admin, code)
    del sent["active"]
    answer = admin.post(address, sent)
    assert (answer.status_code, "stays in use" in answer.content.decode()) == (422, True)
    assert CellType.objects.get(pk=code).active
    address, sent = typed(admin, "blast")
    del sent["active"]
    assert admin.post(address, sent).status_code == 302
    assert not CellType.objects.get(pk="blast").active


def test_a_class_of_an_earlier_model_alone_may_be_switched_off(admin):
    address, sent = typed(admin, "platelet")
    del sent["active"]
    assert admin.post(address, sent).status_code == 302


def test_two_admins_do_not_overwrite_each_others_type(admin):
    address, first = typed(admin, "blast")
    admin.post(address, first | {"position": "7"})
    answer = admin.post(address, first | {"name": "Blast cell"})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Somebody else has changed Blast since" in html
    assert 'value="Blast cell"' in html
    assert admin.post(address, first | {"name": "Blast cell"}).status_code == 422, "nor at a second try"
    kind = CellType.objects.get(pk="blast")
    assert (kind.position, kind.name) == (7, "Blast")


def test_the_service_checks_what_a_form_would(technician):
    admin = PersonFactory(admin=True)
    seen = fingerprint(CellType.objects.get(pk="blast"))
    with pytest.raises(PermissionDenied):
        cell_type_change(actor=technician, origin=HERE, code="blast", seen=seen, facts={"position": 1})
    with pytest.raises(PermissionDenied):
        cell_type_add(actor=PersonFactory(doctor=True), origin=HERE, facts={"name": "A", "short": "A"})
    for facts in ({"key": "h"}, {"key": "1"}, {"short": ""}, {"short": "NEU"}, {"counts_as": "x"}):
        with pytest.raises(ValidationError):
            cell_type_change(actor=admin, origin=HERE, code="blast", seen=seen, facts=facts)
    with pytest.raises(CatalogueRefused):
        cell_type_change(actor=admin, origin=HERE, code="blast", seen="x", facts={"position": 1})
    cell_type_change(actor=admin, origin=HERE, code="blast", seen=seen, facts={"code": "x", "position": 1})
    assert CellType.objects.get(pk="blast").position == 1
    assert not CellType.objects.filter(pk="x").exists()
