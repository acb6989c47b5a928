"""What the board keeps. Each QuerySet stands just above its model."""

from postings.models.base import validate_slug, validate_visible, written_in_bulk
from postings.models.board import BoardVersion, ChangedPosting, PastVersion, Word
from postings.models.clicks import DailyClicks, FiguresLink, FoldedClicks, VisitorClick, VisitorKey
from postings.models.duplicates import Likeness, LikenessQuerySet, Merge, Signature
from postings.models.history import PastBody
from postings.models.imports import ImportedFile, ImportRun, PlannedFile, RefusedFile, Upload
from postings.models.names import Company, Tag
from postings.models.posting import (
    BY_HAND,
    REPORTS_FOR_REVIEW,
    SAMPLES,
    Posting,
    PostingQuerySet,
    PostingTag,
    expiry,
    is_past,
    is_plausible_date,
)
from postings.models.reports import Report

__all__ = [
    "BY_HAND",
    "REPORTS_FOR_REVIEW",
    "SAMPLES",
    "BoardVersion",
    "ChangedPosting",
    "Company",
    "DailyClicks",
    "FiguresLink",
    "FoldedClicks",
    "ImportRun",
    "ImportedFile",
    "Likeness",
    "LikenessQuerySet",
    "Merge",
    "PastBody",
    "PastVersion",
    "PlannedFile",
    "Posting",
    "PostingQuerySet",
    "PostingTag",
    "RefusedFile",
    "Report",
    "Signature",
    "Tag",
    "Upload",
    "VisitorClick",
    "VisitorKey",
    "Word",
    "expiry",
    "is_past",
    "is_plausible_date",
    "validate_slug",
    "validate_visible",
    "written_in_bulk",
]
