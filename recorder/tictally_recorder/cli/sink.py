"""`tictally sink`: the sinks that the ledger is replicated to - their state, their set-up, a refill."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from tictally_recorder.cli.console import say
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cli.refill import progress, refill_here, watch_recorder
from tictally_recorder.ledger import Ledger, LedgerError, LedgerInUse, LedgerReader, SinkCounts, refill_sinks
from tictally_recorder.settings import PREFIX, Settings
from tictally_recorder.sinks.protocol import SinkPlugin
from tictally_recorder.sinks.registry import configured, plugins
from tictally_shared.calendar import CalendarError, parse_moment
from tictally_shared.settings import SettingsError

_OWNER_ONLY: Final = 0o600

app = typer.Typer(help="Show the ledger's sinks, set them up, refill them.", rich_markup_mode=None)
SinkOption = Annotated[
    str | None, typer.Option("--sink", metavar="NAME", help="Only this sink. Without it: every configured one.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="WHEN", help="Local date or time. Without it: the first frame.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="WHEN", help="Local date or time, excluded. Without it: the last frame.")
]


@app.callback(invoke_without_command=True)
def _without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command(short_help="Show backlog, rejected data and problems of the sinks.")
def status(sink: SinkOption = None, ledger: LedgerOption = None, config: ConfigOption = None) -> None:
    """Show each sink's backlog, what it rejected, and whether it answers. Exit code 1 where one has a problem."""
    settings = settings_of(config, ledger)
    chosen = _chosen(settings, sink)
    with LedgerReader.open(settings.ledger) as reader:
        counts = {each.name: each for each in reader.sinks()}
    problems = []
    for plugin in chosen:
        say(f"{plugin.title} at {plugin.destination(settings)}:")
        for sentence in describe(counts.get(plugin.name), time.time_ns() // 1_000_000):
            say(f"  {sentence}")
        problem = plugin.check(settings)
        if problem is None:
            say("  It answers and has what it needs.")
        else:
            problems.append(problem)
    if problems:
        raise LedgerError("\n".join(problems))


@app.command(short_help="Create or update what the sinks need.")
def setup(
    sink: SinkOption = None,
    new_token: Annotated[
        Path | None,
        typer.Option(
            "--new-token",
            metavar="FILE",
            help="Also create a token with the rights of everyday replication only, and write it to this new file.",
        ),
    ] = None,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Create what a sink lacks, such as buckets and tasks in InfluxDB, and update what differs.

    This needs a token with the right to do so: TICTALLY_INFLUXDB_SETUP_TOKEN, else TICTALLY_INFLUXDB_TOKEN. Running it
    again changes nothing.
    """
    settings = settings_of(config, ledger)
    chosen = _chosen(settings, sink)
    if new_token is not None and len(chosen) > 1:
        raise typer.BadParameter("several sinks are configured; choose one with --sink", param_hint="--new-token")
    for plugin in chosen:
        where = f"{plugin.title} at {plugin.destination(settings)}"
        for sentence in plugin.set_up(settings) or ("already up to date",):
            say(f"{where}: {sentence}")
        if new_token is not None:
            _write_secret(new_token, lambda plugin=plugin: plugin.create_token(settings))  # type: ignore[misc]
            variable = f"{PREFIX}{plugin.name.upper()}_TOKEN_FILE"
            say(f"The new token is in {new_token}: {variable}={new_token}")


def _write_secret(path: Path, create: Callable[[], str]) -> None:
    """Write a secret to a new file that only its owner can read; an existing file may be someone else's."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--new-token") from None
    try:
        with os.fdopen(file, "w") as opened:
            opened.write(f"{create()}\n")
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


@app.command(short_help="Replicate the ledger, or a part of it, again.")
def refill(
    start: FromOption = None,
    end: ToOption = None,
    sink: SinkOption = None,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Replicate quarters, days, cost and the raw frames that the ledger still has to the sinks again.

    What is there is overwritten with the same values. A running recorder does the work, and this command shows its
    progress; Ctrl-C ends only the display. Without a recorder the work is done here; after an interruption
    `tictally sink resume` or the recorder does the rest.
    """
    settings = settings_of(config, ledger)
    _replicate(settings, sink, (_ms(start, settings, 0), _ms(end, settings, 2**62)))


@app.command(short_help="Replicate the present backlog.")
def resume(sink: SinkOption = None, ledger: LedgerOption = None, config: ConfigOption = None) -> None:
    """Replicate what the sinks have not got yet, as after a refill that was interrupted.

    A running recorder does it anyway; then this command only shows its progress.
    """
    _replicate(settings_of(config, ledger), sink, None)


def _replicate(settings: Settings, sink: str | None, refill_ms: tuple[int, int] | None) -> None:
    chosen = _chosen(settings, sink)
    names = [each.name for each in chosen]
    try:
        with Ledger.open(settings.ledger) as own:
            own.use_sinks(each.name for each in configured(settings))
            if refill_ms is not None:
                refill_sinks(settings.ledger, names, *refill_ms)
            refill_here(settings, own, chosen)
    except LedgerInUse:
        if refill_ms is not None:
            refill_sinks(settings.ledger, names, *refill_ms)
        watch_recorder(settings, names)


def describe(counts: SinkCounts | None, now_ms: int) -> Iterator[str]:
    """A sink's backlog in sentences."""
    if counts is None:
        yield "Nothing has been replicated yet: start `tictally record`."
        return
    lag_s = 0 if counts.oldest_ms is None else max(now_ms - counts.oldest_ms, 0) // 1000
    yield f"Replication lag: {lag_s} s." if lag_s else "Every frame has been replicated."
    yield f"Backlog: {progress(counts)}."
    if counts.raw_since_ms:
        since = datetime.fromtimestamp(counts.raw_since_ms // 1000, UTC)
        yield f"Raw frames are complete from {since:%Y-%m-%d %H:%M} UTC."
    if counts.newest_rejected is not None:
        newest = counts.newest_rejected
        yield f"{counts.rejected} points were rejected; the newest, for {newest.place}: {newest.reason}"


def _chosen(settings: Settings, name: str | None) -> Sequence[SinkPlugin]:
    found = configured(settings)
    known = ", ".join(f"{each.name} ({PREFIX}{each.name.upper()}_…)" for each in plugins())
    if not found:
        raise SettingsError(
            f"no sink is configured, so the ledger is replicated nowhere; sinks and their settings: {known}"
        )
    if name is None:
        return found
    chosen = [each for each in found if each.name == name]
    if not chosen:
        raise typer.BadParameter(f"{name[:40]!r} is not a configured sink; sinks and their settings: {known}")
    return chosen


def _ms(text: str | None, settings: Settings, default: int) -> int:
    if text is None:
        return default
    try:
        return int(parse_moment(text, settings.zone).timestamp() * 1000)
    except CalendarError as error:
        raise typer.BadParameter(str(error)) from None
