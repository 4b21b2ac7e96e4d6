"""Tariff providers as a table for people and as JSON. Pure: states in, text or tables out."""

import json
from collections.abc import Iterable, Iterator

from rich.table import Table

from tictally_recorder.reports.table import plain_table
from tictally_recorder.tariffs.providers.state import ProviderState


def as_table(states: Iterable[ProviderState]) -> Table:
    """A line for each tariff of each provider."""
    table = plain_table()
    for heading in ("Provider", "Tariff", "Newest", "Last import", "Overdue"):
        table.add_column(heading, no_wrap=True)
    for state in states:
        for tariff in state.tariffs:
            days = (tariff.newest, tariff.imported, tariff.overdue_since)
            table.add_row(state.name, tariff.id, *("" if day is None else str(day) for day in days))
    return table


def sentences(states: Iterable[ProviderState]) -> Iterator[str]:
    """Which files each provider publishes, and the age of the last import."""
    for state in states:
        age = "nothing has been imported" if state.age_days is None else _age(state.age_days)
        yield f"{state.name}, {state.provider.title}: {state.provider.form}; {age}."


def as_json(states: Iterable[ProviderState]) -> str:
    """An array of objects: name, title, form, imported, age_days, overdue_since, problem, tariffs.

    A tariff is {id, newest, imported, overdue_since, problem}. Days are ISO 8601; what is not known is null.
    """
    return json.dumps([state.to_record() for state in states], ensure_ascii=False, indent=2)


def _age(days: int) -> str:
    if days == 0:
        return "the last import was today"
    return "the last import was yesterday" if days == 1 else f"the last import was {days} days ago"
