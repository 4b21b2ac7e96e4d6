"""Publishes the figures of sites: each when it has changed, all of them to a broker that knows none."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tictally_recorder.hubs.price_outlook import JSON_NAMES, NO_PRICES, VALUE_NAMES
from tictally_recorder.hubs.site_device import ENTITIES, SiteDevice
from tictally_recorder.hubs.site_state import CURRENCY, NOTHING, STANDBY, STANDBY_TREND, TARIFF_AGE
from tictally_shared.topics import Topics

Publish = Callable[[str, str], object]
"""(topic, payload), retained."""

# Every name that a site's topics may have, to clear those of a site that is gone.
SITE_TOPICS: Final = (*(entity.key for entity in ENTITIES), *JSON_NAMES, CURRENCY)
_OF_LOAD: Final = (STANDBY, STANDBY_TREND)


class SitePublisher:
    """Knows what is retained at the broker.

    Args:
        topics: below the base topic.
        device: how sites are announced, or None if discovery is off.
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
        """Site → days since the first day of the tariff that holds, where one does."""
        ages = {site: published.get(TARIFF_AGE, NOTHING) for site, published in self._published.items()}
        return {site: int(age) for site, age in ages.items() if age != NOTHING}

    def publish(self, site: str, figures: Mapping[str, str]) -> None:
        """Publish what has changed of a site's figures, and announce the site where it has new ones."""
        published = self._published.setdefault(site, {})
        self._announce(site, figures)
        for name, payload in figures.items():
            if published.get(name) != payload:
                self._send(self._topics.site(site, name), payload)
        for name in published.keys() - figures.keys():  # its contract is gone
            self._send(self._topics.site(site, name), NO_PRICES if name in JSON_NAMES else NOTHING)
        self._published[site] = dict(figures)

    def connected(self) -> None:
        """Forget what was published: the broker may be another one, or have lost it."""
        self._published.clear()
        self._announced.clear()

    def announce_again(self) -> None:
        """Announce every site to a hub that has started."""
        if self._device is not None:
            for site, (names, currency) in self._announced.items():
                self._send(self._device.topic(site), self._device.payload(site, names, currency))

    def clear(self, sites: Iterable[str]) -> None:
        """Clear the topics of sites that no longer exist."""
        for site in sites:
            for name in SITE_TOPICS:
                self._send(self._topics.site(site, name), "")
            if self._device is not None:
                self._send(self._device.topic(site), "")
            self._published.pop(site, None)
            self._announced.pop(site, None)

    def _announce(self, site: str, figures: Mapping[str, str]) -> None:
        """Announce a site with its first contract or night, and whenever it has more figures; it never loses one.

        What comes of prices is announced once it is known: many tariffs never have it.
        """
        if self._device is None:
            return
        names, currency = self._announced.get(site, (frozenset[str](), ""))
        if figures.get(CURRENCY, NOTHING) != NOTHING:
            currency = figures[CURRENCY]
        # Without a tariff no amount has a unit.
        published = {
            name
            for name, payload in figures.items()
            if payload != NOTHING or (currency and name not in VALUE_NAMES)
            if currency or name in _OF_LOAD
        }
        known = names | published, currency
        if known[0] and known != self._announced.get(site):
            self._announced[site] = known
            self._send(self._device.topic(site), self._device.payload(site, *known))
