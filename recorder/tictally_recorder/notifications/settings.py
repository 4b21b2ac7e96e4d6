"""Settings of notifications: where they go, which ones, and how many."""

import re
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr

from tictally_recorder.jobs import JobKind, made_by, register
from tictally_recorder.notifications.model import Event, parse_events
from tictally_shared.settings.sections import SectionModel

NAME: Final = "notify"

# Addresses may contain commas: only one before another address ends the one before it.
_BETWEEN: Final = re.compile(r"\s*,\s*(?=[A-Za-z][\w+.-]*://)|\s+")


def _targets(value: object) -> object:
    if isinstance(value, list | tuple):
        value = "\n".join(map(str, value))
    if isinstance(value, str) and not all("://" in each for each in split_targets(value)):
        raise ValueError(
            "each target must be an address of Apprise, such as `ntfy://topic` or `mailto://user:password@host`"
        )
    return value


def _events(value: object) -> object:
    if isinstance(value, frozenset):
        return value
    if not isinstance(value, str | list | tuple) or not all(isinstance(each, str) for each in value):
        raise ValueError("give all, none, or names separated by commas")
    return parse_events(value)


def split_targets(text: str) -> tuple[str, ...]:
    """The addresses of a setting or a file, separated by commas or white space; `#` begins a comment."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return tuple(dict.fromkeys(each for line in lines for each in _BETWEEN.split(line.strip()) if each))


class NotifySettings(SectionModel):
    """Where notifications go, and which ones."""

    targets: Annotated[SecretStr, BeforeValidator(_targets)] | None = Field(
        default=None,
        description="Addresses of Apprise that notifications are sent to, separated by commas or spaces, in a file one "
        "a line: `ntfy://topic`, `tgram://token/chat`. Unset: none is sent.",
    )
    events: Annotated[frozenset[Event], BeforeValidator(_events)] = Field(
        default=frozenset(Event),
        description="Events that are notified: `all`, `none`, or names separated by commas; a hyphen before a name "
        f"leaves it out, `-standby_rises`. There are {', '.join(f'`{each}`' for each in Event)}.",
        json_schema_extra={"default": "`all`"},
    )
    summary: Literal["off", "daily", "monthly"] = Field(
        default="off",
        description="Summary of energy and cost: `daily` (of yesterday), `monthly` (of last month) or `off`.",
    )
    budget: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None,
        description="Budget of a month, in the currency of the contract, of sites for which the page has none.",
    )
    per_hour: Annotated[int, Field(ge=1, le=60)] = Field(
        default=6,
        description="Messages an hour to one target at most; what comes meanwhile is sent together in the next one.",
    )

    @property
    def urls(self) -> tuple[str, ...]:
        """The targets' addresses, which are secrets."""
        return () if self.targets is None else split_targets(self.targets.get_secret_value())


register(
    JobKind(
        NAME,
        {"fr": "Notifications", "en": "Notifications"},
        made_by("tictally_recorder.notifications.job"),
        NotifySettings,
    )
)
