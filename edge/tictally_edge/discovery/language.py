"""The languages in which people are told names."""

from typing import Literal

Language = Literal["fr", "en"]
