"""What the doctor finds, and how it is written for a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact.

    Attributes:
        subject: what was looked at, a word.
        ok: False where somebody has to do something.
        says: a sentence.
        do: what to do, or empty.
    """

    subject: str
    ok: bool
    says: str
    do: str = ""

    def lines(self) -> str:
        """One line, and a second one with what to do."""
        first = f"{'ok' if self.ok else '!!'} {self.subject}: {self.says}"
        return f"{first}\n   → {self.do}" if self.do else first


def good(subject: str, says: str) -> Finding:
    """All is well."""
    return Finding(subject, ok=True, says=says)


def bad(subject: str, says: str, do: str) -> Finding:
    """Something is wrong."""
    return Finding(subject, ok=False, says=says, do=do)
