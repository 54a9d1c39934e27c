"""Changing the catalogue of what people may call a cell. A code never changes: reviews and models hold it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from mlcore.registry.selectors import active_version
from predictions.errors import CatalogueRefused
from predictions.models import CellType, CountsAs
from predictions.models.catalogue import DUPLICATE, NOT_A_CELL
from predictions.services.recount import alone, judge_open, recount_named

FACTS: Final = (
    "name",
    "short",
    "key",
    "colour",
    "counts_as",
    "loinc_share",
    "loinc_count",
    "position",
    "active",
)
# Undo, the four directions, the map of what the model looked at, the next sample: static/js/sample/keys.js.
TAKEN_KEYS: Final = tuple("uhjklan")
CODE_LENGTH: Final = 32


def fingerprint(kind: CellType) -> str:
    """Return a short text that changes with every fact of a type, for whoever wants to change it later."""
    told = json.dumps([getattr(kind, name) for name in FACTS])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def key_fault(code: str, key: str) -> str:
    """Say why ``key`` cannot give the type ``code``; empty where it can, or where there is no key."""
    if key in TAKEN_KEYS:
        return _("The gallery itself uses the key “%(key)s”. Choose another, or none.") % {"key": key}
    holder = CellType.objects.filter(key=key).exclude(pk=code).first() if key else None
    if holder is None:
        return ""
    return _("The key “%(key)s” gives %(name)s already.") % {"key": key, "name": holder.name}


def cell_type_change(
    *, actor: User, origin: Origin, code: str, seen: str, facts: Mapping[str, Any]
) -> CellType:
    """Change a type; ``seen`` is the ``fingerprint`` of what the person had before them.

    Raises:
        PermissionDenied: the actor's role may not edit the laboratory's rules.
        CellType.DoesNotExist: there is no such type.
        CatalogueRefused: somebody else has changed it since.
        ValidationError: a fact is wrong, or the type has to stay in use.
    """
    require(actor, Capability.EDIT_RULES)
    with transaction.atomic():
        alone()
        kind = CellType.objects.select_for_update(no_key=True).get(pk=code)
        if fingerprint(kind) != seen:
            raise CatalogueRefused(
                _("Somebody else has changed %(name)s since you opened it. Open it again and compare.")
                % {"name": kind.name}
            )
        changed = [name for name in FACTS if name in facts and getattr(kind, name) != facts[name]]
        for name in changed:
            setattr(kind, name, facts[name])
        _checked(kind)
        if changed:
            _stored(kind, actor, origin, changed, new=False)
    return kind


def cell_type_add(*, actor: User, origin: Origin, facts: Mapping[str, Any]) -> CellType:
    """Add a type, with a code made of its name.

    Raises:
        PermissionDenied: the actor's role may not edit the laboratory's rules.
        CatalogueRefused: somebody else has taken its key or short name at the same moment.
        ValidationError: a fact is missing or wrong.
    """
    require(actor, Capability.EDIT_RULES)
    given = {name: facts[name] for name in FACTS if name in facts}
    with transaction.atomic():
        alone()
        kind = CellType(code=_code(str(given.get("name", ""))), **given)
        _checked(kind)
        _stored(kind, actor, origin, list(given), new=True)
    return kind


def _checked(kind: CellType) -> None:
    """Raise ``ValidationError`` with every fault of a type, by field."""
    faults: dict[str, list[str]] = {}
    try:
        kind.full_clean(validate_constraints=False)
    except ValidationError as problem:
        faults = problem.message_dict
    if fault := key_fault(kind.code, kind.key):
        faults.setdefault("key", []).append(fault)
    if kind.code == DUPLICATE and kind.counts_as != CountsAs.ARTEFACT:
        faults.setdefault("counts_as", []).append(_("What is counted already must not count again."))
    if not kind.active and (fault := _needed(kind)):
        faults.setdefault("active", []).append(fault)
    if faults:
        raise ValidationError(faults)


def _needed(kind: CellType) -> str:
    """Say why a type has to stay in use; empty where it has not."""
    if kind.code == NOT_A_CELL:
        return _("People need it to take out what is no cell; it stays in use.")
    if kind.code == DUPLICATE:
        return _("People need it to take out what is counted already; it stays in use.")
    version = active_version()
    if version is not None and kind.code in version.labels:
        told = _("The active model %(version)s names cells so; it stays in use.")
        return told % {"version": version.version}
    return ""


def _stored(kind: CellType, actor: User, origin: Origin, changed: list[str], *, new: bool) -> None:
    try:
        with transaction.atomic():
            kind.save(force_insert=new)
    except IntegrityError as problem:
        raise CatalogueRefused(
            _("Somebody else has just taken this key or short name. Nothing was saved.")
        ) from problem
    if new or {"active", "counts_as"} & {*changed}:
        recount_named(kind.code)
        judge_open()
    record(
        "catalogue.changed",
        actor=actor,
        subject=kind,
        origin=origin,
        detail={"code": kind.code, "fields": [*changed]},
    )


def _code(name: str) -> str:
    """Return a code that no type has: the name's Latin letters, with a number where that is taken."""
    plain = slugify(name).replace("-", "_")[: CODE_LENGTH - 8].strip("_")
    stem = plain if plain[:1].isalpha() else f"type_{plain}".rstrip("_")
    taken = set(CellType.objects.filter(pk__startswith=stem).values_list("pk", flat=True))
    number = 1
    while (code := stem if number == 1 else f"{stem}_{number}") in taken:
        number += 1
    return code
