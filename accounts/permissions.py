"""Who may do what: one table from role to capability, and the one question ``can()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Role(TextChoices):
    """What a person is in the laboratory."""

    TECHNICIAN = "technician", gettext_lazy("technician")
    DOCTOR = "doctor", gettext_lazy("doctor")
    ADMIN = "admin", gettext_lazy("admin")


class Capability(TextChoices):
    """What the portal lets someone do; the label completes "your role may not ..."."""

    UPLOAD = "upload", gettext_lazy("upload")
    VIEW_RESULTS = "view_results", gettext_lazy("see results")
    VIEW_ALL_SITES = "view_all_sites", gettext_lazy("see the results of all sites")
    RETRY_ANALYSIS = "retry_analysis", gettext_lazy("retry an analysis")
    REGISTER_SAMPLES = "register_samples", gettext_lazy("register samples")
    REVIEW_CELLS = "review_cells", gettext_lazy("review cells")
    SIGN_REPORTS = "sign_reports", gettext_lazy("sign reports")
    EDIT_RULES = "edit_rules", gettext_lazy("edit the laboratory's rules")
    VIEW_MODELS = "view_models", gettext_lazy("see the models")
    MANAGE_MODELS = "manage_models", gettext_lazy("train or change models")
    EXPORT_PATIENTS = "export_patients", gettext_lazy("export all data of a patient")
    ERASE_PATIENTS = "erase_patients", gettext_lazy("erase a patient")
    MANAGE_PEOPLE = "manage_people", gettext_lazy("manage people")
    READ_AUDIT = "read_audit", gettext_lazy("read the audit log")
    VIEW_DASHBOARD = "view_dashboard", gettext_lazy("see the dashboard")
    MANAGE_EXCHANGE = "manage_exchange", gettext_lazy("say which programs are told what")


_EVERYONE = frozenset({Capability.VIEW_RESULTS, Capability.VIEW_MODELS})

CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.TECHNICIAN: _EVERYONE
    | {
        Capability.UPLOAD,
        Capability.RETRY_ANALYSIS,
        Capability.REGISTER_SAMPLES,
        Capability.REVIEW_CELLS,
    },
    Role.DOCTOR: _EVERYONE
    | {
        Capability.VIEW_ALL_SITES,
        Capability.REVIEW_CELLS,
        Capability.SIGN_REPORTS,
        Capability.EXPORT_PATIENTS,
    },
    # A report is a doctor's word: administering the portal gives no right to it.
    Role.ADMIN: frozenset(Capability) - {Capability.SIGN_REPORTS},
}


def can(user: User | AnonymousUser, capability: Capability) -> bool:
    """Say whether ``user`` may; someone signed out or deactivated may nothing."""
    if not (user.is_authenticated and user.is_active):
        return False
    return capability in CAPABILITIES.get(user.role, frozenset())


def require(user: User | AnonymousUser, capability: Capability) -> None:
    """Refuse with the reason when ``user`` may not.

    Raises:
        PermissionDenied: with a sentence such as "Your role, doctor, may not upload."
    """
    if can(user, capability):
        return
    role = Role(user.role).label if user.is_authenticated else _("visitor")
    raise PermissionDenied(
        _("Your role, %(role)s, may not %(act)s.") % {"role": role, "act": capability.label}
    )
