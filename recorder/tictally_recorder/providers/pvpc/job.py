"""Fetches PVPC prices every evening into `pvpc-<zone>.csv` in the folder of tariffs.

Tomorrow's prices appear between 20:15 and 20:47 in Madrid.
"""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Final

from tictally_recorder.fetch import Answer, FetchSettings
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.providers.daily_prices import PAUSE_S, DailyPricesJob, PriceFile
from tictally_recorder.providers.pvpc.answers import MADRID, DayOfPrices, read_api, read_archive
from tictally_recorder.providers.pvpc.settings import PvpcSettings, PvpcZone, pvpc_file
from tictally_recorder.settings import Settings

_INDICATOR: Final = 1001
_ARCHIVE: Final = 70
_PUBLISHED: Final = time(20, 15)


class Esios:
    """ESIOS: its API with a token, its public archive without.

    Args:
        own: the settings of PVPC.
        zone: whose prices are fetched.
    """

    def __init__(self, own: PvpcSettings, zone: PvpcZone) -> None:
        self._zone = zone
        self._token = None if own.token is None else own.token.get_secret_value()
        self.url = own.url

    def get(self, client: FetchClient, day: date) -> Answer | None:
        """Request a day, unless it is unchanged."""
        if self._token is None:
            url = f"{self.url}/archives/{_ARCHIVE}/download_json"
            return client.get_changed(url, parameters={"locale": "es", "date": str(day)})
        return client.get_changed(
            f"{self.url}/indicators/{_INDICATOR}",
            parameters={"start_date": f"{day}T00:00", "end_date": f"{day}T23:59"},
            headers={"x-api-key": self._token, "Accept": "application/json; application/vnd.esios-api-v1+json"},
        )

    def read(self, answer: Answer, day: date) -> Mapping[int, Decimal]:
        """The day's prices; empty if there are none yet."""
        read = read_archive if self._token is None else read_api
        return read(answer, DayOfPrices(day, self._zone))


class PvpcJob(DailyPricesJob):
    """Keeps the file of a zone complete from a day on.

    Args:
        settings: the recorder's.
        pause_s: between two requests, seconds.
    """

    def __init__(self, settings: Settings, pause_s: float = PAUSE_S) -> None:
        own = settings.section(PvpcSettings)
        if own.zone is None:
            raise ValueError("PVPC needs a zone")
        super().__init__(
            Esios(own, own.zone), PriceFile(pvpc_file(settings, own.zone), MADRID, _PUBLISHED, own.since), pause_s
        )


def make(settings: Settings) -> PvpcJob | None:
    """The job, or None where its settings want none."""
    if settings.section(PvpcSettings).zone is None or not settings.section(FetchSettings).is_allowed:
        return None
    return PvpcJob(settings)
