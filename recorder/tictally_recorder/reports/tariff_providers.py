"""Tariff providers as a table for people and as JSON. Pure: states in, text or tables out."""

import json
from collections.abc import Iterable, Iterator

from rich.table import Table

from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.tariffs.providers.state import ProviderState
from tictally_recorder.translations import ENGLISH, form_text
from tictally_shared.catalogue import Catalogue


def as_table(states: Iterable[ProviderState], words: Catalogue = ENGLISH) -> Table:
    """A line for each tariff of each provider."""
    table = plain_table()
    add_columns(table, words, "provider", "tariff", "newest", "last_import", "overdue")
    for state in states:
        for tariff in state.tariffs:
            days = (tariff.newest, tariff.imported, tariff.overdue_since)
            table.add_row(state.name, tariff.id, *("" if day is None else str(day) for day in days))
    return table


def sentences(states: Iterable[ProviderState], words: Catalogue = ENGLISH) -> Iterator[str]:
    """Which files each provider publishes, and the age of the last import."""
    for state in states:
        age = words.text(
            "import_text.nothing_imported" if state.age_days is None else _age(state.age_days), n=state.age_days
        )
        about = {
            "name": state.name,
            "title": state.provider.title,
            "form": form_text(words, state.name, state.provider.form),
        }
        yield words.text("tariff_text.provider", age=age, **about)


def as_json(states: Iterable[ProviderState]) -> str:
    """An array of objects: name, title, form, imported, age_days, overdue_since, problem, tariffs.

    A tariff is {id, newest, imported, overdue_since, problem}. Days are ISO 8601; what is not known is null.
    """
    return json.dumps([state.to_record() for state in states], ensure_ascii=False, indent=2)


def _age(days: int) -> str:
    if days == 0:
        return "import_text.today"
    return "import_text.yesterday" if days == 1 else "import_text.days_ago"
