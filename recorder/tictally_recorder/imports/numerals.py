"""Numbers as files have them, with a decimal comma or point. Pure."""

import re
from decimal import Decimal

_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f']\d{3})+(?:[.,]\d+)?")


def number(text: str) -> Decimal | None:
    """A decimal number, or None. Groups of thousands are separated by spaces or apostrophes only."""
    text = text.strip()
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[ \u00a0\u202f']", "", text)
    if not _PLAIN.fullmatch(text):
        return None
    return Decimal(text.replace(",", "."))
