"""Samples of the demo, one or more in every state, brought there by the services that people use."""

from __future__ import annotations

import random
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from accounts.models import User
from hematovision.core.origin import Origin
from mlcore.registry.selectors import active_version
from predictions.models import Sample, SmearField
from predictions.selectors import cell_states, judged
from predictions.services import (
    cells_review,
    critical_note,
    field_submit,
    report_amend,
    report_sign,
    sample_cancel,
    sample_create,
    sample_submit,
)
from predictions.services.analyse import analyse_field
from predictions.services.reports import Intent
from predictions.synthetic import SyntheticField, draw_field, draw_overlapping

HERE: Final = Origin()
# About what a healthy adult's blood holds, so that the demo looks like a laboratory's day.
MIX: Final = {"neutrophil": 60, "lymphocyte": 28, "monocyte": 7, "eosinophil": 4, "basophil": 1}
CELLS_OF_A_FIELD: Final = 4
DRAWN: Final = "Drawn smears: the count is as good as the drawing."


class Day:
    """A day in the demo's laboratory: one technician, one doctor."""

    def __init__(self, technician: User, doctor: User) -> None:
        self.technician, self.doctor = technician, doctor
        self.chance = random.Random(26)  # noqa: S311 -- it draws pictures, not secrets
        self.drawn = 0

    def fill(self) -> int:
        """Make the samples and return how many fields were drawn.

        Without an active model all of them wait to be analysed, as they would in a real portal.
        """
        self.sample("DEMO-0001", requester="Ward 3")
        self.sample("DEMO-0002", fields=3)
        if active_version() is None:
            return self.drawn
        reviewed = self.sample("DEMO-0003", fields=8, read=True, sex="female", age_value=43, wbc="6.40")
        self.overlapping(reviewed)
        self.submitted("DEMO-0004", sex="male", age_value=61, wbc="11.20", patient_reference="PAT-118")
        self.signed("DEMO-0005", sex="female", age_value=29, wbc="5.10", patient_reference="PAT-204")
        self.amended("DEMO-0006", sex="male", age_value=70, wbc="7.90", patient_reference="PAT-377")
        cancelled = self.sample("DEMO-0007", fields=1, read=True)
        sample_cancel(actor=self.technician, origin=HERE, sample_id=cancelled.pk, reason="Clotted sample")
        self.failed("DEMO-0008")
        return self.drawn

    def sample(self, accession: str, *, fields: int = 0, read: bool = False, **facts: Any) -> Sample:
        """Register a sample and add drawn fields, read at once or left to the workers."""
        told: Mapping[str, Any] = {"accession": accession, "stain": "May-Grünwald-Giemsa", **facts}
        sample = sample_create(actor=self.technician, origin=HERE, facts=told)
        for _field in range(fields):
            field = self.field(sample)
            if read:
                analyse_field(field.pk)
        return sample

    def field(self, sample: Sample | None, cells: int = CELLS_OF_A_FIELD) -> SmearField:
        """Draw a field and upload it as the technician."""
        return self.upload(sample, draw_field(self.drawn + 1, labels=self.labels(cells)))

    def overlapping(self, sample: Sample) -> None:
        """Add two fields that show some cells both, as happens to whoever photographs a smear in steps."""
        for picture in draw_overlapping(self.drawn + 1, labels=self.labels(CELLS_OF_A_FIELD + 2)):
            analyse_field(self.upload(sample, picture).pk)

    def labels(self, cells: int) -> list[str]:
        """Return the classes of so many cells."""
        return self.chance.choices(list(MIX), weights=list(MIX.values()), k=cells)

    def upload(self, sample: Sample | None, picture: SyntheticField) -> SmearField:
        """Upload a drawn field as the technician."""
        self.drawn += 1
        return field_submit(
            actor=self.technician,
            origin=HERE,
            content=BytesIO(picture.encoded("image/jpeg")),
            name=f"synthetic-{self.drawn:02}.jpg",
            sample_id=sample.pk if sample else None,
        ).field

    def failed(self, accession: str) -> None:
        """A sample whose only picture was away when it was read; it is back, so that retrying succeeds."""
        sample = self.sample(accession)
        field = self.field(sample)
        aside = field.image.path.with_suffix(".away")
        field.image.path.rename(aside)
        try:
            analyse_field(field.pk)
        finally:
            aside.rename(field.image.path)

    def submitted(self, accession: str, **facts: Any) -> Sample:
        """A sample of which the technician has named what the model left open, handed to the doctor."""
        sample = self.sample(accession, fields=10, read=True, **facts)
        open_cells = {state.cell.pk: state.seen for state in cell_states(sample) if not state.code}
        if open_cells:
            self.review(sample, self.technician, open_cells, "other")
        sample_submit(actor=self.technician, origin=HERE, sample_id=sample.pk)
        return sample

    def signed(self, accession: str, **facts: Any) -> Sample:
        """A sample that the doctor has signed."""
        sample = self.submitted(accession, **facts)
        self.sign(sample)
        return sample

    def amended(self, accession: str, **facts: Any) -> None:
        """A sample whose report was signed, amended and signed again."""
        sample = self.signed(accession, **facts)
        why = "A band neutrophil was counted as segmented."
        report_amend(actor=self.doctor, origin=HERE, sample_id=sample.pk, reason=why)
        cell = next((state for state in cell_states(sample) if state.code == "neutrophil"), None)
        if cell is not None:
            self.review(sample, self.doctor, {cell.cell.pk: cell.seen}, "band_neutrophil")
        self.sign(sample)

    def review(self, sample: Sample, actor: User, seen: dict[Any, int], code: str) -> None:
        """Give cells a type."""
        cells_review(actor=actor, origin=HERE, sample_id=sample.pk, seen=seen, code=code)

    def sign(self, sample: Sample) -> None:
        """Note what is critical and sign, saying why the target is not met where it is not."""
        for one in judged(sample).criticals:
            critical_note(actor=self.doctor, origin=HERE, sample_id=sample.pk, key=one.key)
        revision = Sample.objects.get(pk=sample.pk).revision
        intent = Intent(revision=revision, comment="Demo report.", override=DRAWN)
        report_sign(actor=self.doctor, origin=HERE, sample_id=sample.pk, intent=intent)
