"""Off-peak hours that a comparison assumes. Pure."""

from collections.abc import Iterable
from datetime import time
from typing import Final

from tictally_recorder.contracts.model import Hours

NIGHT: Final[Hours] = (time(22), time(6))
"""Tempo's off-peak hours, and what is assumed of HP/HC where nothing is told."""


def is_off_peak(at: time, windows: Iterable[Hours]) -> bool:
    """True where a local time is in one of the hours; their end is excluded."""
    return any(begin <= at < end if begin < end else at >= begin or at < end for begin, end in windows)
