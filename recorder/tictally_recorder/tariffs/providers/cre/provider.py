"""The French energy regulator (CRE), which publishes the history of the regulated tariffs as open data."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import ClassVar, Final

from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.model import Confidence, Taxes
from tictally_recorder.tariffs.providers.cre.csv import PERIODS, is_cre, read_cre
from tictally_recorder.tariffs.providers.cre.plausibility import doubt_of
from tictally_recorder.tariffs.providers.protocol import Publication, PublishedHistory, PublishedRevision

_VAT: Final = Decimal("0.20")
_VAT_SINCE: Final = date(2014, 1, 1)
_SUBSCRIPTION_VAT_BEFORE: Final = Decimal("0.055")
_SUBSCRIPTION_VAT_SINCE: Final = date(2025, 8, 1)


class Cre:
    """Reads the regulator's CSV files."""

    name: ClassVar[str] = "cre"
    title: ClassVar[str] = "Commission de régulation de l'énergie (CRE)"
    settings: ClassVar[None] = None
    tariffs: ClassVar[tuple[str, ...]] = tuple(PERIODS)
    form: ClassVar[str] = "CSV of Base, HP/HC or Tempo from the CRE's open data"
    publication: ClassVar[Publication] = Publication(
        source="CRE, open data",
        note="subscriptions with taxes: a twelfth of the CRE's year, which can be beside what EDF invoices",
        confidence=Confidence.OFFICIAL,
        price_step=Decimal("0.0001"),  # EDF's own prices have four decimals; the regulator has published five
        has_billed_subscriptions=False,  # they differ from EDF's by up to two per cent since August 2022
    )

    def recognizes(self, content: bytes, /) -> bool:
        """True if the heading has a column of the CRE's."""
        return is_cre(content)

    def read(self, content: bytes, file: str, _settings: Settings, /) -> PublishedHistory:
        """Read a file; accise and CTA are not in it, and change with each revision."""
        history = read_cre(content, file)
        return replace(history, revisions=tuple(replace(each, taxes=_vat(each.start)) for each in history.revisions))

    def doubt(self, revision: PublishedRevision, taxes: Taxes, /) -> str | None:
        """Compare the accise that the amounts imply with the one that was levied."""
        return doubt_of(revision, taxes.accise)


def _vat(start: date) -> Taxes:
    """The rates of a day by law."""
    if start < _VAT_SINCE:
        return Taxes()
    since = start >= _SUBSCRIPTION_VAT_SINCE
    return Taxes(vat_energy=_VAT, vat_subscription=_VAT if since else _SUBSCRIPTION_VAT_BEFORE)
