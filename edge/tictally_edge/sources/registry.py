"""The kinds of sources there are, by the scheme of their address: `socket://host:port`, `file:capture.bin?pace=fast`.

A kind is one file: it implements `SourceType`, registers its settings with `tictally_edge.settings.SECTIONS` if it has
any, and registers itself in one line; `tictally_edge.features` imports those that are part of this program.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qsl

from tictally_edge.finding import EdgeFinding
from tictally_edge.processes import Process
from tictally_edge.settings import Settings
from tictally_edge.sources.base import FrameSource, Opener, SourceSettingError
from tictally_shared.labels import Mode


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """The address of a source, taken apart.

    Attributes:
        text: as the user wrote it.
        scheme: before the colon; empty for a device's path.
        target: what follows, up to a question mark.
        options: what follows the question mark.
        mode: TIC mode set by the user, or None if it is detected.
    """

    text: str
    scheme: str
    target: str
    options: dict[str, str]
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor sees of a source without reading frames.

    Attributes:
        finding: whether it can be used.
        edge: the running edge that has it open, or None.
        opener: opens the line so that the doctor can listen at each speed; None if there is no line.
        has_own_dates: whether its dates are independent of this machine's clock.
    """

    finding: EdgeFinding
    edge: Process | None = None
    opener: Opener | None = None
    has_own_dates: bool = False


class SourceType(Protocol):
    """One kind of source."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes of its addresses; an empty one stands for addresses without."""
        ...

    @property
    def form(self) -> str:
        """How its addresses look, for messages and references."""
        ...

    def open(self, address: SourceAddress, settings: Settings) -> FrameSource:
        """Return the source of an address.

        Raises:
            SourceSettingError: the address has options that do not exist, or wrong ones.
            SourceError: it can never be read.
        """
        ...

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:
        """Examine a source for the doctor; nothing is changed anywhere."""
        ...


class SourceRegistry:
    """The registered kinds."""

    def __init__(self) -> None:
        self._by_scheme: dict[str, SourceType] = {}

    def register(self, kind: SourceType) -> None:
        """Add a kind.

        Raises:
            ValueError: one of its schemes is registered already.
        """
        for scheme in kind.schemes:
            if scheme in self._by_scheme:
                raise ValueError(f"two kinds of sources have the scheme {scheme!r}")
            self._by_scheme[scheme] = kind

    def unregister(self, kind: SourceType) -> None:
        """Remove a kind, as a test does with one of its own."""
        for scheme in kind.schemes:
            del self._by_scheme[scheme]

    def __iter__(self) -> Iterator[SourceType]:
        return iter(dict.fromkeys(self._by_scheme.values()))

    def parse(self, text: str, mode: Mode | None = None) -> tuple[SourceType, SourceAddress]:
        """Return the kind of an address, and the address taken apart.

        Raises:
            SourceSettingError: it names no source.
        """
        if not text.strip():
            raise SourceSettingError(f"it is empty; give {self._forms()}")
        scheme, colon, rest = text.partition(":")
        if colon and scheme and scheme in self._by_scheme:
            target, _, query = rest.partition("?")
            if not target.strip("/"):
                raise SourceSettingError(f"{text[:80]!r} names nothing behind {scheme}:")
            options = dict(parse_qsl(query, keep_blank_values=True))
            return self._by_scheme[scheme], SourceAddress(text, scheme, target, options, mode)
        if "://" in text or "" not in self._by_scheme:
            raise SourceSettingError(f"{text[:80]!r} begins with {scheme}:, which is unknown; give {self._forms()}")
        return self._by_scheme[""], SourceAddress(text, "", text, {}, mode)

    def _forms(self) -> str:
        *first, last = (kind.form for kind in sorted(self, key=lambda kind: kind.schemes))
        return f"{', '.join(first)} or {last}"


SOURCES: Final = SourceRegistry()
