"""`tictally sink`: the sinks that the ledger is replicated to - their state, their set-up, a refill."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from tictally_recorder.cli.console import echo
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, group
from tictally_recorder.cli.refill import progress, refill_here, watch_recorder
from tictally_recorder.cli.window import FROM, TO, moment_of, present
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.ledger import Ledger, LedgerError, LedgerInUse, LedgerReader, SinkCounts, refill_sinks
from tictally_recorder.settings import PREFIX, Settings
from tictally_recorder.sinks.protocol import RemovableSink, SinkPlugin
from tictally_recorder.sinks.registry import configured, plugins
from tictally_recorder.translations import catalogue
from tictally_shared.settings_error import SettingsError

_OWNER_ONLY: Final = 0o600

app = group()
SinkOption = Annotated[
    str | None, typer.Option("--sink", metavar="NAME", help="Only this sink. Default: every configured one.")
]
FromOption = Annotated[
    str | None,
    typer.Option(FROM, metavar="WHEN", help="Start, in the forms of `tictally energy`. Default: the first frame."),
]
ToOption = Annotated[str | None, typer.Option(TO, metavar="WHEN", help="End, excluded. Default: the last frame.")]


@app.command(short_help="Show backlog, rejected data and problems of the sinks.")
@flattened
def status(sink: SinkOption = None, *, configuration: Configuration) -> None:
    """Show each sink's backlog, what it rejected, and whether it answers. Exit code 1 where one has a problem."""
    settings = configuration.settings()
    if sink is None and not configured(settings):
        echo(_none_configured())
        return
    chosen = _chosen(settings, sink)
    with LedgerReader.open(settings.ledger) as reader:
        counts = {each.name: each for each in reader.sinks()}
    problems = []
    for plugin in chosen:
        echo(f"{plugin.title} at {plugin.destination(settings)}:")
        for sentence in describe(counts.get(plugin.name), time.time_ns() // 1_000_000):
            echo(f"  {sentence}")
        problem = plugin.check(settings)
        if problem is None:
            echo("  It answers and has what it needs.")
        else:
            problems.append(catalogue(settings.language).phrase(problem))
    if problems:
        raise LedgerError("\n".join(problems))


@app.command(short_help="Create or update what the sinks need.")
@flattened
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
    *,
    configuration: Configuration,
) -> None:
    """Create what a sink lacks, such as buckets and tasks in InfluxDB, and update what differs.

    This uses the sink's setup token where one is set, else its everyday token. Running it again changes nothing.
    """
    settings = configuration.settings()
    chosen = _chosen(settings, sink)
    if new_token is not None and len(chosen) > 1:
        raise WrongUse("several_sinks", "--new-token")
    for plugin in chosen:
        where = f"{plugin.title} at {plugin.destination(settings)}"
        for sentence in plugin.set_up(settings) or ("already up to date",):
            echo(f"{where}: {sentence}")
        if new_token is not None:
            _write_secret(new_token, lambda plugin=plugin: plugin.create_token(settings))  # type: ignore[misc]
            variable = f"{PREFIX}{plugin.name.upper()}_TOKEN_FILE"
            echo(f"The new token is in {new_token}: {variable}={new_token}")


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
@flattened
def refill(
    start: FromOption = None,
    end: ToOption = None,
    sink: SinkOption = None,
    *,
    configuration: Configuration,
) -> None:
    """Replicate quarters, days, cost and the raw frames that the ledger still has to the sinks again.

    What is there is overwritten with the same values. A running recorder does the work, and this command shows its
    progress; Ctrl-C ends only the display. Without a recorder the work is done here; after an interruption
    `tictally sink resume` or the recorder does the rest.
    """
    settings = configuration.settings()
    _replicate(settings, sink, (_ms(FROM, start, settings, 0), _ms(TO, end, settings, 2**62)))


@app.command(short_help="Replicate the present backlog.")
@flattened
def resume(sink: SinkOption = None, *, configuration: Configuration) -> None:
    """Replicate what the sinks have not got yet, as after a refill that was interrupted.

    A running recorder does it anyway; then this command only shows its progress.
    """
    _replicate(configuration.settings(), sink, None)


@app.command(short_help="Remove what a sink has replicated from its destination.")
@flattened
def remove(
    sink: Annotated[str, typer.Option("--sink", metavar="NAME", help="The sink.")],
    *,
    configuration: Configuration,
) -> None:
    """Remove everything that the ledger has put into a sink's destination; the ledger stays as it is.

    Stop the recorder first, and unset the sink's address before you start it again: as long as the sink is configured,
    the recorder replicates everything to it again.
    """
    settings = configuration.settings()
    (plugin,) = _chosen(settings, sink)
    if not isinstance(plugin, RemovableSink):
        raise LedgerError(f"the data in {plugin.title} can only be removed there")
    try:
        with Ledger.open(settings.ledger, creates=False):  # no recorder puts it there again meanwhile
            removed = plugin.remove(settings)
    except LedgerInUse as error:
        raise LedgerError(f"{error}: stop the recorder, and remove {plugin.title}'s data again") from None
    for sentence in removed or ("nothing to remove",):
        echo(f"{plugin.title} at {plugin.destination(settings)}: {sentence}")


def _replicate(settings: Settings, sink: str | None, refill_ms: tuple[int, int] | None) -> None:
    chosen = _chosen(settings, sink)
    names = [each.name for each in chosen]
    try:
        with Ledger.open(settings.ledger, creates=False) as own:
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
    if not found:
        raise SettingsError(_none_configured())
    if name is None:
        return found
    chosen = [each for each in found if each.name == name]
    if not chosen:
        raise WrongUse("no_sink", name=name[:40], known=_known())
    return chosen


def _none_configured() -> str:
    return f"no sink is configured, so the ledger is replicated nowhere; sinks and their settings: {_known()}"


def _known() -> str:
    return ", ".join(f"{each.name} ({PREFIX}{each.name.upper()}_…)" for each in plugins())


def _ms(option: str, text: str | None, settings: Settings, default: int) -> int:
    return default if text is None else int(moment_of(option, text, settings.zone, present()).timestamp() * 1000)
