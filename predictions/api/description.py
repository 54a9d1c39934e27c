"""The API's description, made once in each process for each language and form, sent small, and once."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.encoding import force_bytes
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from predictions.api import conditional


@dataclass(frozen=True, slots=True)
class Made:
    """The description in one form, as it is and compressed, and the tag of the first."""

    plain: bytes
    zipped: bytes
    tag: str


class Description(SpectacularAPIView):
    """The description as YAML or JSON; it changes with the release alone."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Return it, compressed for whoever takes that, or 304 to whoever has it."""
        renderer = request.accepted_renderer
        made = _made(translation.get_language(), renderer.media_type)
        zipped = _takes_gzip(request.headers.get("Accept-Encoding", ""))
        tag = f"{made.tag}-gzip" if zipped else made.tag
        if conditional.holds(request.headers, tag):
            answer = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
        else:
            answer = HttpResponse(made.zipped if zipped else made.plain, content_type=renderer.media_type)
            answer["Content-Disposition"] = f'inline; filename="HematoVision.{renderer.format}"'
            if zipped:
                answer["Content-Encoding"] = "gzip"
        answer["ETag"] = f'"{tag}"'
        answer["Cache-Control"] = "no-cache"
        patch_vary_headers(answer, ["Accept-Encoding"])
        return answer


@cache
def _made(language: str | None, media_type: str) -> Made:
    """Return the description in a language and form; there are no more of both than the settings name."""
    (form,) = (one for one in Description.renderer_classes if one.media_type == media_type)
    with translation.override(language):
        plain = force_bytes(form().render(SchemaGenerator().get_schema(public=True), renderer_context={}))
    # Without the time of making it, so that all processes send the same bytes under the same tag.
    return Made(plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest()[:32])


def _takes_gzip(header: str) -> bool:
    """Say whether ``Accept-Encoding`` names gzip without refusing it."""
    for offered in header.lower().split(","):
        name, _sign, quality = (part.strip() for part in offered.partition(";"))
        if name == "gzip":
            return not re.fullmatch(r"q\s*=\s*0(\.0*)?", quality)
    return False
