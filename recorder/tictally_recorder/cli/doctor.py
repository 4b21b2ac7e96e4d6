"""`tictally doctor`: what is wrong, and what to do."""

import dataclasses
import json as json_
import time
from typing import Final

import typer

from tictally_recorder.cli.console import echo, echo_marked
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.doctor import Finding, Level, findings
from tictally_recorder.doctor.collect import look
from tictally_recorder.ingest.broker import broker_address

_MARKS: Final = {Level.OK: "ok", Level.NOTE: "--", Level.TROUBLE: "!!"}
_STYLES: Final = {Level.OK: "green", Level.NOTE: "yellow", Level.TROUBLE: "bold red"}


def doctor(*, json: JsonOption = False, configuration: Configuration) -> None:
    """Check ledger, broker, edges, clocks, backups, sinks and tariffs; show what is wrong and what to do.

    Nothing is changed, and the recorder may run meanwhile. Lines begin with ok, with -- for what is good to know, or
    with !! for what needs a person. Exit code 0: nothing does, else 1.
    """
    settings = configuration.settings()
    found = [Finding("settings", Level.NOTE, each, None) for each in settings.warnings]
    found += findings(look(settings, broker_address(settings), time.time_ns() // 1_000_000), settings.zone)
    if json:
        echo(as_json(found))
    else:
        _show(found)
    if any(each.level is Level.TROUBLE for each in found):
        raise typer.Exit(1)


def _show(found: list[Finding]) -> None:
    """A line per finding, the advice below it."""
    for each in found:
        echo_marked(_MARKS[each.level], f"{each.about}: {each.sentence}", _STYLES[each.level])
        if each.advice is not None:
            echo(f"   → {each.advice}")


def as_json(found: list[Finding]) -> str:
    """An array of objects: about, level (ok, note, trouble), sentence, advice or null."""
    return json_.dumps([dataclasses.asdict(each) for each in found], ensure_ascii=False, indent=2)
