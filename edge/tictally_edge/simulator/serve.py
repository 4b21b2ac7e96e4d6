"""A simulated meter, or a recorded line, behind a pseudo-terminal as a program of its own."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tictally_edge.simulator import SimulatorError
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
from tictally_shared.labels import Mode

_WRONG_SETTING: Final = 2
_HOUR_S: Final = 3600


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
