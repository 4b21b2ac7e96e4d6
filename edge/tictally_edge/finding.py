"""Findings of the doctor, and how they are shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeFinding:
    """One fact.

    Attributes:
        subject: what was checked, one word.
        ok: False if somebody has to do something.
        message: a sentence.
        advice: what to do, or empty.
    """

    subject: str
    ok: bool
    message: str
    advice: str = ""

    def lines(self) -> str:
        """Return one line, and a second one with the advice."""
        first = f"{'ok' if self.ok else '!!'} {self.subject}: {self.message}"
        return f"{first}\n   → {self.advice}" if self.advice else first


def good(subject: str, message: str) -> EdgeFinding:
    """Return a finding that requires nothing."""
    return EdgeFinding(subject, ok=True, message=message)


def bad(subject: str, message: str, advice: str) -> EdgeFinding:
    """Return a finding that requires action."""
    return EdgeFinding(subject, ok=False, message=message, advice=advice)
