"""The address of a topic, taken apart: broker, topic filter and options; and the settings of another broker."""

from dataclasses import dataclass
from typing import Annotated, Final, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from tictally_edge.mqtt.client import BrokerAccess, broker_access
from tictally_edge.settings import PREFIX, SECTIONS, Settings
from tictally_edge.sources.base import SourceSettingError
from tictally_edge.sources.publishers.fields import parse_fields
from tictally_edge.sources.publishers.format import ReadingOptions
from tictally_edge.sources.publishers.values import KWH, WH, meter_number
from tictally_edge.sources.registry import SourceAddress
from tictally_shared.labels import Mode
from tictally_shared.settings.mqtt import Certificate
from tictally_shared.settings.sections import SectionModel
from tictally_shared.tariff_options import TARIFF_OPTIONS

DEFAULT_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_SECTION: Final = "source_mqtt_"
_OPTIONS: Final = ("form", "format", "mode", "number", "option", "unit")
_LONGEST_TOPIC: Final = 65535


def _checked_fields(text: str) -> str:
    parse_fields(text)
    return text


class MqttSourceSettings(SectionModel):
    """Another broker that a source is read from, and what becomes of a meter that is published already."""

    username: str | None = Field(
        default=None, description="User name at the broker of a source `mqtt://host/topic`. Unset: none is sent."
    )
    password: Annotated[SecretStr | None, Field(description="Password at the broker of such a source.")] = None
    ca: Certificate | None = Field(
        default=None,
        description="CA certificate (PEM file) that must have signed the certificate of the broker of a source "
        "`mqtts://host/topic`. Unset: those that this machine trusts.",
    )
    fields: Annotated[str, AfterValidator(_checked_fields)] = Field(
        default="",
        description="Fields of a program whose format is not known, or that you have renamed: `LABEL=place`, several "
        "separated by commas; the place is the end of a topic, or a name in a JSON object (docs/publishers.md).",
    )
    republish: bool = Field(
        default=False,
        description="Whether the label topics of a meter that another program publishes are published too, and it and "
        "the edge announced to hubs: `true` or `false`. A hub that has that program's values would show them twice.",
    )


@dataclass(frozen=True, slots=True)
class TopicAddress:
    """The address of a topic.

    Attributes:
        access: the broker.
        topic_filter: what to subscribe to.
        form: of the messages; empty if it is recognised.
        options: what the user has added.
    """

    access: BrokerAccess
    topic_filter: str
    form: str
    options: ReadingOptions

    @classmethod
    def of(cls, address: SourceAddress, settings: Settings) -> Self:
        """Take an address apart.

        Raises:
            SourceSettingError: it has options that do not exist, or wrong ones, or names no topic.
        """
        if unknown := address.options.keys() - set(_OPTIONS):
            raise SourceSettingError(
                f"{address.scheme}: has no option {min(unknown)[:40]!r}; there are form, mode, number, option and unit"
            )
        form = address.options.get("form", address.options.get("format", ""))
        access, topic = _taken_apart(address, settings)
        return cls(access, _filter(topic), form, _reading_options(address))


def _reading_options(address: SourceAddress) -> ReadingOptions:
    given = address.options
    number = given.get("number")
    if number is not None and meter_number(number) != number:
        raise SourceSettingError(f"number={number[:20]!r} is not a meter's number of 12 digits")
    option = given.get("option")
    if option is not None and option not in TARIFF_OPTIONS:
        raise SourceSettingError(f"option={option[:20]!r} is none of {', '.join(TARIFF_OPTIONS)}")
    unit = given.get("unit", "")
    if unit and unit not in {WH, KWH}:
        raise SourceSettingError(f"unit={unit[:20]!r} is neither {WH} nor {KWH}")
    mode = given.get("mode")
    if mode is not None and mode not in set(Mode):
        raise SourceSettingError(f"mode={mode[:20]!r} is neither {' nor '.join(Mode)}")
    line = address.mode if mode is None else Mode(mode)
    return ReadingOptions(number, line, None if option is None else TARIFF_OPTIONS[option], unit)


def _taken_apart(address: SourceAddress, settings: Settings) -> tuple[BrokerAccess, str]:
    """The broker and the topic. In a topic `#` is a wildcard, and no fragment."""
    authority, _, path = address.target.removeprefix("//").partition("/")
    if "@" in authority:  # not shown: what stands before it is a password
        raise SourceSettingError(
            f"{address.scheme}://…@… has a login in the address, which health and logs would show; set "
            f"{PREFIX}{_SECTION.upper()}USERNAME and {PREFIX}{_SECTION.upper()}PASSWORD_FILE"
        )
    topic = unquote(path)
    if not topic.strip("/"):
        raise SourceSettingError(f"{address.text[:80]!r} names no topic")
    levels = topic.split("/")
    is_filter = all(level in {"#", "+"} or not {"#", "+"} & set(level) for level in levels) and "#" not in levels[:-1]
    if not is_filter or len(topic.encode()) > _LONGEST_TOPIC:
        raise SourceSettingError(f"{topic[:80]!r} is no topic: + and # stand for whole levels, # for the last ones")
    return _access(address, authority, settings), topic


def _filter(topic: str) -> str:
    return topic if {"#", "+"} & set(topic.split("/")) else f"{topic.rstrip('/')}/#"


def _access(address: SourceAddress, authority: str, settings: Settings) -> BrokerAccess:
    try:
        url = urlsplit(f"//{authority}")
        host, port = url.hostname, url.port or DEFAULT_PORTS[address.scheme]
    except ValueError:
        raise SourceSettingError(f"{address.text[:80]!r} has no valid port") from None
    if host is None:
        return broker_access(settings)
    login = settings.section(MqttSourceSettings)
    password = None if login.password is None else login.password.get_secret_value()
    is_tls = address.scheme == "mqtts"
    return BrokerAccess(
        host, port, login.username, password, login.ca if is_tls else None, is_tls=is_tls, section=_SECTION
    )


SECTIONS.register(MqttSourceSettings, _SECTION)
