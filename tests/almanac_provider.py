"""A tariff provider in one file: an almanac that prints prices of EJP as JSON, by zone."""

import json
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.model import Confidence, Price, Taxes
from tictally_recorder.tariffs.providers.protocol import (
    ProviderError,
    Publication,
    PublishedHistory,
    PublishedPrices,
    PublishedRevision,
)


class AlmanacSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str = Field("mainland", description="Zone whose prices are imported from the almanac.")


class Almanac:
    name = "almanac"
    title = "The Almanac"
    settings = AlmanacSettings
    tariffs = ("edf-bleu-ejp",)
    form = "JSON of EJP"
    publication = Publication(
        source="The Almanac",
        note="as printed",
        confidence=Confidence.SECONDARY,
        price_step=Decimal("0.00001"),
        has_billed_subscriptions=True,
    )

    def recognizes(self, content: bytes, /) -> bool:
        return b'"almanac"' in content

    def read(self, content: bytes, file: str, settings: Settings, /) -> PublishedHistory:
        zone = settings.section(AlmanacSettings).zone
        zones = json.loads(content)["almanac"]
        if zone not in zones:
            raise ProviderError([TariffError(file, 1, f"it has no zone {zone}; it has {', '.join(zones)}")])
        revisions = [
            PublishedRevision(date.fromisoformat(start), None, {9: self._prices(amounts)})
            for start, amounts in zones[zone].items()
        ]
        return PublishedHistory(self.tariffs[0], tuple(revisions), file)

    def doubt(self, revision: PublishedRevision, _taxes: Taxes, /) -> str | None:
        prices = revision.powers[9].prices
        return f"{revision.start}: peak days are cheaper" if prices["PM"].ttc < prices["HN"].ttc else None

    def _prices(self, amounts: dict[str, str]) -> PublishedPrices:
        prices = {period: Price(Decimal(amounts[period])) for period in ("HN", "PM")}
        return PublishedPrices(1, prices, Decimal(amounts["yearly"]), None)
