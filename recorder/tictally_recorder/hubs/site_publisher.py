"""Publishes sites' figures: each when it has changed, all of them when the broker or a hub has begun anew."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tictally_recorder.hubs.site_device import ENTITIES, SiteDevice
from tictally_recorder.hubs.site_state import CURRENCY, NOTHING, STANDBY, STANDBY_TREND, TARIFF_AGE
from tictally_shared.topics import Topics

Publish = Callable[[str, str], None]
"""(topic, payload), retained."""

# Every name that a site's topics may have: those of a site that is gone are cleared by them.
_NAMES: Final = (*(entity.key for entity in ENTITIES), CURRENCY)
_OF_LOAD: Final = (STANDBY, STANDBY_TREND)


class SitePublisher:
    """Knows what stands on the broker.

    Args:
        topics: below which base.
        device: how sites are announced, or None where they are not.
        send: sends a retained message.
    """

    def __init__(self, topics: Topics, device: SiteDevice | None, send: Publish) -> None:
        self._topics = topics
        self._device = device
        self._send = send
        self._published: dict[str, dict[str, str]] = {}
        self._announced: dict[str, tuple[frozenset[str], str]] = {}

    @property
    def tariff_ages(self) -> dict[str, int]:
        """Site → days since the first day of the price list that holds, where one does."""
        ages = {site: published.get(TARIFF_AGE, NOTHING) for site, published in self._published.items()}
        return {site: int(age) for site, age in ages.items() if age != NOTHING}

    def publish(self, site: str, figures: Mapping[str, str]) -> None:
        """Publish what has changed of a site's figures, and announce it where it has others than before."""
        published = self._published.setdefault(site, {})
        self._announce(site, figures)
        for name, payload in figures.items():
            if published.get(name) != payload:
                self._send(self._topics.site(site, name), payload)
        for name in published.keys() - figures.keys():  # its contract is gone
            self._send(self._topics.site(site, name), NOTHING)
        self._published[site] = dict(figures)

    def connected(self) -> None:
        """The broker is another one, or knows nothing: all is published with the next figures."""
        self._published.clear()
        self._announced.clear()

    def announce_again(self) -> None:
        """A hub has begun anew: it is published of all sites."""
        if self._device is not None:
            for site, (names, currency) in self._announced.items():
                self._send(self._device.topic(site), self._device.payload(site, names, currency))

    def clear(self, sites: Iterable[str]) -> None:
        """Take back what stands of sites that are no longer."""
        for site in sites:
            for name in _NAMES:
                self._send(self._topics.site(site, name), "")
            if self._device is not None:
                self._send(self._device.topic(site), "")
            self._published.pop(site, None)
            self._announced.pop(site, None)

    def _announce(self, site: str, figures: Mapping[str, str]) -> None:
        """With the first contract or night, and whenever there is more to tell; what it once had stays."""
        if self._device is None:
            return
        names, currency = self._announced.get(site, (frozenset[str](), ""))
        if figures.get(CURRENCY, NOTHING) != NOTHING:
            currency = figures[CURRENCY]
        # Without a price list no amount has a unit.
        published = figures.keys() if currency else {name for name in _OF_LOAD if figures.get(name, NOTHING) != NOTHING}
        known = names | published, currency
        if known[0] and known != self._announced.get(site):
            self._announced[site] = known
            self._send(self._device.topic(site), self._device.payload(site, *known))
