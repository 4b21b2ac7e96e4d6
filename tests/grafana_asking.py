"""Runs the queries of a dashboard's panels on a real InfluxDB, as Grafana does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from grafana_queries import targets
from influx_answers import Row, answer
from real_influx import Influxd


@dataclass(frozen=True)
class Asking:
    """A dashboard as a user views it.

    Attributes:
        server: who answers.
        bucket: of the data source.
        now: when it is looked at.
        variables: what is chosen.
    """

    server: Influxd
    bucket: str
    now: datetime
    variables: Mapping[str, str] = field(default_factory=dict)

    def rows(self, dashboard: str, panel: str, ref: str = "A", **chosen: str) -> list[Row]:
        """The rows of a panel, none where there is nothing.

        Args:
            dashboard: its key.
            panel: its title in English.
            ref: which of its queries.
            chosen: variables that are other than those of `self`.
        """
        (found,) = (each for each in targets(dashboard) if (each.panel, each.ref) == (panel, ref))
        flux = found.asked({**self.variables, **chosen}, self.now, self.bucket)
        tables = answer(self.server, flux, self.now)
        assert len(tables) <= 1, tables
        return tables[0] if tables else []

    def row(self, dashboard: str, panel: str, ref: str = "A", **chosen: str) -> Row:
        """The only row of a panel."""
        (found,) = self.rows(dashboard, panel, ref, **chosen)
        return found

    def by(self, column: str, dashboard: str, panel: str, **chosen: str) -> dict[object, Row]:
        """The rows of a panel by one of their columns, whose values are unique."""
        rows = self.rows(dashboard, panel, **chosen)
        found = {each[column]: each for each in rows}
        assert len(found) == len(rows), rows
        return found
