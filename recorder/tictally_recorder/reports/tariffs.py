"""Tariffs as tables for people and as JSON. Pure: lists in, text or tables out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from rich.table import Table

from tictally_recorder.calendars.tempo import NAMES_OF_COLOURS
from tictally_recorder.reports.table import plain_table
from tictally_recorder.tariffs.check import IssueCode, TariffIssue
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.hours import WEEKDAYS
from tictally_recorder.tariffs.model import Figure, Tariff, Version
from tictally_recorder.tariffs.period_rules import PeriodRule
from tictally_recorder.translations import phrase_record
from tictally_shared.phrase import Phrase

_TAXES: Final = (
    ("accise", "accise, a kWh"),
    ("cta_share", "CTA, share of the grid's fixed part"),
    ("vat_energy", "VAT on energy"),
    ("vat_subscription", "VAT on the subscription"),
)


def name_of(tariff: Tariff, language: str) -> str:
    """In a language; where it has none, in another."""
    return tariff.names.get(language) or next(iter(tariff.names.values()))


def list_as_table(tariffs: Iterable[Tariff], day: date, language: str) -> Table:
    """A line a list, as it stands on a day."""
    table = plain_table()
    for heading in ("Id", "Supplier"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Name")
    table.add_column("Versions", justify="right", no_wrap=True)
    for heading in ("Newest", "Confidence", "Overdue"):
        table.add_column(heading, no_wrap=True)
    for record in list_records(tariffs, day, language):
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
    until = _last_day(tariff, version)
    lines = [
        f"{version.id}, hash {version.hash}",
        f"{tariff.supplier}, {name_of(tariff, language)}: amounts in {tariff.currency}, {tariff.direction}",
        f"Holds from {version.start}" + (f" to {until}" if until is not None else ""),
        f"Source: {version.source} ({version.confidence}); {version.file}",
    ]
    if version.note:
        lines.append(f"Note: {version.note}")
    on_day = version.taxes_on(max(day, version.start))
    taxes = [f"{text} {_plain(amount)}" for name, text in _TAXES if (amount := getattr(on_day, name)) is not None]
    if taxes:
        table = f" (table {version.tax_table.id})" if version.tax_table else ""
        lines.append(f"Taxes in the amounts on {max(day, version.start)}{table}: {'; '.join(taxes)}")
    if tariff.series:
        lines.append("Prices of energy are a series, by the hour or quarter")
    if tariff.rules is not None:
        lines.append(f"Periods, by the first line that applies (days begin at {tariff.rules.day_begins:%H:%M}):")
        lines += [f"    {rule.period}: {_conditions(rule)}" for rule in tariff.rules.rules]
        for name, listed in tariff.rules.lists.items():
            days = ", ".join(map(str, sorted(listed.days))) or "none"
            lines.append(f"    Days {name}, from {listed.start} to {listed.until}: {days}")
    return lines


def _conditions(rule: PeriodRule) -> str:
    """When a rule applies, in the words of its file."""
    found = [", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in rule.hours)] if rule.hours else []
    found += ["off-peak hours"] if rule.is_off_peak else []
    weekdays = [WEEKDAYS[number] for number in sorted(rule.weekdays)]
    weekdays += ["the chosen weekday"] if rule.has_chosen_weekday else []
    found += [", ".join(weekdays)] if weekdays else []
    if rule.season:
        found.append(" to ".join(f"{month:02d}-{day:02d}" for month, day in rule.season))
    found += [", ".join(NAMES_OF_COLOURS[each] for each in sorted(rule.colours)) + " days"] if rule.colours else []
    found += [f"days {rule.days}"] if rule.days else []
    return "; ".join(found) or "otherwise"


def version_as_tables(tariff: Tariff, version: Version) -> list[Table]:
    """Prices of energy, and subscriptions; powers with the same prices share their lines."""
    tables = []
    if version.energy:
        energy = _amounts("Energy, a kWh", "Power", "Period")
        for powers in _groups(version):
            for number, period in enumerate(tariff.periods):
                price = version.energy[powers[0]][period]
                text = "" if number else _powers(powers)
                whence = _whence(version, Figure.ENERGY, powers[0], period)
                energy.add_row(text, period, _plain(price.ttc), "" if price.ht is None else _plain(price.ht), *whence)
        tables.append(energy)
    subscription = _amounts("Subscription, a month", "Power")
    for power in sorted({*version.subscription, *version.subscription_ht, *version.energy}, key=_order):
        ttc, ht = version.subscription.get(power), version.subscription_ht.get(power)
        text = "unknown" if ttc is None else _plain(ttc)
        whence = _whence(version, Figure.SUBSCRIPTION, power, None)
        subscription.add_row(_powers([power]), text, "" if ht is None else _plain(ht), *whence)
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


def _whence(version: Version, figure: Figure, power: int | None, period: str | None) -> tuple[str, str]:
    found = version.provenance(figure, power, period)
    return str(found.confidence), f"{found.source} ({found.note})" if found.note else found.source


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
    return {name: _text(getattr(taxes, name)) for name, _ in _TAXES}


def _tax_changes(version: Version, last: date | None) -> list[date]:
    """Days on which the taxes change while a version holds."""
    found = version.tax_table.changes(version.start, last) if version.tax_table else {}
    return [day for day in found if version.taxes_on(day) != version.taxes_on(date.fromordinal(day.toordinal() - 1))]


def _amounts(title: str, *columns: str) -> Table:
    table = plain_table(title)
    for column in columns:
        table.add_column(column)
    for column in ("With taxes", "Without"):
        table.add_column(column, justify="right")
    for column in ("Confidence", "Source"):
        table.add_column(column)
    return table


def _powers(powers: Sequence[int | None]) -> str:
    return "any" if powers == [None] else f"{', '.join(str(power) for power in powers)} kVA"


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
