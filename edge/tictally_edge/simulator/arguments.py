"""The arguments of the simulator, apart from the simulator itself, which takes long to import."""

import argparse
from datetime import datetime
from math import inf, nan
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.contracts import SimulatedContract, contract_of
from tictally_shared.calendar import FRENCH_LEGAL_TIME, CalendarError, meter_zone
from tictally_shared.labels import Mode


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
