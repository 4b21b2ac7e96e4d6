"""Two ways to show a demo: a screen that stays in its place for a terminal, a line now and then for anything else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeAlias

from rich.console import Console
from rich.live import Live

from demo.ledger_totals import LedgerTotals
from demo.picture import Picture
from demo.screen import line, screen
from demo.stage import DemoStage

_LINE_S: Final = 5

Show: TypeAlias = Callable[[Picture, LedgerTotals], None]


@contextmanager
def presenter(console: Console, source: str, stage: DemoStage) -> Iterator[Show]:
    """What shows a demo on a console while it is entered.

    Args:
        console: a terminal or not.
        source: what is read, in words.
        stage: with broker and page.
    """
    if not console.is_terminal:
        yield _every_few_seconds(console)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda picture, totals: live.update(screen(source, stage.port, stage.page, picture, totals))


def _every_few_seconds(console: Console) -> Show:
    shown_s = float("-inf")

    def show(picture: Picture, totals: LedgerTotals) -> None:
        nonlocal shown_s
        if time.monotonic() - shown_s >= _LINE_S:
            shown_s = time.monotonic()
            clock = f"{datetime.now().astimezone():%H:%M:%S}"
            console.print(line(clock, picture, totals), soft_wrap=True, markup=False, highlight=False)

    return show
