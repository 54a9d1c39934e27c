"""What the portal's answers hold and where it gives them; written by ``generate.py``."""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict


class BatchAnswer(TypedDict):
    results: list[BatchResult]


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


class CellLinks(TypedDict):
    """Where the cell's field is, and where to say something of the cell."""

    field: str
    reviews: str


class CellPage(TypedDict):
    """A page of cells."""

    results: list[CellStanding]
    next: str | None


class CellStanding(TypedDict):
    """A cell as it stands: what the model said, and what holds now."""

    id: str
    field: str
    # Within its field, the most certain first.
    number: int
    box: list[int] | None
    # The most probable class, even if it abstained.
    predicted_label: str
    # In percent.
    confidence: float
    probabilities: dict[str, float]
    abstained: bool
    reason: str
    # The class that counts; null while nobody has identified the cell.
    code: str | None
    # Whether a person's word holds.
    by_person: bool
    # Whether a person called it something else than the model.
    changed: bool
    # Names the last word; a review sends it back.
    seen: int
    reviewed_by: str | None
    reviewed_at: str | None
    links: CellLinks


class CriticalTold(TypedDict):
    """A critical value, and who took note of it."""

    key: str
    sentence: str
    noted_by: str | None
    noted_at: str | None


class DataSetAnswer(TypedDict):
    """A data set, its newest version first."""

    id: str
    name: str
    license: str
    source: str
    created_at: str
    created_by: Named
    versions: list[DataSetVersionLine]


class DataSetAnswerPage(TypedDict):
    results: list[DataSetAnswer]
    # The address of the next page.
    next: str | None


class DataSetVersionLine(TypedDict):
    """A frozen version of a data set."""

    id: str
    number: int
    # Of its manifest, once it is ready.
    sha256: str | None
    state: DataSetState
    origin: OriginEnum
    cells: int
    # How many cells, by part and class.
    counts: dict[str, Any]
    failure: str
    created_at: str
    finished_at: str | None


class DifferentialAnswer(TypedDict):
    """The count of a sample as it stands, not what was signed."""

    sample: str
    revision: int
    target: int
    # Leukocytes with a class: the denominator.
    counted: int
    rows: list[DifferentialRow]
    unidentified: int
    nrbc: int
    nrbc_per_100: float | None
    wbc: float | None
    corrected_wbc: float | None
    smudges: int
    smudge_policy: SmudgePolicyEnum
    platelets: int
    artefacts: int
    flags: list[Flag]
    criticals: list[CriticalTold]
    # What hinders signing.
    blocks: list[str]
    notes: list[str]
    rules_version: int | None
    model_versions: list[str]


class DifferentialRow(TypedDict):
    """One class of leukocytes, with exact 95 % intervals (Clopper-Pearson) of the counting error."""

    code: str
    name: str
    count: int
    percent: float | None
    percent_low: float | None
    percent_high: float | None
    # x 10^9/L; null without a WBC count.
    absolute: float | None
    absolute_low: float | None
    absolute_high: float | None
    range: UsualRange | None
    flag: FlagEnum | BlankEnum
    # Whether the whole interval lies on that side; null without a range.
    certain: bool | None


class EventAnswer(TypedDict):
    """An event of the log, with what the person was at that time."""

    number: int
    at: str
    event: str
    person: str | None
    email: str
    role: str
    subject_type: str
    subject: str
    site: Named | None
    address: str
    agent: str
    outcome: OutcomeEnum
    detail: dict[str, Any]
    hash: str


class EventAnswerPage(TypedDict):
    results: list[EventAnswer]
    # The address of the next page.
    next: str | None


class EventPage(TypedDict):
    """A page of events."""

    results: list[EventTold]
    next: str | None


class EventTold(TypedDict):
    """Something that happened to a sample, at the revision that it made."""

    revision: int
    kind: KindEnum
    at: str
    # null is the portal itself.
    by: str | None
    detail: dict[str, Any]


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
    # The sample that it is of, if of any.
    sample: str | None
    state: JobState
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


class FieldLine(TypedDict):
    """A field in a list."""

    id: str
    state: JobState
    sample: str | None
    single: bool
    width: int
    height: int
    failure: FailureEnum | None
    site: str
    created_by: str
    created_at: str
    links: FieldLinks


class FieldLinks(TypedDict):
    """``self`` has the cells."""

    self: str
    image: str


class FieldPage(TypedDict):
    """A page of fields."""

    results: list[FieldLine]
    next: str | None


class FileProblem(TypedDict):
    """Why one file of several was refused; ``status`` is what a request of its own had been answered with."""

    # Always about:blank: the code says which error it is.
    type: str
    # The status in words.
    title: str
    status: int
    # What happened, what was kept, what to do: for people.
    detail: str
    # A stable name for programs.
    code: str
    # After how many seconds the same file can be taken.
    retry_after: NotRequired[int]


class ModelAnswer(TypedDict):
    """A version with its figures and its card."""

    id: str
    version: str
    # Over the bundle's manifest.
    sha256: str
    # The classes it knows.
    labels: list[str]
    state: ModelState
    source: SourceEnum
    registered_at: str
    registered_by: Named | None
    # When it was made active last.
    promoted_at: str | None
    shadowed_at: str | None
    # The evaluation that lies in its bundle.
    metrics: dict[str, Any]
    # The model card, in Markdown.
    card: str


class ModelLine(TypedDict):
    """A version of the model."""

    id: str
    version: str
    # Over the bundle's manifest.
    sha256: str
    # The classes it knows.
    labels: list[str]
    state: ModelState
    source: SourceEnum
    registered_at: str
    registered_by: Named | None
    # When it was made active last.
    promoted_at: str | None
    shadowed_at: str | None


class ModelLinePage(TypedDict):
    results: list[ModelLine]
    # The address of the next page.
    next: str | None


class Named(TypedDict):
    """A person or a site."""

    id: str
    name: str


class NamedPage(TypedDict):
    results: list[Named]
    # The address of the next page.
    next: str | None


class PatchedSampleFacts(TypedDict):
    """What a person gives of a sample; a reference of the patient, never a name."""

    accession: NotRequired[str]
    # A pseudonym that the laboratory can resolve.
    patient_reference: NotRequired[str]
    sex: NotRequired[SexEnum | BlankEnum]
    age_value: NotRequired[int | None]
    age_unit: NotRequired[AgeUnitEnum]
    instrument: NotRequired[str]
    stain: NotRequired[str]
    # From the analyser, x 10^9/L.
    wbc: NotRequired[float | None]
    collected_at: NotRequired[str | None]
    received_at: NotRequired[str]
    requester: NotRequired[str]
    note: NotRequired[str]
    target: NotRequired[TargetEnum]
    training_opt_out: NotRequired[bool]


class PersonAnswer(TypedDict):
    """A person as the page of people lists them."""

    id: str
    email: str
    name: str
    role: Role
    site: Named
    active: bool
    second_factor: bool
    sessions: int
    # Null for never.
    seen_at: str | None
    created_at: str


class PersonAnswerPage(TypedDict):
    results: list[PersonAnswer]
    # The address of the next page.
    next: str | None


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


class ReportAnswer(TypedDict):
    """A signed version with its content."""

    id: str
    sample: str
    version: int
    # Whether there is a later version.
    superseded: bool
    # Why it replaces the version before.
    reason: str
    signed_by: str
    signed_at: str
    # By which a printed report is verified.
    code: str
    # Of the PDF.
    sha256: str
    links: ReportLinks
    # Everything that is printed, frozen at signing.
    content: dict[str, Any]


class ReportLine(TypedDict):
    """A signed version of a report."""

    id: str
    sample: str
    version: int
    # Whether there is a later version.
    superseded: bool
    # Why it replaces the version before.
    reason: str
    signed_by: str
    signed_at: str
    # By which a printed report is verified.
    code: str
    # Of the PDF.
    sha256: str
    links: ReportLinks


class ReportLinks(TypedDict):
    """Where the report is, as JSON, as file, and as FHIR Bundle."""

    self: str
    pdf: str
    fhir: str


class ReportPage(TypedDict):
    """A page of reports."""

    results: list[ReportLine]
    next: str | None


class ReviewFacts(TypedDict):
    """A person's word on a cell."""

    # A class of the catalogue; null confirms what holds now.
    code: str | None
    # As the cell told it: who has not seen the last word does not overwrite it.
    seen: int


class RunAnswer(TypedDict):
    """A training run."""

    id: str
    recipe: str
    # Where it is no data set.
    folder: str
    # What was asked for.
    options: dict[str, Any]
    state: TrainingState
    # The last that the training has told.
    progress: dict[str, Any]
    failure: str
    started_by: Named
    created_at: str
    started_at: str | None
    finished_at: str | None
    # The model it has made.
    model: str | None


class RunAnswerPage(TypedDict):
    results: list[RunAnswer]
    # The address of the next page.
    next: str | None


class SampleAnswer(TypedDict):
    """A sample as it stands."""

    id: str
    accession: str
    patient_reference: str
    sex: SexEnum | BlankEnum
    age_value: int | None
    age_unit: AgeUnitEnum
    instrument: str
    stain: str
    wbc: float | None
    collected_at: str | None
    received_at: str
    requester: str
    note: str
    target: TargetEnum
    training_opt_out: bool
    state: SampleState
    revision: int
    flags: list[Flag]
    site: str
    created_by: str
    created_at: str
    links: SampleLinks
    fields: int


class SampleFacts(TypedDict):
    """What a person gives of a sample; a reference of the patient, never a name."""

    accession: str
    # A pseudonym that the laboratory can resolve.
    patient_reference: NotRequired[str]
    sex: NotRequired[SexEnum | BlankEnum]
    age_value: NotRequired[int | None]
    age_unit: NotRequired[AgeUnitEnum]
    instrument: NotRequired[str]
    stain: NotRequired[str]
    # From the analyser, x 10^9/L.
    wbc: NotRequired[float | None]
    collected_at: NotRequired[str | None]
    received_at: NotRequired[str]
    requester: NotRequired[str]
    note: NotRequired[str]
    target: NotRequired[TargetEnum]
    training_opt_out: NotRequired[bool]


class SampleLinks(TypedDict):
    """Where the rest of a sample is; ``page`` is for people."""

    self: str
    fields: str
    cells: str
    differential: str
    reports: str
    events: str
    submit: str
    page: str


class SampleNames(TypedDict):
    """By what a sample is searched: both have to fit where both are given, and without either none does."""

    accession: NotRequired[str]
    patient_reference: NotRequired[str]


class SamplePage(TypedDict):
    """A page of the list."""

    results: list[SampleAnswer]
    next: str | None


class TokenLine(TypedDict):
    """A machine token; the token itself is told once, when it is made."""

    id: str
    person: Named
    name: str
    scopes: list[str]
    made_by: Named
    created_at: str
    expires_at: str
    last_used_at: str | None


class TokenLinePage(TypedDict):
    results: list[TokenLine]
    # The address of the next page.
    next: str | None


class TokenMade(TypedDict):
    """A token that was just made."""

    id: str
    person: Named
    name: str
    scopes: list[str]
    made_by: Named
    created_at: str
    expires_at: str
    last_used_at: str | None
    # hvm_...: keep it; it is not stored and not told again.
    token: str


class TokenOrder(TypedDict):
    """A token that is to be made."""

    # As whom it acts: within its scopes, and never beyond the person's role.
    person: str
    # Which program or device.
    name: str
    scopes: list[MachineScope]
    # How long it works.
    days: int


class UsualRange(TypedDict):
    """A reference range; both limits still count as usual."""

    quantity: QuantityEnum
    low: float
    high: float


AgeUnitEnum = Literal["days", "months", "years"]

BatchResult = FieldAnswer | FileProblem

BlankEnum = Literal[""]

DataSetState = Literal["importing", "ready", "refused"]

FailureEnum = Literal["gave_up", "model_error", "timed_out", "image_missing"]

Flag = Literal["critical", "delta", "low_quality", "unidentified"]

FlagEnum = Literal["low", "high"]

JobState = Literal["queued", "running", "done", "failed"]

KindEnum = Literal[
    "created",
    "edited",
    "uploaded",
    "analysed",
    "failed",
    "compared",
    "read_again",
    "moved",
    "reviewed",
    "undone",
    "commented",
    "noted",
    "signed",
]

MachineScope = Literal["predict", "read", "samples", "review", "orders", "admin", "metrics"]

ModelState = Literal["candidate", "shadow", "active", "retired"]

NullEnum = None

OriginEnum = Literal["zip", "folder", "reviewed"]

OutcomeEnum = Literal["ok", "refused", "failed"]

QuantityEnum = Literal["percent", "absolute"]

Role = Literal["technician", "doctor", "admin"]

SampleState = Literal[
    "receiving",
    "analysing",
    "to_review",
    "in_review",
    "signed",
    "amended",
    "failed",
    "cancelled",
]

SexEnum = Literal["female", "male"]

SmudgePolicyEnum = Literal["apart", "as_lymphocytes"]

SourceEnum = Literal["shipped", "trained", "imported"]

TargetEnum = Literal[100, 200, 400]

TrainingState = Literal["queued", "running", "done", "failed", "interrupted"]

Operation = Literal[
    "audit",
    "cell_review",
    "data_sets",
    "fhir_metadata",
    "field",
    "field_image",
    "fields",
    "model",
    "models",
    "order",
    "order_place",
    "people",
    "predict",
    "predict_batch",
    "report",
    "report_fhir",
    "report_pdf",
    "sample",
    "sample_cells",
    "sample_change",
    "sample_create",
    "sample_differential",
    "sample_events",
    "sample_field_add",
    "sample_fields",
    "sample_reports",
    "sample_search",
    "sample_submit",
    "samples",
    "sites",
    "token_end",
    "token_new",
    "tokens",
    "training_runs",
]
ADDRESSES: Final[dict[Operation, tuple[str, str]]] = {
    "audit": ("GET", "/api/v1/audit"),
    "cell_review": ("POST", "/api/v1/cells/{cell_id}/reviews"),
    "data_sets": ("GET", "/api/v1/data-sets"),
    "fhir_metadata": ("GET", "/api/v1/fhir/metadata"),
    "field": ("GET", "/api/v1/fields/{field_id}"),
    "field_image": ("GET", "/api/v1/fields/{field_id}/image"),
    "fields": ("GET", "/api/v1/fields"),
    "model": ("GET", "/api/v1/models/{version_id}"),
    "models": ("GET", "/api/v1/models"),
    "order": ("GET", "/api/v1/fhir/ServiceRequest/{service_request_id}"),
    "order_place": ("POST", "/api/v1/fhir/ServiceRequest"),
    "people": ("GET", "/api/v1/people"),
    "predict": ("POST", "/api/v1/predict"),
    "predict_batch": ("POST", "/api/v1/predict/batch"),
    "report": ("GET", "/api/v1/reports/{report_id}"),
    "report_fhir": ("GET", "/api/v1/reports/{report_id}/fhir"),
    "report_pdf": ("GET", "/api/v1/reports/{report_id}/pdf"),
    "sample": ("GET", "/api/v1/samples/{sample_id}"),
    "sample_cells": ("GET", "/api/v1/samples/{sample_id}/cells"),
    "sample_change": ("PATCH", "/api/v1/samples/{sample_id}"),
    "sample_create": ("POST", "/api/v1/samples"),
    "sample_differential": ("GET", "/api/v1/samples/{sample_id}/differential"),
    "sample_events": ("GET", "/api/v1/samples/{sample_id}/events"),
    "sample_field_add": ("POST", "/api/v1/samples/{sample_id}/fields"),
    "sample_fields": ("GET", "/api/v1/samples/{sample_id}/fields"),
    "sample_reports": ("GET", "/api/v1/samples/{sample_id}/reports"),
    "sample_search": ("POST", "/api/v1/samples/search"),
    "sample_submit": ("POST", "/api/v1/samples/{sample_id}/submit"),
    "samples": ("GET", "/api/v1/samples"),
    "sites": ("GET", "/api/v1/sites"),
    "token_end": ("DELETE", "/api/v1/tokens/{token_id}"),
    "token_new": ("POST", "/api/v1/tokens"),
    "tokens": ("GET", "/api/v1/tokens"),
    "training_runs": ("GET", "/api/v1/training-runs"),
}
