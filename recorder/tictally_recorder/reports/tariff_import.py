"""What an import would change, as tables for people and as JSON. Pure: a comparison in, text or tables out."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from rich.table import Table

from tictally_recorder.reports.table import plain_table
from tictally_recorder.tariffs.importer import Change, Comparison, Difference, State
from tictally_recorder.tariffs.providers.protocol import PublishedHistory


def as_tables(comparison: Comparison) -> list[Table]:
    """Amounts, version by version; powers with the same change share a line."""
    changed = [each for each in comparison.differences if each.changes]
    if not changed:
        return []
    table = plain_table()
    for heading in ("Version", "", "Power", "What"):
        table.add_column(heading)
    for heading in ("With taxes", "Without"):
        table.add_column(heading, justify="right")
    for difference in changed:
        for number, line in enumerate(_lines(difference)):
            heads = ("", "") if number else (str(difference.start), str(difference.state))
            table.add_row(*heads, *line)
    return [table]


def sentences(history: PublishedHistory, comparison: Comparison, written: Path | None) -> Iterator[str]:
    """Notes beside the amounts."""
    number = _versions(len(history.revisions))
    yield f"{history.file} is about {comparison.tariff}: {number}, {comparison.same} of them as here."
    for difference in comparison.differences:
        if difference.state is State.BY_HAND:
            yield f"Not taken: {difference.sentence}."
    for doubt in comparison.doubts:
        yield f"Not taken where it differs: {doubt}."
    if missing := [each for each in comparison.differences if each.state is State.MISSING]:
        yield f"Retained: the file lacks {', '.join(str(each.start) for each in missing)}."
    if comparison.retained:
        most = max(abs(_beside(change)) for _, change in comparison.retained)
        yield (
            f"Retained: {len(comparison.retained)} subscriptions with taxes that differ from the file's by at most "
            f"{most} a month; --subscriptions takes the file's."
        )
    if written is not None:
        yield f"Written to {written}: {', '.join(str(start) for start in comparison.written)}."
    elif comparison.written:
        yield f"--write takes {_versions(len(comparison.written))}; nothing was written."
    else:
        yield "There is nothing to write."


def as_json(history: PublishedHistory, comparison: Comparison, written: Path | None) -> str:
    """An array of one object: tariff, file, versions, same, differences, retained, doubts, written (path or null).

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
        "doubts": list(comparison.doubts),
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


def _arrow(change: Change, *, is_new: bool) -> str:
    new = "none" if change.new is None else _text(change.new)
    old = "none" if change.old is None else _text(change.old)
    return new if is_new else f"{old} → {new}"


def _powers(powers: Sequence[int]) -> str:
    return f"{', '.join(str(power) for power in powers)} kVA" if powers else ""


def _versions(number: int) -> str:
    return "1 version" if number == 1 else f"{number} versions"


def _beside(change: Change) -> Decimal:
    old, new = (each if isinstance(each, Decimal) else Decimal(0) for each in (change.old, change.new))
    return new - old


def _text(value: Decimal | date) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
