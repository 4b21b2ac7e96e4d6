"""When the meter is likely to count in another period next: at the times of day at which it did so lately.

Contracts seldom have their off-peak hours, which the meter knows. Where days have colours nothing is likely: after a
week of blue days the next hours may be red.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.calendars.tempo import NAMES_OF_COLOURS
from tictally_recorder.energy.register_totals import period_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import local_time
from tictally_shared.tariff_options import OPTION_OF_REGISTER, TEMPO, register_of_ptec

_LABELS: Final = ("PTEC", "NTARF", "LTARF")
_DAYS: Final = 7
# On so many of them, so that neither a gap nor a day when the clocks change decides.
_ENOUGH_DAYS: Final = 5
_DAY_MS: Final = 86_400_000
# A meter's clock drifts, and frames come some seconds after the change.
_STEP_MINUTES: Final = 5
_COLOURS: Final = tuple(colour.name for colour in NAMES_OF_COLOURS)


@dataclass(frozen=True, slots=True)
class UsualChange:
    """A change of period that is likely.

    Attributes:
        period: that begins, as `current_period` names it.
        at: local time.
    """

    period: str
    at: datetime


def usual_change(
    reader: LedgerReader, site: Site, now_ms: int, aliases: Mapping[str, str], tz: ZoneInfo
) -> UsualChange | None:
    """The next change, by those of the last seven days; None where there is none at the same time of most of them.

    Args:
        reader: the ledger.
        site: of it.
        now_ms: milliseconds since 1970.
        aliases: what the meter calls a period → the tariff's period.
        tz: of the times of day.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    meter = max(site.meters, key=lambda each: each.last_ms)
    start_ms = now_ms - _DAYS * _DAY_MS
    # The option hardly ever changes.
    texts = {"NGTF": option} if (option := reader.newest_text(meter.id, "NGTF")) else {}
    days: dict[tuple[time, str], set[date]] = {}
    before = None
    # From a day earlier on, so that the first change has something before it.
    for change in reader.text_changes(meter.id, _LABELS, start_ms - _DAY_MS, now_ms):
        texts[change.label] = change.value
        period = _period(texts, aliases)
        if period is not None and before is not None and period != before and change.time_ms >= start_ms:
            local = datetime.fromtimestamp(change.time_ms / 1000, UTC).astimezone(tz)
            days.setdefault((_rounded(local), period), set()).add(local.date())
        before = period or before
    usual = [of for of, seen in days.items() if len(seen) >= _ENOUGH_DAYS]
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(tz).date()
    ahead = [
        (at, period)
        for clock, period in usual
        for day in (today, today + timedelta(days=1))
        if (at := local_time(day, clock, tz)).timestamp() * 1000 > now_ms
    ]
    if not ahead:
        return None
    at, period = min(ahead)
    return UsualChange(period, at.astimezone(tz))


def _period(texts: Mapping[str, str], aliases: Mapping[str, str]) -> str | None:
    """The period that the texts show; None where they show none, or one of days of a colour."""
    if any(colour in texts.get("LTARF", "") for colour in _COLOURS):
        return None
    if (ptec := texts.get("PTEC")) is not None:
        register = register_of_ptec(ptec)
        is_coloured = OPTION_OF_REGISTER.get(register or "") is TEMPO
        return None if register is None or is_coloured else period_of(register, None, None, aliases)
    number = texts.get("NTARF")
    return None if number is None else period_of(f"EASF{number}", texts.get("LTARF"), texts.get("NGTF"), aliases)


def _rounded(local: datetime) -> time:
    """The time of day to the nearest five minutes."""
    minutes = round((local.hour * 60 + local.minute + local.second / 60) / _STEP_MINUTES) * _STEP_MINUTES % (24 * 60)
    return time(minutes // 60, minutes % 60)
