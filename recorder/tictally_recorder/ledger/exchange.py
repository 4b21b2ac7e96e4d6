"""Which sites may be one delivery point whose meter was exchanged. Pure.

A new meter is a new site until somebody joins the two: only a person knows whether the edge was moved to another home.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tictally_recorder.ledger.model import Site

# An edge reads one line, whose meters follow one another however long that took. Where another edge reads the new
# meter, only a short gap suggests an exchange.
_OTHER_EDGE_WITHIN_MS: Final = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class ProbableExchange:
    """A site whose meter may have replaced that of another.

    Attributes:
        new: id of the site that began when the other had ended.
        old: id of that one.
    """

    new: str
    old: str


def probable_exchanges(sites: Iterable[Site]) -> list[ProbableExchange]:
    """The sites that may follow another, each with the latest one before it, oldest first."""
    ordered = sorted((site for site in sites if not site.is_integrated), key=_first_ms)
    found = []
    for new in ordered:
        ended = [site for site in ordered if _last_ms(site) < _first_ms(new) and _may_follow(new, site)]
        if ended:
            found.append(ProbableExchange(new.id, max(ended, key=_last_ms).id))
    return found


def _may_follow(new: Site, old: Site) -> bool:
    gap_ms = _first_ms(new) - _last_ms(old)
    return not set(new.edges).isdisjoint(old.edges) or gap_ms <= _OTHER_EDGE_WITHIN_MS


def _first_ms(site: Site) -> int:
    return min(meter.first_ms for meter in site.meters)


def _last_ms(site: Site) -> int:
    return max(meter.last_ms for meter in site.meters)
