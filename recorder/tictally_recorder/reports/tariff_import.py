"""What an import would change, as tables for people and as JSON. Pure: a comparison in, text or tables out."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from rich.table import Table

from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.tariffs.importer import Change, Comparison, Difference, State
from tictally_recorder.tariffs.providers.protocol import PublishedHistory
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue


def as_tables(comparison: Comparison, words: Catalogue = ENGLISH) -> list[Table]:
    """Amounts, version by version; powers with the same change share a line."""
    changed = [each for each in comparison.differences if each.changes]
    if not changed:
        return []
    table = plain_table()
    add_columns(table, words, "version", "", "power", "what", wraps=True)
    add_columns(table, words, "with_taxes", "without_taxes", is_right=True, wraps=True)
    for difference in changed:
        for number, line in enumerate(_lines(difference)):
            state = words.text(f"import_text.state.{difference.state.name.lower()}")
            heads = ("", "") if number else (str(difference.start), state)
            table.add_row(*heads, *line)
    return [table]


def sentences(
    history: PublishedHistory, comparison: Comparison, written: Path | None, words: Catalogue = ENGLISH
) -> Iterator[str]:
    """Notes beside the amounts."""
    number = words.text("tariff.versions", count=len(history.revisions))
    about = {"file": history.file, "tariff": comparison.tariff}
    yield words.text("import_text.file", versions=number, same=comparison.same, **about)
    for difference in comparison.differences:
        if difference.state is State.BY_HAND and difference.present is not None:
            held = {"start": str(difference.start), "file": difference.present.file}
            yield words.text("import_text.by_hand", **held)
    for doubt in comparison.doubts:
        yield words.text("import_text.doubt", doubt=doubt)
    yield from _doubtful(comparison, words)
    if missing := [str(each.start) for each in comparison.differences if each.state is State.MISSING]:
        yield words.text("import_text.retained", versions=", ".join(missing))
    if comparison.retained:
        most = max(abs(_beside(change)) for _, change in comparison.retained)
        count = len(comparison.retained)
        yield words.text("import_text.subscriptions", count=count, most=words.decimal(str(most)))
    if written is not None:
        days = ", ".join(str(start) for start in comparison.written)
        yield words.text("import_text.written", file=str(written), versions=days)
    elif comparison.written:
        number = words.text("tariff.versions", count=len(comparison.written))
        yield words.text("import_text.not_written", versions=number)
    else:
        yield words.text("import_text.nothing")


def _doubtful(comparison: Comparison, words: Catalogue) -> Iterator[str]:
    """Single amounts and taxes that are not taken."""
    for start, found in groupby(comparison.doubtful, key=lambda each: each[0]):
        for (item, old, new), powers in _of_powers(change for _, change in found).items():
            about = {"item": item, "start": str(start), "powers": _powers(powers), "new": new, "old": old}
            yield words.text("import_text.doubtful", **about)
    for misfit in comparison.untaxed:
        yield words.text("import_text.untaxed", misfit=misfit)


def as_json(history: PublishedHistory, comparison: Comparison, written: Path | None) -> str:
    """An array of one object: tariff, file, versions, same, differences, retained, doubtful, doubts, untaxed, written.

    A difference is {from, state, sentence, present, changes}, `present` being the source and file of what stands; a
    change is {power, item, taxes, old, new}, and in `retained` it has `from` too.
    """
    record = {
        "tariff": comparison.tariff,
        "file": history.file,
        "versions": len(history.revisions),
        "same": comparison.same,
        "differences": [_difference(each) for each in comparison.differences],
        "retained": [{"from": str(start)} | _change(change) for start, change in comparison.retained],
        "doubtful": [{"from": str(start)} | _change(change) for start, change in comparison.doubtful],
        "doubts": list(comparison.doubts),
        "untaxed": list(comparison.untaxed),
        "written": None if written is None else str(written),
    }
    return json.dumps([record], ensure_ascii=False, indent=2)


def _difference(difference: Difference) -> dict[str, object]:
    present = difference.present
    return {
        "from": str(difference.start),
        "state": str(difference.state),
        "sentence": difference.sentence,
        "present": None if present is None else {"source": present.source, "file": present.file},
        "changes": [_change(change) for change in difference.changes],
    }


def _change(change: Change) -> dict[str, object]:
    old, new = (None if each is None else _text(each) for each in (change.old, change.new))
    return {"power": change.power, "item": change.item, "taxes": change.taxes or None, "old": old, "new": new}


def _lines(difference: Difference) -> list[tuple[str, str, str, str]]:
    """(powers, item, with taxes, without) of a version."""
    is_new = difference.state is State.NEW
    cells: dict[tuple[int | None, str], dict[str, str]] = {}
    for change in difference.changes:
        cells.setdefault((change.power, change.item), {})[change.taxes] = _arrow(change, is_new=is_new)
    powers: dict[tuple[str, str, str], list[int]] = {}
    for (power, item), amounts in cells.items():
        key = (item, amounts.get("ttc", amounts.get("", "")), amounts.get("ht", ""))
        powers.setdefault(key, []).extend([] if power is None else [power])
    return [(_powers(whose), *key) for key, whose in powers.items()]


def _of_powers(changes: Iterable[Change]) -> dict[tuple[str, str, str], list[int]]:
    """(item, old, new) → the powers at which they are the same."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for change in changes:
        old, new = ("none" if each is None else _text(each) for each in (change.old, change.new))
        key = (change.item, old, new)
        found.setdefault(key, []).extend([] if change.power is None else [change.power])
    return found


def _arrow(change: Change, *, is_new: bool) -> str:
    new = "none" if change.new is None else _text(change.new)
    old = "none" if change.old is None else _text(change.old)
    return new if is_new else f"{old} → {new}"


def _powers(powers: Sequence[int]) -> str:
    return f"{', '.join(str(power) for power in powers)} kVA" if powers else ""


def _beside(change: Change) -> Decimal:
    old, new = (each if isinstance(each, Decimal) else Decimal(0) for each in (change.old, change.new))
    return new - old


def _text(value: Decimal | date) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
