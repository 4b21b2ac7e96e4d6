"""`tictally doctor`: is all well, and what is to be done where it is not?"""

import dataclasses
import json as json_
import time
from typing import Annotated, Final

import typer

from tictally_recorder.cli.console import say
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.doctor import Finding, Level, findings
from tictally_recorder.doctor.collect import look
from tictally_recorder.ingest.broker import broker_address

_MARKS: Final = {Level.OK: "ok", Level.NOTE: "--", Level.TROUBLE: "!!"}


def doctor(
    *,
    json: Annotated[bool, typer.Option("--json", help="As a JSON array of diagnose.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Look at ledger, broker, edges and clock, and say in sentences what is wrong and what to do.

    Nothing is changed, and the recorder may run meanwhile. Each line begins with ok, with -- for what is good to know,
    or with !! for what needs a person. Exit code 0 where nothing does, else 1.
    """
    settings = settings_of(config, ledger)
    found = [Finding("settings", Level.NOTE, each, None) for each in settings.warnings]
    found += findings(look(settings, broker_address(settings), time.time_ns() // 1_000_000), settings.zone)
    say(as_json(found) if json else as_text(found))
    if any(each.level is Level.TROUBLE for each in found):
        raise typer.Exit(1)


def as_text(found: list[Finding]) -> str:
    """A line a finding, the advice below it."""
    lines = []
    for each in found:
        lines.append(f"{_MARKS[each.level]} {each.about}: {each.sentence}")
        if each.advice is not None:
            lines.append(f"   → {each.advice}")
    return "\n".join(lines)


def as_json(found: list[Finding]) -> str:
    """An array of objects: about, level (ok, note, trouble), sentence, advice or null."""
    return json_.dumps([dataclasses.asdict(each) for each in found], ensure_ascii=False, indent=2)
