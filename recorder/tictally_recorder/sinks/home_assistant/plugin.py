"""Home Assistant's long-term statistics as a kind of sink. It imports what it needs only where it is used."""

from collections.abc import Sequence
from typing import Final

from tictally_recorder.ledger import LedgerReader, Outbox
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.home_assistant.settings import HomeAssistantServer, StatisticsSettings
from tictally_recorder.sinks.protocol import Sink, SinkContext, SinkError
from tictally_shared.phrase import Phrase

NAME: Final = "home_assistant_statistics"


class HomeAssistantStatistics:
    """The plug-in; `SinkPlugin` and `RemovableSink` describe its members."""

    name = NAME
    title = "Home Assistant"
    is_live = False
    settings = StatisticsSettings

    def destination(self, settings: Settings) -> str | None:
        """Address of the server."""
        target = settings.section(StatisticsSettings).target
        return None if target is None else target.url

    def open(self, context: SinkContext) -> Sink:
        """Open outbox and ledger; Home Assistant is connected to in the first step."""
        from tictally_recorder.cost.terms_watcher import WatchedTerms  # noqa: PLC0415 - see above
        from tictally_recorder.sinks.home_assistant.hour_source import HourSource  # noqa: PLC0415 - see above
        from tictally_recorder.sinks.home_assistant.sink import HomeAssistantSink  # noqa: PLC0415 - see above

        settings = context.settings
        target, outbox = _target(settings), Outbox.open(settings.ledger, NAME)
        try:
            terms = WatchedTerms(settings.contracts_file, settings.tariffs_folder, settings.zone)
            source = HourSource(LedgerReader.open(settings.ledger), terms, settings.zone, target.by)
        except BaseException:
            outbox.close()
            raise
        return HomeAssistantSink(target, outbox, source, context)

    def check(self, settings: Settings) -> Phrase | None:
        """Whether the server answers and takes the token, and has the entities of the settings."""
        from tictally_recorder.sinks.home_assistant.client import Client  # noqa: PLC0415 - see above

        target = _target(settings)
        try:
            client = Client(target)
            try:
                known = client.statistics()
            finally:
                client.close()
        except SinkError as error:
            return error.problem
        for name, entity in target.entities.items():
            if entity not in known:
                about = {"entity": entity, "statistic": name}
                return Phrase(ProblemCode.HOME_ASSISTANT_ENTITY_WITHOUT_STATISTICS, about)
        return None

    def set_up(self, settings: Settings) -> Sequence[str]:
        """Nothing: Home Assistant creates a statistic with its first hour."""
        _target(settings)
        return []

    def create_token(self, settings: Settings) -> str:
        """Home Assistant creates them only for its user."""
        raise SinkError(Phrase(ProblemCode.HOME_ASSISTANT_HAS_NO_TOKENS, {"url": _target(settings).url}))

    def remove(self, settings: Settings) -> Sequence[str]:
        """Remove the ledger's statistics, and let an entity's history before its own first hour show nothing."""
        from tictally_recorder.sinks.home_assistant.removal import remove  # noqa: PLC0415 - see above

        return remove(_target(settings), settings.ledger, NAME)


def _target(settings: Settings) -> HomeAssistantServer:
    target = settings.section(StatisticsSettings).target
    if target is None:
        raise SinkError(Phrase(ProblemCode.STATISTICS_NOT_CONFIGURED))
    return target
