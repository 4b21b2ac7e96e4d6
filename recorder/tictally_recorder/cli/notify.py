"""`tictally notify`: the notifications, their targets, and a test of these."""

from datetime import UTC, datetime
from typing import Any

from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, group
from tictally_recorder.jobs import JobError, JobState
from tictally_recorder.jobs.state import state_key
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.notifications.kinds import KINDS, is_on
from tictally_recorder.notifications.outbox import Outbox, target_key
from tictally_recorder.notifications.settings import NAME, NotifySettings
from tictally_recorder.notifications.targets import Targets
from tictally_recorder.notifications.words import test_message
from tictally_recorder.problem import ProblemCode
from tictally_recorder.reports.cost import as_json
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.translations import catalogue
from tictally_shared.frames import iso_utc
from tictally_shared.phrase import Phrase

app = group()


@app.command("list", short_help="Show which notifications are on, and what is pending.")
@flattened
def list_notifications(*, json: JsonOption = False, configuration: Configuration) -> None:
    """Show each kind of notification, whether it is on, and when it was last due; then each target. Times are local."""
    settings = configuration.settings()
    own, words = settings.section(NotifySettings), catalogue(settings.language)
    with LedgerReader.open(settings.ledger) as reader:
        memory: dict[str, Any] = dict(JobState.from_json(reader.get_value(state_key(NAME))).memory)
    last_ms = {kind.name: memory.get("kinds", {}).get(kind.name, {}).get("last_ms") for kind in KINDS}
    if json:
        records = [
            {"name": kind.name, "is_on": is_on(kind, own), "last": (at := last_ms[kind.name]) and iso_utc(at)}
            for kind in KINDS
        ]
        echo(as_json(records))
        return
    table = plain_table()
    add_columns(table, words, "notification", "switch", "last_notified")
    for kind in KINDS:
        at = last_ms[kind.name]
        local = "" if at is None else datetime.fromtimestamp(at // 1000, UTC).astimezone(settings.zone)
        state = words.text("notify_text.on" if is_on(kind, own) else "notify_text.off")
        table.add_row(kind.name, state, f"{local:%Y-%m-%d %H:%M}" if local else "")
    print_table(table)
    if not own.urls:
        echo(words.text("notify_text.no_target"))
    targets = Targets(own.urls)
    outbox = Outbox(memory.get("outbox", {}), map(target_key, own.urls), own.per_hour)
    for url in own.urls:
        echo(words.text("notify_text.target", target=targets.title(url), count=outbox.count(target_key(url))))


@app.command(short_help="Send a test message to every target.")
@flattened
def test(*, configuration: Configuration) -> None:
    """Send a test message to every target, at once. Exit code 1 where one does not accept it, with the reason."""
    settings = configuration.settings()
    urls, words = settings.section(NotifySettings).urls, catalogue(settings.language)
    if not urls:
        raise JobError(Phrase(ProblemCode.NOTIFY_NO_TARGET))
    targets, problems = Targets(urls), []
    title, body = test_message(settings)
    for url in urls:
        try:
            targets.send(url, title, body)
        except JobError as error:
            problems.append(words.phrase(error.problem))
        else:
            echo(words.text("notify_text.sent", target=targets.title(url)))
    if problems:
        raise JobError("\n".join(dict.fromkeys(problems)))
