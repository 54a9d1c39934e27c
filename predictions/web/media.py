"""Images, each behind the same question as the page that shows it: may this person see this field?"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from accounts.web.access import requires
from predictions.models import Cell, StoredImage
from predictions.pipeline import pictures
from predictions.selectors import visible_cell, visible_fields

# Should a browser ever take an image for a page, it may neither run nor load anything.
HARMLESS = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


@require_GET
@requires(Capability.VIEW_RESULTS)
def field_image(request: HttpRequest, field_id: UUID) -> HttpResponseBase:
    """Send the stored image of a field, or with ``?size=small`` its thumbnail."""
    image = get_object_or_404(visible_fields(request.user).select_related("image"), pk=field_id).image
    try:
        small = request.GET.get("size") == "small"
        if image.removed_at:
            return _removed("removed" if small else "removed-field")
        if small:
            return _jpeg(pictures.thumbnail(image.path))
        return _stored(image)
    except OSError as problem:
        raise Http404 from problem


@require_GET
@requires(Capability.VIEW_RESULTS)
def cell_crop(request: HttpRequest, cell_id: UUID) -> HttpResponse:
    """Send one cell, cut out with a margin."""
    try:
        cell = visible_cell(request.user, cell_id)
        image = cell.analysis.field.image
        if image.removed_at:
            return _removed("removed")
        siblings = list(cell.analysis.cells.all())
        boxes = tuple(one.box for one in siblings)
        return _jpeg(pictures.crop(image.path, boxes, siblings.index(cell)))
    except (Cell.DoesNotExist, OSError) as problem:
        raise Http404 from problem


@require_GET
@requires(Capability.VIEW_RESULTS)
def cell_map(request: HttpRequest, cell_id: UUID) -> HttpResponse:
    """Send what in a cell speaks for its class; ``X-Map-Box`` is where that lies, in pixels of the field."""
    try:
        look = visible_cell(request.user, cell_id).look
    except Cell.DoesNotExist as problem:
        raise Http404 from problem
    if look is None:
        raise Http404
    window = look["window"]
    place = (window["x0"], window["y0"], window["x1"] - window["x0"], window["y1"] - window["y0"])
    content = pictures.activation(look["places"])
    headers = {**HARMLESS, "X-Map-Box": " ".join(str(value) for value in place)}
    return HttpResponse(content, content_type="image/png", headers=headers)


def _stored(image: StoredImage) -> HttpResponseBase:
    """Send a file as it lies there, or have the web server in front do so (``docker/nginx``)."""
    if not settings.X_ACCEL:
        return FileResponse(image.path.open("rb"), content_type=image.media_type, headers=HARMLESS)
    if not image.path.is_file():
        raise Http404
    headers = {**HARMLESS, "X-Accel-Redirect": f"/stored-images/{image.relative_path}"}
    return HttpResponse(content_type=image.media_type, headers=headers)


def _removed(drawing: str) -> HttpResponse:
    """Lead to a drawing in place of an image that the retention rule has removed; pages say it in words."""
    return redirect(static(f"img/{drawing}.svg"))


def _jpeg(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type="image/jpeg", headers=HARMLESS)
