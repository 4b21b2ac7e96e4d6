"""A meter of which mode, option and silences are given, what it counted by tariff period, and its rows of energy."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import By, zone
from tictally_shared.tariff_options import TARIFF_OPTIONS, TariffOption

PARIS: Final = zone("Europe/Paris")
NGTF: Final = {"base": "BASE", "hphc": "H PLEINE/CREUSE", "ejp": "EJP", "tempo": "TEMPO"}

Frame = tuple[datetime, dict[str, int | str]]


def moment(text: str) -> datetime:
    """Local time, as UTC, so that adding to it is adding time."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def ms(text: str) -> int:
    return int(moment(text).timestamp()) * 1000


@dataclass
class SimulatedMeter:
    """Ten counters, of which an option uses the first ones, shown in either mode.

    Attributes:
        counters: in Wh, as EASF01 … EASF10.
        option: the key of a regulated option.
        is_standard: its TIC mode.
        counted: (local day, period) → Wh.
    """

    counters: list[int] = field(default_factory=lambda: [0] * 10)
    option: str = "hphc"
    is_standard: bool = True
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def _option(self) -> TariffOption:
        return TARIFF_OPTIONS[self.option]

    def number(self, when: datetime) -> int:
        """Which register counts, from 1."""
        local = when.astimezone(PARIS)
        is_peak = 6 <= local.hour < 22
        if self.option == "tempo":
            return local.day % 3 * 2 + 1 + is_peak
        return 1 if self.option == "base" else 1 + is_peak

    def count(self, when: datetime, wh: int) -> None:
        """Count from a moment on."""
        number = self.number(when)
        self.counters[number - 1] += wh
        self.counted[f"{when.astimezone(PARIS):%Y-%m-%d}", self._option.periods[number - 1]] += wh

    def values(self, when: datetime) -> dict[str, int | str]:
        """What a frame shows."""
        number = self.number(when)
        if not self.is_standard:
            return {"ISOUSC": 45, **dict(zip(self._option.registers, self.counters, strict=False))}
        registers = {f"EASF{n:02d}": wh for n, wh in enumerate(self.counters, 1)}
        texts = {"NGTF": NGTF[self.option], "LTARF": self._option.periods[number - 1], "NTARF": f"{number:02d}"}
        return {"EAST": sum(self.counters), **registers, **texts, "PREF": 9}


def run(
    meter: SimulatedMeter,
    window: tuple[str, str],
    *,
    minutes: int = 5,
    changes: Mapping[str, Callable[[SimulatedMeter], None]] | None = None,
    silences: Collection[tuple[str, str]] = (),
) -> Iterator[Frame]:
    """Frames of a window, its end included.

    Args:
        meter: what counts 20 Wh a minute.
        window: local times.
        minutes: from one frame to the next.
        changes: local time → what changes then, before the frame of that time.
        silences: local times from the last frame to the next one.
    """
    when, end = (moment(each) for each in window)
    due = sorted((moment(text), change) for text, change in (changes or {}).items())
    quiet = [(moment(first), moment(last)) for first, last in silences]
    while when <= end:
        while due and due[0][0] <= when:
            due.pop(0)[1](meter)
        if not any(first < when < last for first, last in quiet):
            yield when, meter.values(when)
        if when < end:
            meter.count(when, 20 * minutes)
        when += timedelta(minutes=minutes)


def to_option(key: str) -> Callable[[SimulatedMeter], None]:
    def change(meter: SimulatedMeter) -> None:
        meter.option = key

    return change


def to_mode(*, is_standard: bool) -> Callable[[SimulatedMeter], None]:
    def change(meter: SimulatedMeter) -> None:
        meter.is_standard = is_standard

    return change


def store(path: Path, frames: Iterable[Frame], *, boot: str = "00000000000000a1", meter: str = METER) -> None:
    with Ledger.open(path) as ledger:
        found = [
            frame(seq, int(when.timestamp() * 1000), values, boot=boot, meter=meter)
            for seq, (when, values) in enumerate(frames, 1)
        ]
        ledger.store([message(each, arrived_ms=NOON_MS * 2) for each in found])
        while ledger.recompute_dirty(1000):
            pass


def rows(path: Path, window: tuple[str, str], by: By) -> list[EnergyRow]:
    start, end = (moment(each) for each in window)
    with LedgerReader.open(path) as reader:
        return energy(reader, EnergyQuery(METER, start, end, by, PARIS))


def named(found: Iterable[EnergyRow]) -> dict[str, int]:
    """Period → Wh, of the registers of consumption that are named."""
    sums: Counter[str] = Counter()
    for row in found:
        if row.period:
            sums[row.period] += row.energy
    return dict(sums)
