"""Fetches day-ahead spot prices every afternoon into `spot-<zone>.csv` in the folder of tariffs."""

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.jobs import JobContext, JobError
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.daily_prices import PAUSE_S, DailyPricesJob, PriceFile, PriceSource
from tictally_recorder.providers.spot.energy_charts import EnergyCharts
from tictally_recorder.providers.spot.entsoe import Entsoe
from tictally_recorder.providers.spot.market_day import MARKET_TIME, PUBLISHED
from tictally_recorder.providers.spot.settings import SpotProvider, SpotSettings
from tictally_recorder.settings import Settings
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.phrase import Phrase


class SpotJob(DailyPricesJob):
    """Keeps the file of a zone complete from a day on.

    Args:
        settings: the recorder's.
        pause_s: between two requests, seconds.
    """

    def __init__(self, settings: Settings, pause_s: float = PAUSE_S) -> None:
        own = settings.section(SpotSettings)
        self._lacks_token = own.source is SpotProvider.ENTSOE and own.token is None
        path = settings.tariffs_folder / f"spot-{own.zone.lower()}.csv"
        super().__init__(_source(own), PriceFile(path, MARKET_TIME, PUBLISHED, own.since, QUARTER_MS), pause_s)

    def run(self, context: JobContext) -> Phrase:
        """Fetch what is missing. Raises a JobError where ENTSO-E is selected without a token."""
        if self._lacks_token:
            raise JobError(Phrase(ProblemCode.ENTSOE_NOT_CONFIGURED))
        return super().run(context)


def _source(own: SpotSettings) -> PriceSource:
    if own.source is SpotProvider.ENTSOE:
        token = "" if own.token is None else own.token.get_secret_value()
        return Entsoe(own.entsoe_url, token, own.zone)
    return EnergyCharts(own.energy_charts_url, own.zone)


def make(settings: Settings) -> SpotJob | None:
    """The job, or None where its settings want none."""
    if settings.section(SpotSettings).source is None or not settings.section(FetchSettings).is_allowed:
        return None
    return SpotJob(settings)
