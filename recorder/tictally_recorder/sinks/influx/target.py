"""Which InfluxDB, as the settings say it. Pure."""

from dataclasses import dataclass, field
from pathlib import Path

from tictally_recorder.sinks.influx.buckets import Buckets


@dataclass(frozen=True, slots=True)
class Target:
    """One InfluxDB.

    Attributes:
        url: where it is.
        org: name of the organization.
        token: of every day.
        setup_token: may make buckets and tasks, or None.
        ca: certificate that its own must be signed by, or None.
        buckets: where to.
    """

    url: str
    org: str
    token: str = field(repr=False)
    setup_token: str | None = field(repr=False)
    ca: Path | None
    buckets: Buckets
