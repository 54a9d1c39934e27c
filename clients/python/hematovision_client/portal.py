"""A portal as an object: what its API does, as methods that return what it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack, cast
from uuid import uuid4

import httpx

from hematovision_client.errors import Refused
from hematovision_client.line import Line
from hematovision_client.pictures import media_type, readable
from hematovision_client.records import (
    ADDRESSES,
    BatchAnswer,
    CellStanding,
    DifferentialAnswer,
    FieldAnswer,
    FieldLine,
    FileProblem,
    Operation,
    ReportLine,
    SampleAnswer,
    SampleFacts,
    SampleNames,
)

ENDED = frozenset({"done", "failed"})


class Portal:
    """A HematoVision portal; to be used in a ``with`` block, by one thread at a time.

    Every method waits out a portal that restarts or asks for fewer requests, up to ``patience`` seconds, and
    then raises a :class:`PortalError`. What makes something is sent with the same Idempotency-Key each time,
    so it is made once however often the answer is lost.

    Args:
        address: of the portal, such as ``https://portal.lab.example``.
        token: a machine's (``hvm_...``) or a person's access token.
        authority: file with the certificates to trust instead of the system's.
        timeout: seconds for each step of one attempt.
        patience: seconds after which no further attempt is begun.

    Raises:
        ValueError: the address would send the token unencrypted to another machine.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        authority: Path | None = None,
        timeout: float = 60,
        patience: float = 60,
    ) -> None:
        self._line = Line(address, token, authority=authority, timeout=timeout, patience=patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    def sample_create(self, **facts: Unpack[SampleFacts]) -> SampleAnswer:
        """Register a sample with these facts, of which only ``accession`` is needed.

        Raises:
            Refused: ``accession_taken``, with ``more["sample"]`` where the token may see that sample.
        """
        answer = self._line.ask("sample_create", json=facts, headers=_once(str(uuid4())))
        return cast("SampleAnswer", answer)

    def sample_ensure(self, accession: str) -> str:
        """Return the id of the sample with this number; register it if there is none.

        Raises:
            Refused: the number belongs to a sample that the token may not see, or it is none.
        """
        try:
            return self.sample_create(accession=accession)["id"]
        except Refused as refusal:
            if refusal.code != "accession_taken" or not refusal.more.get("sample"):
                raise
            return str(refusal.more["sample"])

    def sample(self, sample_id: str) -> SampleAnswer:
        """Return a sample."""
        return cast("SampleAnswer", self._line.ask("sample", at={"sample_id": sample_id}))

    def samples(self, **filters: str) -> Iterator[SampleAnswer]:
        """Go through all samples that the token may see, the newest first."""
        return cast("Iterator[SampleAnswer]", self._pages("samples", params=filters))

    def sample_search(self, **names: Unpack[SampleNames]) -> Iterator[SampleAnswer]:
        """Go through the samples for which this holds, such as ``accession="HV-26-0001"``."""
        return cast("Iterator[SampleAnswer]", self._pages("sample_search", json=names))

    def field_add(
        self, sample_id: str, name: str, content: bytes, *, single: bool = False, again: bool = False
    ) -> FieldAnswer:
        """Add an image to a sample and return its field, whose analysis is queued.

        The key is made from what is sent, so a program that was killed before it read the answer sends the
        same image again without making a second field.

        Args:
            name: of the file, without its folder.
            single: the picture shows one cell of interest.
            again: take the image although the sample has one of the same bytes.

        Raises:
            Refused: ``duplicate``, with the field that has these bytes as ``more["field"]``; or the file is
                not one that the portal can read.
        """
        name, form = readable(name), _form(single=single, again=again)
        key = _key(sample_id, name, *form, hashlib.sha256(content).hexdigest())
        files = {"file": (name, content, media_type(name))}
        at = {"sample_id": sample_id}
        answer = self._line.ask("sample_field_add", at=at, data=form, files=files, headers=_once(key))
        return cast("FieldAnswer", answer)

    def fields(self, sample_id: str) -> Iterator[FieldLine]:
        """Go through the fields of a sample, the newest first."""
        return cast("Iterator[FieldLine]", self._pages("sample_fields", at={"sample_id": sample_id}))

    def field(self, field_id: str) -> FieldAnswer:
        """Return how a field stands, and its result."""
        return cast("FieldAnswer", self._line.ask("field", at={"field_id": field_id}))

    def cells(self, sample_id: str) -> Iterator[CellStanding]:
        """Go through the cells of a sample."""
        return cast("Iterator[CellStanding]", self._pages("sample_cells", at={"sample_id": sample_id}))

    def differential(self, sample_id: str) -> DifferentialAnswer:
        """Return the differential of a sample, with its intervals."""
        return cast("DifferentialAnswer", self._line.ask("sample_differential", at={"sample_id": sample_id}))

    def reports(self, sample_id: str) -> Iterator[ReportLine]:
        """Go through the signed reports of a sample, the newest first."""
        return cast("Iterator[ReportLine]", self._pages("sample_reports", at={"sample_id": sample_id}))

    def report_pdf(self, report_id: str) -> bytes:
        """Return a signed report as PDF."""
        return self._line.call("report_pdf", at={"report_id": report_id}).content

    def report_fhir(self, report_id: str) -> bytes:
        """Return a signed report as a FHIR R4 Bundle, as the JSON text that the portal sends."""
        return self._line.call("report_fhir", at={"report_id": report_id}).content

    def predict(self, name: str, content: bytes, *, single: bool = False) -> FieldAnswer:
        """Have one image read without a sample; the result may still be ``queued``, see :meth:`field`."""
        files = {"file": (readable(name), content, media_type(name))}
        answer = self._line.ask(
            "predict", data=_form(single=single), files=files, headers=_once(str(uuid4()))
        )
        return cast("FieldAnswer", answer)

    def predict_batch(
        self, pictures: Sequence[tuple[str, bytes]], *, single: bool = False
    ) -> list[FieldAnswer | FileProblem]:
        """Have several images read in one request, each a name with its bytes; return an answer for each.

        A refused file is answered with a record that has a ``code``, and changes nothing for the others.
        """
        files = [("file", (readable(name), content, media_type(name))) for name, content in pictures]
        form = _form(single=single)
        answer = self._line.ask("predict_batch", data=form, files=files, headers=_once(str(uuid4())))
        return cast("BatchAnswer", answer)["results"]

    def _pages(self, operation: Operation, **content: Any) -> Iterator[Any]:
        """Go through a list page by page; the next one is asked for when somebody wants it."""
        page = self._line.ask(operation, **content)
        body = {"json": content["json"]} if "json" in content else {}
        while True:
            yield from page["results"]
            if not page["next"]:
                return
            # Only its path: the token goes to no other machine, whatever a page says.
            path = httpx.URL(page["next"]).raw_path.decode()
            page = self._line.told(self._line.send(ADDRESSES[operation][0], path, **body))


def _form(**flags: bool) -> dict[str, str]:
    return {name: "1" for name, value in flags.items() if value}


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}
