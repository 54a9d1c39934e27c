"""What the portal's answers hold and where it gives them; written by ``generate.py``."""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict


class CellAnswer(TypedDict):
    """What the model says about one cell."""

    predicted_label: str | None
    # In percent.
    confidence: float | None
    # By class; their sum is one.
    probabilities: dict[str, float]
    box: list[int] | None
    # The model is not sure enough; do not use the label as an answer.
    abstained: bool
    # Why it abstained, why there is no label, or empty.
    reason: str


class FieldAnswer(TypedDict):
    """How a field stands; what is said of a cell at the top is about the most certain leukocyte."""

    predicted_label: str | None
    # In percent.
    confidence: float | None
    # By class; their sum is one.
    probabilities: dict[str, float]
    box: list[int] | None
    # The model is not sure enough; do not use the label as an answer.
    abstained: bool
    # Why it abstained, why there is no label, or empty.
    reason: str
    id: str
    state: StateEnum
    # What may spoil the reading, such as too_dark.
    quality: list[str]
    cells: int
    # Every cell, the most certain first.
    found: list[CellAnswer]
    image_path: str
    width: int
    height: int
    model_version: str | None
    model_sha256: str | None
    failure: FailureEnum | None
    # An earlier upload of the same bytes that you may see.
    duplicate_of: str | None
    status_url: str


class Problem(TypedDict):
    """Why a request was refused, as of RFC 9457: the code for programs, the sentence for people."""

    # Always about:blank: the code says which error it is.
    type: str
    # The status in words.
    title: str
    status: int
    # What happened, what was kept, what to do: for people.
    detail: str
    # A stable name for programs.
    code: str


FailureEnum = Literal["gave_up", "model_error", "timed_out", "image_missing"]

NullEnum = None

StateEnum = Literal["queued", "running", "done", "failed"]

Operation = Literal[
    "field",
    "field_image",
    "predict",
]
ADDRESSES: Final[dict[Operation, tuple[str, str]]] = {
    "field": ("GET", "/api/v1/fields/{field_id}"),
    "field_image": ("GET", "/api/v1/fields/{field_id}/image"),
    "predict": ("POST", "/api/v1/predict"),
}
