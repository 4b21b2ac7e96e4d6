"""A dashboard's queries as Grafana sends them: with variables and the selected time range substituted."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent.parent / "deploy" / "grafana" / "dashboards"
KEYS: Final = ("live", "month", "year", "years", "tariff", "line")
_SPAN: Final = re.compile(r"now-(\d+)([mhdy])|(\d+)([mhdy])")
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "y": timedelta(days=365)}
_POINTS: Final = 1000


def dashboard(key: str, language: str = "en") -> dict[str, Any]:
    """A committed dashboard."""
    found: dict[str, Any] = json.loads((FOLDER / language / f"{key}.json").read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Target:
    """One query of a panel.

    Attributes:
        dashboard: its key.
        panel: its title.
        ref: which query of the panel.
        flux: as it stands in the file.
        since: what the panel's clock selects, in Grafana's words.
        kind: of the panel.
        columns: that the panel has a name or a look for.
    """

    dashboard: str
    panel: str
    ref: str
    flux: str
    since: str
    kind: str
    columns: frozenset[str]

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel} {self.ref}"

    def asked(self, variables: Mapping[str, str], now: datetime, bucket: str) -> str:
        """The query, as Grafana sends it."""
        return substituted(self.flux, variables, (now - span(self.since), now), bucket)


def targets(key: str, language: str = "en") -> Iterator[Target]:
    """All queries of a dashboard's panels."""
    whole = dashboard(key, language)
    for panel in whole["panels"]:
        since = panel.get("timeFrom", whole["time"]["from"])
        columns = frozenset(each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"])
        for each in panel["targets"]:
            yield Target(key, panel["title"], each["refId"], each["query"], since, panel["type"], columns)


def variable_queries(key: str) -> dict[str, str]:
    """Variable → the query for its values."""
    variables = dashboard(key)["templating"]["list"]
    return {each["name"]: each["query"]["query"] for each in variables if each["type"] == "query"}


def span(words: str) -> timedelta:
    """The duration of `now-30m` or `24h`."""
    match = _SPAN.fullmatch(words)
    assert match, words
    return int(match[1] or match[3]) * _UNITS[match[2] or match[4]]


def substituted(flux: str, variables: Mapping[str, str], selected: tuple[datetime, datetime], bucket: str) -> str:
    """A query with everything that Grafana substitutes, as text.

    Args:
        flux: as it stands in the file.
        variables: of the dashboard.
        selected: by the clock, from and to.
        bucket: of the data source.
    """
    since, until = selected
    window_s = max(round((until - since).total_seconds() / _POINTS), 2)
    found = {
        "v.timeRangeStart": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "v.timeRangeStop": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "v.windowPeriod": f"{window_s}s",
        "v.defaultBucket": f'"{bucket}"',
        **{f"${{{name}}}": value for name, value in variables.items()},
    }
    for word, value in found.items():
        flux = flux.replace(word, value)
    assert "${" not in flux, flux
    return flux
