"""InfluxDB 2 as a kind of sink. It imports influxdb-client, which takes a second, only where it is used."""

from collections.abc import Sequence

from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.influxdb.config import NAME, Target
from tictally_recorder.sinks.influxdb.settings import InfluxdbSettings
from tictally_recorder.sinks.protocol import Sink, SinkContext, SinkError
from tictally_shared.phrase import Phrase


class InfluxDb:
    """The plug-in; `SinkPlugin` describes its members."""

    name = NAME
    title = "InfluxDB"
    is_live = True
    settings = InfluxdbSettings

    def destination(self, settings: Settings) -> str | None:
        """Address of the server."""
        target = settings.section(InfluxdbSettings).target
        return None if target is None else target.url

    def open(self, context: SinkContext) -> Sink:
        """Open outbox, ledger and clients."""
        from tictally_recorder.sinks.influxdb.sink import open_sink  # noqa: PLC0415 - see above

        return open_sink(_target(context.settings), context)

    def check(self, settings: Settings) -> Phrase | None:
        """Whether the server answers and has buckets and tasks."""
        from tictally_recorder.sinks.influxdb.provisioning import check  # noqa: PLC0415 - see above

        return check(_target(settings))

    def set_up(self, settings: Settings) -> Sequence[str]:
        """Create or update buckets and tasks, with the setup token if there is one."""
        from tictally_recorder.sinks.influxdb.provisioning import set_up  # noqa: PLC0415 - see above

        return set_up(_target(settings))

    def create_token(self, settings: Settings) -> str:
        """Create a token that reads and writes these buckets and runs these tasks."""
        from tictally_recorder.sinks.influxdb.provisioning import new_token  # noqa: PLC0415 - see above

        return new_token(_target(settings))


def _target(settings: Settings) -> Target:
    target = settings.section(InfluxdbSettings).target
    if target is None:
        raise SinkError(Phrase(ProblemCode.INFLUX_NOT_CONFIGURED))
    return target
