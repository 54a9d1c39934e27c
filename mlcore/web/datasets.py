"""Pages of data sets, for admins: order a version, see what it holds, look at labels again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from mlcore.engine.errors import DataError
from mlcore.engine.frozen import SPLITS, FrozenPicture
from mlcore.registry import dataset_selectors as selectors
from mlcore.registry import datasets as services
from mlcore.registry.leaks import Leak, leaks
from mlcore.registry.models import DataSetState, DataSetVersion
from mlcore.web import dataset_sheets as sheets
from mlcore.web.dataset_forms import FolderForm, PicturesForm, ZipForm
from mlcore.web.dataset_tiles import tile
from mlcore.web.dataset_upload import ArchiveUploads
from mlcore.web.vocabulary import cell_class

PER_SHEET: Final = 60
GROUPS_PER_SHEET: Final = 20
# The query of a sheet, which its forms bring along; anything else leads to the sheet's beginning.
SHEET_QUERY: Final = re.compile(r"[\w&=%+-]+")
NUMBER: Final = re.compile(r"[0-9]{1,9}")
COPIES, GROUP, DOUBTS, SEEN = "copies", "group", "doubts", "seen"
HARMLESS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@require_GET
@requires(Capability.MANAGE_MODELS)
def index(request: HttpRequest) -> HttpResponse:
    """List the data sets with their versions."""
    found = list(selectors.datasets())
    importing = any(one.state == DataSetState.IMPORTING for data in found for one in data.versions.all())
    return render(request, "mlcore/datasets.html", {"datasets": found, "open": importing})


@require_GET
@requires(Capability.MANAGE_MODELS)
def new(request: HttpRequest) -> HttpResponse:
    """Show the ways to make a version."""
    given = {"dataset": request.GET.get("dataset", "")}
    return _forms(request, ZipForm(initial=given), FolderForm(initial=given))


@csrf_exempt  # What checks the token would read the whole file into the wrong place first; see below.
@require_POST
@requires(Capability.MANAGE_MODELS)
def import_zip(request: HttpRequest) -> HttpResponse:
    """Take a ZIP file and order a version from it."""
    request.upload_handlers = [ArchiveUploads(request)]
    return _import_zip(request)


@csrf_protect
def _import_zip(request: HttpRequest) -> HttpResponse:
    form = ZipForm(request.POST, request.FILES)
    if not form.is_valid():
        return _forms(request, form, FolderForm())
    archive = form.cleaned_data["archive"].temporary_file_path()
    try:
        version = services.dataset_import_zip(
            actor=signed_in(request),
            origin=Origin.of(request),
            about=form.about(),
            pictures=form.pictures(),
            archive=Path(archive),
        )
    except PortalError as refusal:
        form.add_error(None, str(refusal))
        return _forms(request, form, FolderForm())
    return redirect("dataset_version", version.pk)


@require_POST
@requires(Capability.MANAGE_MODELS)
def import_folder(request: HttpRequest) -> HttpResponse:
    """Order a version from a folder on the server."""
    form = FolderForm(request.POST)
    if not form.is_valid():
        return _forms(request, ZipForm(), form)
    try:
        version = services.dataset_import_folder(
            actor=signed_in(request),
            origin=Origin.of(request),
            about=form.about(),
            pictures=form.pictures(),
            folder=form.cleaned_data["folder"],
        )
    except PortalError as refusal:
        form.add_error(None, str(refusal))
        return _forms(request, ZipForm(), form)
    return redirect("dataset_version", version.pk)


@require_GET
@requires(Capability.MANAGE_MODELS)
def detail(request: HttpRequest, dataset_version_id: UUID) -> HttpResponse:
    """Show one version; the page asks for itself again while it is imported."""
    version = _version(dataset_version_id)
    found = _leaks(version) if version.state == DataSetState.READY else []
    context = {
        "version": version,
        "dataset": version.dataset,
        "open": version.state == DataSetState.IMPORTING,
        "rows": sheets.balance(version.counts),
        "sides": [(name, sheets.SIDES[name], _total(version, name)) for name in SPLITS],
        "leaks": found,
        "comparing": any(leak.waiting for leak in found or ()),
        "own": [cell_class(label) for label in version.counts.get("own", [])],
    }
    return render(request, "mlcore/dataset.html", context)


@require_GET
@requires(Capability.MANAGE_MODELS)
def sheet(request: HttpRequest, dataset_version_id: UUID) -> HttpResponse:
    """Show cells of a version: of a class and side, what belongs together, or labels for a second look."""
    version = _version(dataset_version_id)
    cells = _cells(version)
    asked = {name: request.GET.get(name, "") for name in ("what", "label", "side", "like", "model", "how")}
    copies = asked["what"] == COPIES
    groups = sheets.together(cells) if copies else []
    paged = (
        Paginator(groups, GROUPS_PER_SHEET) if copies else Paginator(_tiles(version, cells, asked), PER_SHEET)
    )
    page = paged.get_page(request.GET.get("page"))
    shown = groups[max(0, page.start_index() - 1) : page.end_index()]
    context = {
        "version": version,
        "page": page,
        "strips": [sheets.strip(version, cells, group) for group in shown],
        "asked": asked,
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "kinds": [row.kind for row in sheets.balance(version.counts)],
        "sides": sheets.SIDES.items(),
    }
    return render(request, "mlcore/dataset_sheet.html", context)


@require_GET
@requires(Capability.MANAGE_MODELS)
def cell(request: HttpRequest, dataset_version_id: UUID, number: int) -> HttpResponse:  # noqa: ARG001 -- fixed by Django
    """Send a small picture of one cell."""
    chosen = _cell(_version(dataset_version_id), number)
    try:
        content = tile(selectors.picture_path(chosen), chosen.box)
    except OSError as problem:
        raise Http404 from problem
    return HttpResponse(content, content_type="image/jpeg", headers=HARMLESS)


@require_POST
@requires(Capability.MANAGE_MODELS)
def exclude(request: HttpRequest, dataset_version_id: UUID, number: int) -> HttpResponse:
    """Leave one cell out of the next version, or take it in again."""
    version = _version(dataset_version_id)
    excluded = request.POST.get("excluded") != "no"
    key = _cell(version, number).key
    services.dataset_exclude(
        actor=signed_in(request), origin=Origin.of(request), version=version, key=key, excluded=excluded
    )
    told = (
        _("The next version leaves this cell out. This version stays as it is.")
        if excluded
        else _("The next version has this cell again.")
    )
    messages.success(request, told)
    response = redirect("dataset_sheet", version.pk)
    back = request.POST.get("back", "")
    response["Location"] += f"?{back}" if SHEET_QUERY.fullmatch(back) else ""
    return response


@require_GET
@requires(Capability.MANAGE_MODELS)
def manifest(request: HttpRequest, dataset_version_id: UUID) -> FileResponse:  # noqa: ARG001 -- fixed by Django
    """Send the manifest of a ready version as a file."""
    version = _version(dataset_version_id)
    if version.state != DataSetState.READY:
        raise Http404
    try:
        content = selectors.manifest_path(version.sha256).open("rb")
    except OSError as problem:
        raise Http404 from problem
    name = f"dataset-{version.sha256:.12}.jsonl"
    return FileResponse(content, as_attachment=True, filename=name, content_type="application/x-ndjson")


def _forms(request: HttpRequest, archive: PicturesForm, folder: PicturesForm) -> HttpResponse:
    context = {
        "archive": archive,
        "folder": folder,
        "max_bytes": settings.DATASET_MAX_BYTES,
        "max_files": settings.DATASET_MAX_FILES,
        "data_root": settings.TRAINING_DATA_ROOT,
    }
    refused = archive.errors or folder.errors
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "mlcore/dataset_new.html", context, status=status)


def _total(version: DataSetVersion, side: str) -> int:
    return sum(sides[side] for sides in version.counts.get("classes", {}).values())


def _leaks(version: DataSetVersion) -> list[Leak] | None:
    """Return what the models have seen, or None where that cannot be found out."""
    found = leaks(version)
    try:
        if any(leak.waiting for leak in found):
            selectors.shown_by_test(version)
    except DataError:
        return None
    return found


def _version(key: UUID) -> DataSetVersion:
    try:
        return selectors.dataset_version(key)
    except DataSetVersion.DoesNotExist:
        raise Http404 from None


def _cells(version: DataSetVersion) -> tuple[FrozenPicture, ...]:
    if version.state != DataSetState.READY:
        raise Http404
    try:
        return selectors.frozen(version).pictures
    except DataError as problem:
        raise Http404 from problem


def _tiles(
    version: DataSetVersion, cells: Sequence[FrozenPicture], asked: Mapping[str, str]
) -> list[sheets.Tile]:
    if asked["what"] == DOUBTS:
        return sheets.doubtful(version, cells)
    if asked["what"] == GROUP:
        number = int(asked["like"]) if NUMBER.fullmatch(asked["like"]) else -1
        return sheets.alike(version, cells, number)
    if asked["what"] == SEEN:
        return sheets.seen(cells, leaks(version), asked["model"], asked["how"])
    return sheets.tiles(version, cells, asked["label"], asked["side"])


def _cell(version: DataSetVersion, number: int) -> FrozenPicture:
    cells = _cells(version)
    if number >= len(cells):
        raise Http404
    return cells[number]
