"""Settings of the HTTP server, and of the interfaces of other programs that it offers."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from tictally_recorder.api.middleware.networks import PREFIX_PATH, Network
from tictally_recorder.settings import OFF, PREFIX, SECTIONS, Settings
from tictally_shared.frames import KEY
from tictally_shared.settings.checks import checked_host
from tictally_shared.settings.sections import SectionModel
from tictally_shared.settings_error import SettingError

BY_TOKEN: Final = "token"  # noqa: S105 - a word
ANY_ORIGIN: Final = "*"
COOKIE: Final = "tictally_token"
"""Of browsers, in which they send the token."""
_TOKEN_CHARACTERS: Final = 16
_NO_TOKEN: Final = f"there is no token; set {PREFIX}HTTP_TOKEN"


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if len(text) < _TOKEN_CHARACTERS or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"a token is {_TOKEN_CHARACTERS} characters or more, without spaces")
    return token


def _words(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def _origin(text: str) -> str:
    found = urlsplit(text)
    plain = f"{found.scheme}://{found.netloc}"
    if text != ANY_ORIGIN and (
        text.rstrip("/") != plain or found.scheme not in {"http", "https"} or not found.hostname
    ):
        raise ValueError(f"{text[:40]!r} is no origin, such as https://home.example or http://192.168.1.5:3000, nor *")
    return text.rstrip("/").lower()


def _host_name(text: str) -> str:
    return checked_host(text).lower()


def _network(word: object, *, words: str = "") -> Network:
    """A range of addresses; `words` of the error: what may be given instead."""
    text = str(word)[:40]
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        message = f"{text!r} is {words or 'not'} a range of addresses such as 192.168.1.0/24"
        raise ValueError(message) from None
    address = text.partition("/")[0]
    if ipaddress.ip_address(address) != network.network_address:
        raise ValueError(f"{text!r} is an address in a range; give the range {network}, or {address} alone")
    return network


def _networks(value: object) -> object:
    words = _words(value)
    if not isinstance(words, tuple | list):
        raise ValueError("give addresses or ranges of addresses separated by commas: 192.168.1.0/24")  # noqa: TRY004 - pydantic's
    return tuple(map(_network, words))


def _networks_or_word(value: object) -> object:
    """`off` and `token` are themselves, everything else is ranges of addresses."""
    if isinstance(value, str) and value in {OFF, BY_TOKEN}:
        return value
    words = _words(value)
    if not isinstance(words, tuple | list) or not words:
        raise ValueError("give off, token, or ranges of addresses separated by commas: 192.168.1.0/24")
    return tuple(_network(word, words="neither off, token nor") for word in words)


def _path(text: str) -> str:
    path = text.rstrip("/")
    if path and not PREFIX_PATH.fullmatch(path):
        raise ValueError(f"{text[:40]!r} is no path such as /tictally")
    return path


def _prms(value: object) -> object:
    pairs = value
    if isinstance(value, str):
        pairs = {prm.strip(): site.strip() for prm, _, site in (word.partition("=") for word in value.split(","))}
    if not isinstance(pairs, dict):
        raise ValueError("give pairs: 12345678901234=021900000002, several with commas")  # noqa: TRY004 - pydantic's
    for prm, site in pairs.items():
        if not (isinstance(prm, str) and prm.isdigit() and isinstance(site, str) and KEY.fullmatch(site)):
            raise ValueError(f"{str(prm)[:20]!r} has no site; give pairs: 12345678901234=021900000002")
    return pairs


class HttpSettings(SectionModel):
    """The HTTP server of page and API."""

    model_config = ConfigDict(populate_by_name=True)

    switch: Literal["on", "off"] = Field(default="on", alias="http", description="`off`: no page and no API.")
    host: Annotated[str, AfterValidator(checked_host)] = Field(
        default="127.0.0.1",
        description="Address that page and API listen on. The default is for this machine alone; `0.0.0.0` lets "
        "others in.",
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=8780,
        description="Port that page and API listen on. While another program has it, recording goes on without them.",
    )
    token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        default=None,
        description="Bearer token required for writes, and for reads where `http_reads` is `token`. 16 characters or "
        "more.",
    )
    reads: Literal["open", "token"] = Field(
        default="open", description="Whether reading requires the token: `open` or `token`."
    )
    origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_words)] | None = Field(
        default=None,
        description="Origins whose pages may read the API (CORS): `https://home.example`, several separated by commas, "
        "or `*`. Their requests never have the page's cookie.",
    )
    names: Annotated[tuple[Annotated[str, AfterValidator(_host_name)], ...], BeforeValidator(_words)] | None = Field(
        default=None,
        description="Host names that requests may be addressed to, such as a proxy's, separated by commas. Addresses "
        "and names of a home network (`nas`, `nas.local`) are always allowed.",
    )
    path: Annotated[str, AfterValidator(_path)] = Field(
        default="",
        description="Path below which a reverse proxy shows page and API without removing it, such as `/tictally`.",
    )
    ingress: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = Field(
        default=(),
        description="Addresses of a proxy that authenticates its users and sends `X-Ingress-Path`, as Home Assistant's "
        "ingress does: its requests require neither the token nor a known host name.",
    )
    frame_ancestors: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_words)] = Field(
        default=(),
        description="Origins whose pages may show the page in a frame: `https://home.example`, several separated by "
        "commas, or `*`.",
    )

    upload_mb: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=4000,
        description="Megabytes that the files of one import on the page may have together.",
    )

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        if self.reads == BY_TOKEN and self.token is None:
            raise SettingError("http_reads", _NO_TOKEN)
        return self


class MeteritSettings(SectionModel):
    """The interface of meterit: readings that devices send."""

    model_config = ConfigDict(populate_by_name=True)

    access: Annotated[Literal["off", "token"] | tuple[Network, ...], BeforeValidator(_networks_or_word)] = Field(
        default="off",
        alias="meterit",
        description="Who may send readings as to meterit: `off`, `token`, or address ranges such as "
        "`192.168.1.0/24`, separated by commas.",
    )
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None,
        alias="meterit_port",
        description="Port at which that interface has its original addresses (`/`, `/ping`, …), for devices whose "
        "address is fixed. Unset: only below `/meterit` of the API.",
    )


class ConsoSettings(SectionModel):
    """The interface of Conso API over the local data."""

    prms: Annotated[Mapping[str, str], BeforeValidator(_prms)] = Field(
        default_factory=dict,
        alias="prms",
        description="Delivery points for clients of Conso API, each with its site: `12345678901234=021900000002`, "
        "several separated by commas.",
    )


def _check_meterit(settings: Settings) -> None:
    meterit, http = settings.section(MeteritSettings), settings.section(HttpSettings)
    if meterit.port is not None and meterit.access == OFF:
        raise SettingError("meterit_port", f"readings by HTTP are off; set {PREFIX}METERIT")
    if meterit.port is not None and meterit.port == http.port:
        raise SettingError("meterit_port", f"page and API have this port ({PREFIX}HTTP_PORT)")
    if settings.section(MeteritSettings).access == BY_TOKEN and settings.section(HttpSettings).token is None:
        raise SettingError("meterit", _NO_TOKEN)


SECTIONS.register(HttpSettings, "http_")
SECTIONS.register(MeteritSettings, check=_check_meterit)
SECTIONS.register(ConsoSettings)
