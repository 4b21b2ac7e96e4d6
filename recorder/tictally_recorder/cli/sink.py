"""`tictally sink`: the ledger's copy in InfluxDB, looked at, set up, filled again."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from tictally_recorder.cli.console import say
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.ledger import Ledger, LedgerError, LedgerInUse, LedgerReader, SinkCounts, refill_sink
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.influxdb.config import Target
from tictally_recorder.sinks.influxdb.settings import InfluxdbSettings
from tictally_recorder.sinks.runner import SinkError
from tictally_shared.calendar import CalendarError, parse_moment
from tictally_shared.settings import SettingsError

_LOOK_S: Final = 1.0
_RETRY_S: Final = (1.0, 30.0)
_OWN_ONLY: Final = 0o600
_LIVE_QUARTERS: Final = 8
_LIVE_FRAMES: Final = 30

app = typer.Typer(help="Look at the ledger's copy in InfluxDB, set it up, fill it again.", rich_markup_mode=None)
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="WHEN", help="Local date or time. Without it: the first frame.")
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="WHEN", help="The same, excluded. Without it: the last.")]


@app.callback(invoke_without_command=True)
def _without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command(short_help="Tell how far the copy is.")
def status(ledger: LedgerOption = None, config: ConfigOption = None) -> None:
    """Tell how far the copy is, and what InfluxDB refused. Ends with 1 where InfluxDB does not answer as it should."""
    settings = settings_of(config, ledger)
    target = _target(settings)
    with LedgerReader.open(settings.ledger) as reader:
        for sentence in told(next(iter(reader.sinks()), None), time.time_ns() // 1_000_000):
            say(sentence)
    from tictally_recorder.sinks.influxdb.provisioning import look  # noqa: PLC0415 - influxdb-client takes a second

    problem = look(target)
    if problem is not None:
        raise LedgerError(problem)
    say(f"InfluxDB at {target.url} has what it needs.")


@app.command(short_help="Make buckets and tasks, or bring them up to date.")
def setup(
    new_token: Annotated[
        Path | None,
        typer.Option(
            "--new-token",
            metavar="FILE",
            help="Also make a token that may do what the recorder does day by day and no more, and write it there.",
        ),
    ] = None,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Make the buckets and the tasks that are missing, and change those that are otherwise.

    It takes a token that may do so: TICTALLY_INFLUXDB_SETUP_TOKEN, else TICTALLY_INFLUXDB_TOKEN. A second time it
    changes nothing.
    """
    from tictally_recorder.sinks.influxdb.client import OF_EVERY_DAY, OF_SETUP, Client  # noqa: PLC0415 - as above
    from tictally_recorder.sinks.influxdb.provisioning import make_token, set_up  # noqa: PLC0415

    target = _target(settings_of(config, ledger))
    setting = OF_SETUP if target.setup_token else OF_EVERY_DAY
    client = Client(target.url, target.setup_token or target.token, target.org, target.ca, setting)
    place = set_up(client, target.buckets)
    for sentence in place.done or ("all was there as it should be",):
        say(f"InfluxDB at {target.url}: {sentence}")
    if new_token is not None:
        _write_own(new_token, lambda: make_token(client, target.buckets, place))
        say(f"A token of every day is in {new_token}: TICTALLY_INFLUXDB_TOKEN_FILE={new_token}")
    elif place.is_new:
        say("A token of every day that was made before does not see what is new: --new-token FILE makes one that does.")


def _write_own(path: Path, make: Callable[[], str]) -> None:
    """Write what is made into a new file that nobody else may read: one that is there may be somebody's."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN_ONLY)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--new-token") from None
    with os.fdopen(file, "w") as opened:
        opened.write(f"{make()}\n")


@app.command(short_help="Copy the ledger once more, or a part of it.")
def refill(
    start: FromOption = None,
    end: ToOption = None,
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Only go on with what is left.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Copy quarters, days, cost and the raw frames that the ledger still has into InfluxDB once more.

    What is there is overwritten by the same. The recorder may run: then it does the work, and this tells how far it is;
    Ctrl-C ends the telling only. Without a recorder the work is done here; what is left when it ends is done by
    --resume, or by the recorder.
    """
    settings = settings_of(config, ledger)
    target = _target(settings)
    bounds = _ms(start, settings, 0), _ms(end, settings, 2**62)
    try:
        with Ledger.open(settings.ledger) as own:
            _work(settings, target, own, None if resume else bounds)
    except LedgerInUse:
        if not resume:
            refill_sink(settings.ledger, *bounds)
        _watch(settings)


def _work(settings: Settings, target: Target, own: Ledger, bounds: tuple[int, int] | None) -> None:
    from tictally_recorder.sinks.influxdb.replicator import NAME, sink_of  # noqa: PLC0415 - as above

    own.use_sinks([NAME])
    if bounds is not None:
        refill_sink(settings.ledger, *bounds)
    sink = sink_of(target, settings.ledger, settings.zone, _sleep, deque())
    retry_s, told_s = 0.0, 0.0
    while True:
        try:
            wait_s = sink.step()
        except SinkError as error:
            retry_s = min(max(2 * retry_s, _RETRY_S[0]), _RETRY_S[1])
            say(f"{error}; trying again", aside=True)
            _sleep(retry_s if error.retry_s is None else max(error.retry_s, _RETRY_S[0]))
            continue
        retry_s = 0.0
        (counts,) = own.sinks()
        if counts.is_done or (replace(counts, windows=0).is_done and sink.unmade):
            break
        if time.monotonic() >= told_s + _LOOK_S:
            told_s = time.monotonic()
            say(_left(counts), aside=True)
        _sleep(wait_s)
    if counts.is_done:
        say("All is copied.")
    else:
        say(f"All is copied, but {counts.windows} minutes and hours are not made again yet: {sink.unmade}")


def _watch(settings: Settings) -> None:
    say("The recorder copies it:", aside=True)
    with LedgerReader.open(settings.ledger) as reader:
        while (counts := next(iter(reader.sinks()), None)) is not None and not _is_nearly_done(counts):
            say(_left(counts), aside=True)
            time.sleep(_LOOK_S)
    say("All is copied, but for what comes right now.")


def _is_nearly_done(counts: SinkCounts) -> bool:
    """Live frames are always to be copied, and the quarter that they are in."""
    return counts.quarters <= _LIVE_QUARTERS and counts.frames <= _LIVE_FRAMES and not counts.cost_days


def told(counts: SinkCounts | None, now_ms: int) -> Iterator[str]:
    """How far a copy is, for a person."""
    if counts is None:
        yield "The ledger is copied nowhere yet: `tictally record` begins with it."
        return
    lag_s = 0 if counts.oldest_ms is None else max(now_ms - counts.oldest_ms, 0) // 1000
    yield f"The oldest frame that InfluxDB has not got came {lag_s} s ago." if lag_s else "Every frame is copied."
    yield f"To be copied: {_left(counts)}."
    if counts.raw_since_ms:
        since = datetime.fromtimestamp(counts.raw_since_ms // 1000, UTC)
        yield f"Every raw frame is there from {since:%Y-%m-%d %H:%M} UTC on."
    if counts.newest_refused is not None:
        newest = counts.newest_refused
        yield f"{counts.refused} points were refused; the newest, for {newest.place}: {newest.reason}"


def _left(counts: SinkCounts) -> str:
    return (
        f"{counts.frames} frames, {counts.quarters} quarters, {counts.cost_days} days of cost, "
        f"{counts.windows} windows to run again"
    )


def _target(settings: Settings) -> Target:
    target = settings.section(InfluxdbSettings).target
    if target is None:
        raise SettingsError("TICTALLY_INFLUXDB_URL: no InfluxDB is set, so the ledger is copied nowhere")
    return target


def _ms(text: str | None, settings: Settings, without: int) -> int:
    if text is None:
        return without
    try:
        return int(parse_moment(text, settings.zone).timestamp() * 1000)
    except CalendarError as error:
        raise typer.BadParameter(str(error)) from None


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
