"""A simulated meter, or a recorded line, behind a pseudo-terminal as a program of its own."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from math import inf, nan
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.contracts import SimulatedContract, contract_of
from tictally_edge.simulator.encode import BAUD, line_ms, with_parity
from tictally_edge.simulator.exchange import ExchangedMeter
from tictally_edge.simulator.faults import Faults
from tictally_edge.simulator.frame_log import FrameLog
from tictally_edge.simulator.household import Overload
from tictally_edge.simulator.lines import PAUSE_MS, advance_by
from tictally_edge.simulator.load_curve import read_load_curve
from tictally_edge.simulator.meter import HouseholdMeter, SimulatedMeter
from tictally_edge.simulator.orders import Operator
from tictally_edge.simulator.play import Sending, Sent, play
from tictally_edge.simulator.times import from_ms
from tictally_edge.simulator.wire import Wire
from tictally_shared.calendar import FRENCH_LEGAL_TIME, CalendarError, meter_zone
from tictally_shared.labels import Mode

_WRONG_SETTING: Final = 2
_HOUR_S: Final = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of meter and line."""
    meter = parser.add_argument_group("the meter")
    meter.add_argument(
        "--contract",
        type=_contract,
        metavar=f"{{{','.join(SimulatedContract)}}}",
        default=SimulatedContract.HPHC,
        help=f"Its tariff option. Default: {SimulatedContract.HPHC}.",
    )
    meter.add_argument(
        "--mode",
        type=_mode,
        metavar=f"{{{','.join(Mode)}}}",
        help="TIC mode. Default: standard, or that of the recording.",
    )
    meter.add_argument("--phases", type=_whole, choices=(1, 3), default=1, help="Phases. Default: 1.")
    meter.add_argument("--producer", action="store_true", help="With solar panels.")
    meter.add_argument("--subscribed", type=_whole, default=9, metavar="KVA", help="Subscribed power. Default: 9.")
    meter.add_argument(
        "--rounding",
        type=_whole,
        default=10,
        metavar="VA",
        help="Step of PAPP in historique mode, 10 to 100; old meters round coarsely. Default: 10.",
    )
    meter.add_argument(
        "--timezone",
        type=_zone,
        metavar="ZONE",
        help=f"Time zone of its clock and household, such as Indian/Reunion. Default: {FRENCH_LEGAL_TIME}.",
    )
    meter.add_argument("--number", default="021961000001", help="Its number, 12 digits. Default: 021961000001.")
    meter.add_argument("--seed", type=_whole, default=0, help="Seed of household and days. Default: 0.")
    meter.add_argument(
        "--curve",
        type=Path,
        metavar="FILE",
        help="Load curve that the household consumes (CSV of Enedis's customer space); the line is silent after it.",
    )
    meter.add_argument(
        "--start", type=_moment, help="Its clock, with offset. Default: now, or the beginning of the load curve."
    )
    meter.add_argument("--since", type=_moment, help="When it was installed and began to count, with offset.")
    meter.add_argument(
        "--overload",
        type=_seconds,
        nargs=2,
        metavar=("SECONDS", "EVERY"),
        help="Overload for so many seconds, every so many.",
    )
    meter.add_argument(
        "--swap-after", type=_seconds, metavar="SECONDS", help="Exchange it for another meter after so long."
    )
    line = parser.add_argument_group("the line")
    line.add_argument(
        "--capture", type=Path, metavar="FILE", help="Play this recording in a loop instead of a simulated meter."
    )
    line.add_argument(
        "--interval", type=_positive, metavar="SECONDS", help="Time between frames. Default: as fast as the line."
    )
    line.add_argument(
        "--speed", type=_positive, default=1.0, metavar="FACTOR", help="Speed of clock and line together. Default: 1."
    )
    line.add_argument("--no-parity", action="store_true", help="Seven bits without parity, as some bridges deliver.")
    line.add_argument("--flip", type=_probability, default=0.0, metavar="P", help="Probability of a flipped bit.")
    line.add_argument("--lose", type=_probability, default=0.0, metavar="P", help="Probability of a lost character.")
    line.add_argument(
        "--double", type=_probability, default=0.0, metavar="P", help="Probability of a doubled character."
    )
    line.add_argument("--link", type=Path, help="Name for the port, removed at the end.")
    line.add_argument(
        "--truth", type=Path, metavar="FILE", help="Write JSON lines: the content of each frame, and when it was sent."
    )
    line.add_argument(
        "--orders", action="store_true", help="Read orders from standard input: unplug, silence, flip P, contract C …"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        the exit status: 0 after a signal, 2 after a message about a wrong setting.
    """
    try:
        with ExitStack() as stack:
            stack.enter_context(_stopping_by_signal())
            return _serve(args, stack)
    except KeyboardInterrupt:
        return 0
    except SimulatorError as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename2 or error.filename}: {error.strerror}" if error.filename else str(error)
    sys.stderr.write(f"tictally-edge: {message}\n")
    return _WRONG_SETTING


def _serve(args: argparse.Namespace, stack: ExitStack) -> int:
    faults = Faults(bit_flip=args.flip, lose=args.lose, double=args.double, seed=args.seed, parity=not args.no_parity)
    if args.capture is not None and args.truth is not None:
        raise SimulatorError("--truth logs a simulated meter's registers: a recording has none")
    if args.capture is not None and args.curve is not None:
        raise SimulatorError("--curve is for a simulated meter: a recording has its own")
    recorded = None if args.capture is None else _recording(args.capture)
    meter = _meter(args, datetime.now(UTC)) if recorded is None else None
    truth = None if args.truth is None else stack.enter_context(args.truth.open("a", encoding="utf-8"))
    wire = stack.enter_context(Wire(args.link))
    operator = Operator(wire, meter, faults, sys.stdin.fileno() if args.orders else None)
    on_line = bytes if args.no_parity else with_parity
    if meter is not None:
        sendings = _frames(meter, (args.interval or 0) * 1000, on_line, operator, FrameLog(truth, wire))
    elif recorded is not None:
        sendings = _looped(recorded, args.mode or _mode_of(recorded), on_line, operator)
    sys.stdout.write(f"{args.link or wire.path}\n")
    sys.stdout.flush()
    play(wire, sendings, args.speed, operator.wait)
    return 0


def _meter(args: argparse.Namespace, now: datetime) -> HouseholdMeter:
    curve = None if args.curve is None else read_load_curve(args.curve)
    start = args.start or (now if curve is None else from_ms(curve.start_ms))
    overload = None
    if args.overload is not None:
        duration_s, every_s = args.overload
        overload = Overload(start + timedelta(seconds=every_s), duration_s, every_s)
    meter = SimulatedMeter(
        args.contract,
        args.mode or Mode.STANDARD,
        start=args.since or start,
        phases=args.phases,
        producer=args.producer,
        seed=args.seed,
        number=args.number,
        subscribed_kva=args.subscribed,
        rounding_va=args.rounding,
        tz=args.timezone,
        overload=overload,
        curve=curve,
    )
    meter.advance(start)
    if args.swap_after is None:
        return meter
    next_number = f"{(int(meter.number) + 1) % 10**12:012d}"
    return ExchangedMeter(meter, start + timedelta(seconds=args.swap_after), next_number)


def _frames(
    meter: HouseholdMeter, interval_ms: float, on_line: Callable[[bytes], bytes], operator: Operator, notes: FrameLog
) -> Iterator[Sending]:
    begin = meter.moment
    is_running = True
    while is_running:
        frame = meter.frame()
        begin_s = (meter.moment - begin).total_seconds()
        if operator.is_silent:
            yield Sending(begin_s, b"", BAUD[meter.mode], _nothing)
        else:
            clean = on_line(frame)
            arriving = operator.arriving(clean)
            yield Sending(begin_s, arriving, BAUD[meter.mode], notes.of(meter, intact=arriving == clean))
        pause_ms = max(interval_ms, line_ms(meter.mode, len(frame)) + PAUSE_MS)
        is_running = advance_by(meter, pause_ms)
    # The load curve has ended. The port stays: its last characters may not have been read yet.
    while True:
        begin_s += _HOUR_S
        yield Sending(begin_s, b"", BAUD[meter.mode], _nothing)


def _nothing(_: Sent) -> None:
    """There is nothing to log."""


def _recording(path: Path) -> bytes:
    try:
        recorded = path.read_bytes()
    except OSError as error:
        raise SimulatorError(f"{path} cannot be read: {error.strerror or error}") from None
    if not recorded:
        raise SimulatorError(f"{path} is empty")
    return recorded


def _mode_of(recorded: bytes) -> Mode:
    return Mode.STANDARD if b"\t" in recorded else Mode.HISTORIQUE  # a tab has even parity without bit 7


def _looped(recorded: bytes, mode: Mode, on_line: Callable[[bytes], bytes], operator: Operator) -> Iterator[Sending]:
    begin_ms = 0
    while True:
        characters = b"" if operator.is_silent else operator.arriving(on_line(recorded))
        yield Sending(begin_ms / 1000, characters, BAUD[mode], _nothing)
        begin_ms += line_ms(mode, len(recorded)) + PAUSE_MS


@contextmanager
def _stopping_by_signal() -> Iterator[None]:
    # Both raise KeyboardInterrupt; SIGINT by name too, for a shell's background job starts with it ignored.
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _zone(text: str) -> ZoneInfo | None:
    try:
        return meter_zone(text)
    except CalendarError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _contract(text: str) -> SimulatedContract:
    try:
        return contract_of(text)
    except SimulatorError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither {' nor '.join(Mode)}") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a date with time and offset from UTC, such as 2026-11-21T08:00:00+01:00"
        )
    return moment


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above zero")
    return int(text)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not 0 < number < inf:  # NaN is rejected as well
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return number


def _probability(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a probability from 0 to 1")
    return number
