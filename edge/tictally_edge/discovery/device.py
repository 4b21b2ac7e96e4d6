"""A meter as a device of a hub."""

from tictally_edge.discovery.profile import Profile, hardware_of
from tictally_edge.discovery.words import METER
from tictally_shared.discovery import Device, Language
from tictally_shared.euridis import identity_of
from tictally_shared.topics import Topics


def meter_device(  # noqa: PLR0913, PLR0917 - what a hub shows of a meter
    profile: Profile, number: str, key: str | None, topics: Topics, edge: str, version: str, language: Language
) -> Device:
    """The device.

    Args:
        profile: what the meter is.
        number: its own, ADCO or ADSC; tells maker and model.
        key: what stands for the number everywhere, or None. The number is shown nowhere then.
        topics: below which base.
        edge: the name of the edge that reads it.
        version: of the edge's program.
        language: of its name.
    """
    meter, identity = key or number, identity_of(number)
    return Device(
        id=f"tictally_{meter}",
        name=f"{'Linky' if identity.is_linky else METER.of(language)} {meter}",
        version=version,
        maker=identity.maker,
        model=identity.model,
        serial=number if key is None else None,
        hardware=hardware_of(profile),
        availability=(topics.edge(edge, "availability"), topics.meter_availability(meter)),
    )
