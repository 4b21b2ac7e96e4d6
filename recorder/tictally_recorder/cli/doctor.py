"""`tictally doctor`: what is wrong, and what to do."""

import time
from typing import Final

import typer

from tictally_recorder.cli.console import echo, echo_marked
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.doctor import diagnose
from tictally_recorder.doctor.collect import collect
from tictally_recorder.doctor.words import as_json, lines
from tictally_recorder.finding import Finding, FindingCode, Level, Subject, SubjectKind
from tictally_recorder.ingest.broker import broker_address
from tictally_shared.phrase import Phrase

_MARKS: Final = {Level.OK: "ok", Level.NOTE: "--", Level.TROUBLE: "!!"}
_STYLES: Final = {Level.OK: "green", Level.NOTE: "yellow", Level.TROUBLE: "bold red"}
_SETTINGS: Final = Subject(SubjectKind.SETTINGS)


def doctor(*, json: JsonOption = False, configuration: Configuration) -> None:
    """Check ledger, broker, edges, clocks, backups, sinks and tariffs; show what is wrong and what to do.

    Nothing is changed, and the recorder may run meanwhile. Lines are in TICTALLY_LANGUAGE; they begin with ok, with --
    for what is good to know, or with !! for what needs a person. Exit code 0: nothing does, else 1.
    """
    settings = configuration.settings(warns=False)
    found = [
        Finding(_SETTINGS, Level.NOTE, Phrase(FindingCode.SETTING_IGNORED, {"detail": each}))
        for each in settings.warnings
    ]
    found += diagnose(collect(settings, broker_address(settings), time.time_ns() // 1_000_000), settings.zone)
    if json:
        echo(as_json(found))
    else:
        _show(found, settings.language)
    if any(each.level is Level.TROUBLE for each in found):
        raise typer.Exit(1)


def _show(found: list[Finding], language: str) -> None:
    """A line per finding, the advice below it."""
    for level, text, advice in lines(found, language):
        echo_marked(_MARKS[level], text, _STYLES[level])
        if advice is not None:
            echo(f"   → {advice}")
