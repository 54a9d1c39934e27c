"""Samples, their smear fields, what the models found in them, and what people said of it."""

from predictions.models.catalogue import CellType, CountsAs
from predictions.models.days import DayTally
from predictions.models.drift import DriftGuard, DriftWeek
from predictions.models.emergency import EmergencyAccess
from predictions.models.erased import ErasedSample
from predictions.models.fields import AnalysisJob, SmearField
from predictions.models.idempotency import IdempotencyKey
from predictions.models.images import StoredImage
from predictions.models.partial import PartialUpload
from predictions.models.readings import Analysis, Cell
from predictions.models.reanalysis import ReanalysedSample, Reanalysis
from predictions.models.reports import Acknowledgement, Report
from predictions.models.reviews import CellReview, ReviewKind
from predictions.models.rules import Rules
from predictions.models.samples import EventKind, Flag, Sample, SampleEvent
from predictions.models.shadows import ShadowReading
from predictions.models.tallies import SampleTally
from predictions.models.twins import SuggestedTwin
from predictions.models.views import SavedView

__all__ = [
    "Acknowledgement",
    "Analysis",
    "AnalysisJob",
    "Cell",
    "CellReview",
    "CellType",
    "CountsAs",
    "DayTally",
    "DriftGuard",
    "DriftWeek",
    "EmergencyAccess",
    "ErasedSample",
    "EventKind",
    "Flag",
    "IdempotencyKey",
    "PartialUpload",
    "ReanalysedSample",
    "Reanalysis",
    "Report",
    "ReviewKind",
    "Rules",
    "Sample",
    "SampleEvent",
    "SampleTally",
    "SavedView",
    "ShadowReading",
    "SmearField",
    "StoredImage",
    "SuggestedTwin",
]
