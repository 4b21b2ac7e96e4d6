"""A simulated meter within the edge itself, at the pace of the line or on a clock of its own."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.finding import FindingCode, Subject, bad, good
from tictally_edge.settings import Settings
from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.contracts import contract_of
from tictally_edge.simulator.encode import line_ms, with_parity
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.load_curve import LoadCurve, read_load_curve
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.simulator.times import from_ms, to_ms
from tictally_edge.sources.autobaud import AutobaudSource
from tictally_edge.sources.base import FrameSource, Moment, SourceEnded, SourceSettingError
from tictally_edge.sources.line_source import LineSource, is_unpaced
from tictally_edge.sources.registry import SOURCES, Examination, SourceAddress
from tictally_shared.labels import Mode
from tictally_shared.runtime.log import sentence

_OPTIONS: Final = frozenset(
    {"mode", "phases", "producer", "seed", "number", "subscribed", "rounding", "interval", "pace", "ago", "curve"}
)
_CHUNK_S: Final = 0.05
_LONGEST_AGO_S: Final = 10 * 366 * 86_400


class SimulatedSource:
    """A simulated meter, one whole frame at a time.

    Args:
        contract: `base`, `hphc`, `tempo` or `ejp`.
        options: of `SimulatedMeter`; `interval` is seconds between frames, each of which then arrives at the moment
            that it shows, as if the line took no time: so one at a quarter's end has what was counted by then; `pace`
            is `line` (default) or `fast`, as fast as the broker takes it; `ago` are seconds by which it begins
            earlier: it does not wait until it has caught up with the present; `curve` is a file, a load curve of
            Enedis's customer space, which it follows from the beginning (or from `ago`) to the end.
        start: the present.
        tz: of the meter's clock; None for French legal time.

    Raises:
        SourceSettingError: an option that does not exist, or a wrong value.
    """

    def __init__(self, contract: str, options: dict[str, str], start: Moment, tz: ZoneInfo | None = None) -> None:
        if unknown := options.keys() - _OPTIONS:
            raise SourceSettingError(f"sim: has no option {min(unknown)!r}; there are {', '.join(sorted(_OPTIONS))}")
        if options.get("pace", "line") not in ("line", "fast"):
            raise SourceSettingError(f"pace={options['pace'][:20]!r} is neither line nor fast")
        try:
            curve = read_load_curve(Path(options["curve"])) if "curve" in options else None
            start = _beginning(start, options.get("ago"), curve)
            meter = SimulatedMeter(
                contract_of(contract),
                _mode(options.get("mode", Mode.STANDARD.value)),
                start=from_ms(start.time_ms),
                phases=_integer(options, "phases", 1),
                producer=options.get("producer") == "yes",
                seed=_integer(options, "seed", 0),
                number=options.get("number", "021961000001"),
                subscribed_kva=_integer(options, "subscribed", 9),
                rounding_va=_integer(options, "rounding", 10),
                tz=tz,
                curve=curve,
            )
            interval_s = _seconds("interval", options["interval"]) if "interval" in options else None
            self._frames = simulated_frames(meter, interval_s)
            self._next = next(self._frames, None)
        except (ValueError, SimulatorError) as error:
            raise SourceSettingError(f"sim:{contract}: {error}") from None
        self._mode = meter.mode
        self._takes_line_time = interval_s is None
        self._is_fast = options.get("pace") == "fast"
        self._start = start
        self._now = start

    def read(self) -> bytes:
        """Return the next frame, when its last character is due.

        Raises:
            SourceEnded: after the end of the load curve.
        """
        if self._next is None:
            raise SourceEnded
        moment, frame = self._next
        end_ms = to_ms(moment) + (line_ms(self._mode, len(frame)) if self._takes_line_time else 0)
        arrival = Moment(self._start.at + (end_ms - self._start.time_ms) / 1000, end_ms)
        if not self._is_fast and time.monotonic() < arrival.at:
            time.sleep(min(_CHUNK_S, arrival.at - time.monotonic()))
            return b""
        self._now = arrival
        self._next = next(self._frames, None)
        return with_parity(frame)

    def now(self) -> Moment:
        """Return when the end of the last frame arrived."""
        return self._now

    def close(self) -> None:
        """Nothing is open."""


def _beginning(present: Moment, ago: str | None, curve: LoadCurve | None) -> Moment:
    """Both clocks when the meter starts."""
    if ago is None and curve is not None:
        time_ms = curve.start_ms
    else:
        seconds = 0.0 if ago is None else _seconds("ago", ago)
        if not 0 <= seconds <= _LONGEST_AGO_S:
            raise ValueError(f"ago={seconds} lies outside 0 to {_LONGEST_AGO_S} seconds")
        time_ms = present.time_ms - round(seconds * 1000)
    # In whole milliseconds, so that a frame is dated by its very moment: one late, it would miss a quarter's end.
    return Moment((round(present.at * 1000) - present.time_ms + time_ms) / 1000, time_ms)


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise SimulatorError(f"mode={text[:20]!r} is neither {' nor '.join(Mode)}") from None


def _integer(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise SimulatorError(f"{name}={text[:20]!r} is not an integer") from None


def _seconds(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SimulatorError(f"{name}={text[:20]!r} is not a number of seconds") from None


class SimulatedSourceType:
    """`sim:hphc?mode=standard`; its options are those of `SimulatedSource`."""

    schemes = ("sim",)
    form = "sim:hphc"

    def open(self, address: SourceAddress, settings: Settings) -> FrameSource:
        """See `SourceType`."""
        start = Moment(time.monotonic(), time.time_ns() // 1_000_000)
        tz = settings.meter_zone
        source = SimulatedSource(address.target, address.options, start, tz)
        line = AutobaudSource(lambda _: source, address.mode, address.text, reopens=False)
        has_own_dates = "curve" in address.options
        return LineSource(line, is_unpaced=is_unpaced(address), has_own_dates=has_own_dates, tz=tz)

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:  # noqa: ARG002 - it has no settings
        """See `SourceType`."""
        try:
            SimulatedSource(address.target, address.options, Moment(time.monotonic(), time.time_ns() // 1_000_000))
        except SourceSettingError as error:
            return Examination(bad(Subject.PORT, FindingCode.SOURCE_ADDRESS_WRONG, detail=sentence(str(error))))
        simulated = good(Subject.PORT, FindingCode.SOURCE_SIMULATED, address=address.text)
        return Examination(simulated, has_own_dates="curve" in address.options)


SOURCES.register(SimulatedSourceType())
