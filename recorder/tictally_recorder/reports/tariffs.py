"""Tariffs as tables for people and as JSON. Pure: lists in, text or tables out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from rich.table import Table

from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.tariffs.check import IssueCode, TariffIssue
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.hours import WEEKDAYS
from tictally_recorder.tariffs.model import Figure, Tariff, Version
from tictally_recorder.tariffs.period_rules import PeriodRule
from tictally_recorder.tariffs.provenance import Provenance
from tictally_recorder.tariffs.taxes import TAX_NAMES
from tictally_recorder.translations import ENGLISH, catalogue, phrase_record
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase


def name_of(tariff: Tariff, language: str) -> str:
    """In a language; where it has none, in another."""
    return tariff.names.get(language) or next(iter(tariff.names.values()))


def list_as_table(tariffs: Iterable[Tariff], day: date, language: str) -> Table:
    """A line a list, as it stands on a day."""
    table, words = plain_table(), catalogue(language)
    add_columns(table, words, "id", "supplier")
    add_columns(table, words, "name", wraps=True)
    add_columns(table, words, "versions", is_right=True)
    add_columns(table, words, "newest", "confidence", "overdue")
    for record in list_records(tariffs, day, language):
        record["confidence"] = words.text(f"report.confidence.{record['confidence']}")
        table.add_row(*("" if value is None else str(value) for value in record.values()))
    return table


def list_as_json(tariffs: Iterable[Tariff], day: date, language: str) -> str:
    """An array of objects: id, supplier, name, versions, newest, confidence, overdue_since or null."""
    return _array(list_records(tariffs, day, language))


def list_records(tariffs: Iterable[Tariff], day: date, language: str) -> list[dict[str, object]]:
    """A record a list, as it stands on a day."""
    return [
        {
            "id": tariff.id,
            "supplier": tariff.supplier,
            "name": name_of(tariff, language),
            "versions": len(tariff.versions),
            "newest": str(tariff.versions[-1].start),
            "confidence": str(tariff.versions[-1].weakest),
            "overdue_since": _date(tariff.overdue_since(day)),
        }
        for tariff in sorted(tariffs, key=lambda tariff: tariff.id)
    ]


def version_as_text(tariff: Tariff, version: Version, language: str, day: date) -> list[str]:
    """The head: names, days, source, taxes of a day."""
    words, until = catalogue(language), _last_day(tariff, version)
    direction = words.text(f"report.direction.{tariff.direction}")
    about = {"supplier": tariff.supplier, "name": name_of(tariff, language), "currency": tariff.currency}
    confidence = words.text(f"report.confidence.{version.confidence}")
    held = {"start": str(version.start), "end": str(until)}
    lines = [
        words.text("tariff_text.id", version=version.id, hash=version.hash),
        words.text("tariff_text.amounts", direction=direction, **about),
        words.text("tariff_text.holds_since" if until is None else "tariff_text.holds_until", **held),
        words.text("tariff_text.source", source=version.source, confidence=confidence, file=version.file),
    ]
    if version.note:
        lines.append(words.text("tariff_text.note", note=version.note))
    first = max(day, version.start)
    on_day = version.taxes_on(first)
    taxes = [
        words.text(f"tariff_text.{name}", amount=words.decimal(_plain(amount)))
        for name in TAX_NAMES
        if (amount := getattr(on_day, name)) is not None
    ]
    if taxes:
        table = words.text("tariff_text.table", table=version.tax_table.id) if version.tax_table else ""
        listed = words.text("list.separator").join(taxes)
        lines.append(words.text("tariff_text.taxes", day=str(first), table=table, taxes=listed))
    if tariff.series:
        lines.append(words.text("tariff_text.series"))
    if tariff.rules is not None:
        lines.append(words.text("tariff_text.rules", time=f"{tariff.rules.day_begins:%H:%M}"))
        lines += [
            f"    {words.text('report.line', about=rule.period, text=_conditions(rule, words))}"
            for rule in tariff.rules.rules
        ]
        for name, listed_days in tariff.rules.lists.items():
            days = words.joined([str(each) for each in sorted(listed_days.days)])
            span = {"start": str(listed_days.start), "end": str(listed_days.until)}
            lines.append(f"    {words.text('tariff_text.days', name=name, days=days, **span)}")
    return lines


def _conditions(rule: PeriodRule, words: Catalogue) -> str:
    """When a rule applies."""
    found = [", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in rule.hours)] if rule.hours else []
    found += [words.text("tariff_text.off_peak")] if rule.is_off_peak else []
    weekdays = [words.text(f"tariff_text.weekday.{WEEKDAYS[number]}") for number in sorted(rule.weekdays)]
    weekdays += [words.text("tariff_text.chosen_weekday")] if rule.has_chosen_weekday else []
    found += [", ".join(weekdays)] if weekdays else []
    if rule.season:
        start, end = (f"{month:02d}-{day:02d}" for month, day in rule.season)
        found.append(words.text("tariff_text.season", start=start, end=end))
    colours = ", ".join(words.text(f"tempo.{each.name}") for each in rule.colours)
    found += [words.text("tariff_text.colours", colours=colours)] if colours else []
    found += [words.text("tariff_text.of_list", name=rule.days)] if rule.days else []
    return words.text("list.separator").join(found) or words.text("tariff_text.otherwise")


def version_as_tables(tariff: Tariff, version: Version, words: Catalogue = ENGLISH) -> list[Table]:
    """Prices of energy, and subscriptions; powers with the same prices share their lines."""

    def plain(amount: Decimal | None) -> str:
        return "" if amount is None else words.decimal(_plain(amount))

    tables = []
    if version.energy:
        energy = _amounts("energy", words, "power", "period")
        for powers in _groups(version):
            for number, period in enumerate(tariff.periods):
                price = version.energy[powers[0]][period]
                text = "" if number else _powers(powers, words)
                whence = _whence(version.provenance(Figure.ENERGY, powers[0], period), words)
                energy.add_row(text, period, plain(price.ttc), plain(price.ht), *whence)
        tables.append(energy)
    subscription = _amounts("subscription", words, "power")
    for power in sorted({*version.subscription, *version.subscription_ht, *version.energy}, key=_order):
        ttc, ht = version.subscription.get(power), version.subscription_ht.get(power)
        text = words.text("unknown") if ttc is None else plain(ttc)
        whence = _whence(version.provenance(Figure.SUBSCRIPTION, power, None), words)
        subscription.add_row(_powers([power], words), text, plain(ht), *whence)
    for name, price in version.power_term.items():
        whence = _whence(version.provenance(Figure.SUBSCRIPTION), words)
        subscription.add_row(
            words.text("tariff_text.power_term", name=name), plain(price.ttc), plain(price.ht), *whence
        )
    if subscription.row_count:
        tables.append(subscription)
    return tables


def version_as_json(tariff: Tariff, version: Version, language: str, day: date) -> str:
    """An array of one object: tariff, supplier, name, currency, direction, from, until, amounts, source, hash.

    Powers are the keys of energy and subscription, `*` for every power. A subscription that is unknown is null. Each
    amount has its own source, confidence and note; `taxes` are those of the day.
    """
    return json.dumps([version_record(tariff, version, language, day)], ensure_ascii=False, indent=2)


def version_record(tariff: Tariff, version: Version, language: str, day: date | None = None) -> dict[str, object]:
    """The same as a record, without a day with the taxes of its first one."""
    powers = sorted({*version.subscription, *version.subscription_ht, *version.energy}, key=_order)
    return {
        "tariff": tariff.id,
        "supplier": tariff.supplier,
        "name": name_of(tariff, language),
        "currency": tariff.currency,
        "direction": str(tariff.direction),
        "from": str(version.start),
        "until": _date(_last_day(tariff, version)),
        "hash": version.hash,
        "confidence": str(version.confidence),
        "source": version.source,
        "note": version.note,
        "file": version.file,
        "energy": {
            _key(power): {
                period: {
                    "ttc": _text(prices[period].ttc),
                    "ht": _text(prices[period].ht),
                    **_provenance(version, (Figure.ENERGY, Figure.ENERGY_HT), power, period),
                }
                for period in tariff.periods
            }
            for power, prices in sorted(version.energy.items(), key=lambda item: _order(item[0]))
        },
        "subscription": {
            _key(power): {
                "ttc": _text(version.subscription.get(power)),
                "ht": _text(version.subscription_ht.get(power)),
                **_provenance(version, (Figure.SUBSCRIPTION, Figure.SUBSCRIPTION_HT), power, None),
            }
            for power in powers
        },
        "power_term": {
            name: {"ttc": _text(price.ttc), "ht": _text(price.ht)} for name, price in version.power_term.items()
        },
        "taxes": _taxes_record(version, max(day or version.start, version.start)),
        "tax_table": version.tax_table.id if version.tax_table else None,
        "tax_changes": [
            {"from": str(changed), **_taxes_record(version, changed)}
            for changed in _tax_changes(version, _last_day(tariff, version))
        ],
    }


def findings_as_json(findings: Iterable[TariffIssue], errors: Iterable[TariffError]) -> str:
    """An array of objects: tariff, since, until, code, parameters, text; a broken file is an issue of no tariff."""
    records = [
        {
            "tariff": finding.tariff,
            "since": str(finding.since),
            "until": _date(finding.until),
            **phrase_record(finding.phrase),
        }
        for finding in findings
    ]
    of_no_tariff = {"tariff": None, "since": None, "until": None}
    return _array([*records, *(of_no_tariff | phrase_record(broken_file(error)) for error in errors)])


def broken_file(error: TariffError) -> Phrase:
    """What is wrong with a file of the user's, and where."""
    return Phrase(IssueCode.BROKEN_FILE, {"file": error.file, "line": error.line, "problem": error.problem})


def _last_day(tariff: Tariff, version: Version) -> date | None:
    """The last day on which a version holds, or None if it goes on."""
    later = [other.start for other in tariff.versions if other.start > version.start]
    if version.until is not None or not later:
        return version.until
    return date.fromordinal(later[0].toordinal() - 1)


def _groups(version: Version) -> list[list[int | None]]:
    """Powers with the same prices from the same sources."""
    groups: list[tuple[object, list[int | None]]] = []
    for power, prices in sorted(version.energy.items(), key=lambda item: _order(item[0])):
        whence = {period: version.provenance(Figure.ENERGY, power, period) for period in prices}
        same = next((powers for found, powers in groups if found == (prices, whence)), None)
        if same is None:
            groups.append(((prices, whence), [power]))
        else:
            same.append(power)
    return [powers for _, powers in groups]


def _whence(found: Provenance, words: Catalogue) -> tuple[str, str]:
    source = f"{found.source} ({found.note})" if found.note else found.source
    return words.text(f"report.confidence.{found.confidence}"), source


def _provenance(
    version: Version, figures: tuple[Figure, Figure], power: int | None, period: str | None
) -> dict[str, object]:
    """Of an amount with taxes, and of the same without."""
    with_taxes, without = (version.provenance(figure, power, period) for figure in figures)
    return {
        "source": with_taxes.source,
        "confidence": str(with_taxes.confidence),
        "note": with_taxes.note,
        "ht_source": without.source,
        "ht_confidence": str(without.confidence),
    }


def _taxes_record(version: Version, day: date) -> dict[str, str | None]:
    taxes = version.taxes_on(day)
    return {name: _text(getattr(taxes, name)) for name in TAX_NAMES}


def _tax_changes(version: Version, last: date | None) -> list[date]:
    """Days on which the taxes change while a version holds."""
    found = version.tax_table.changes(version.start, last) if version.tax_table else {}
    return [day for day in found if version.taxes_on(day) != version.taxes_on(date.fromordinal(day.toordinal() - 1))]


def _amounts(title: str, words: Catalogue, *columns: str) -> Table:
    table = plain_table(words.text(f"tariff_text.title.{title}"))
    add_columns(table, words, *columns, wraps=True)
    add_columns(table, words, "with_taxes", "without_taxes", is_right=True, wraps=True)
    add_columns(table, words, "confidence", "source", wraps=True)
    return table


def _powers(powers: Sequence[int | None], words: Catalogue) -> str:
    if powers == [None]:
        return words.text("tariff_text.any_power")
    return f"{', '.join(str(power) for power in powers)} kVA"


def _order(power: int | None) -> int:
    return -1 if power is None else power


def _key(power: int | None) -> str:
    return "*" if power is None else str(power)


def _plain(amount: Decimal) -> str:
    return format(amount, "f")


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else _plain(amount)


def _date(day: date | None) -> str | None:
    return None if day is None else str(day)


def _array(records: Iterable[Mapping[str, object]]) -> str:
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    return "[" + ",".join(f"\n  {line}" for line in lines) + ("\n]" if lines else "]")
