"""Two spans of days beside each other: energy, cost, and what temperature does not explain of the difference."""

from tictally_recorder.versus.compare import Versus, compare
from tictally_recorder.versus.note_spans import NoteSpan, spans_of_note
from tictally_recorder.versus.query import BASE_C, VersusQuery, versus_of
from tictally_recorder.versus.span import Span, SpanFigures, figures_of, like, whole_days, year_earlier
from tictally_recorder.versus.year import Year, year_before

__all__ = [
    "BASE_C",
    "NoteSpan",
    "Span",
    "SpanFigures",
    "Versus",
    "VersusQuery",
    "Year",
    "compare",
    "figures_of",
    "like",
    "spans_of_note",
    "versus_of",
    "whole_days",
    "year_before",
    "year_earlier",
]
