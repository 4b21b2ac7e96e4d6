"""What every source of bytes is to the edge, and how a setting names one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qsl

from tictally_shared.labels import Mode

SPEED: Final = {Mode.STANDARD: 9600, Mode.HISTORIQUE: 1200}
BITS_PER_CHARACTER: Final = 10  # start, seven bits, parity, stop


class SourceError(Exception):
    """A source that cannot be read now; the sentence says why. It may be another time."""


class SourceEnded(Exception):  # noqa: N818 - it is no error: a recording or a load curve is at its end
    """A source that has given all it has."""


class SourceSettingError(ValueError):
    """A port setting that names no source; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something arrived, on two clocks.

    Attributes:
        at: seconds on a clock that never steps.
        time_ms: milliseconds since 1970 by the wall clock.
    """

    at: float
    time_ms: int


class Source(Protocol):
    """An open source."""

    def read(self) -> bytes:
        """What has come, soon and in one piece; empty where nothing has.

        Raises:
            SourceError: it is gone.
            SourceEnded: there is no more.
        """
        ...

    def now(self) -> Moment:
        """When the last byte that was read arrived."""
        ...

    def close(self) -> None:
        """Lets it go."""
        ...


@dataclass(frozen=True, slots=True)
class SourceSetting:
    """A port setting taken apart: `/dev/serial/by-id/…`, `socket://host:port`, `file:capture.bin?pace=fast`.

    Attributes:
        kind: `port`, `file` or `sim`.
        target: device, URL, path or contract.
        options: what follows the question mark of a file or a simulated meter.
    """

    kind: str
    target: str
    options: dict[str, str]

    @property
    def is_unpaced(self) -> bool:
        """True for what comes as fast as it is taken, on a clock of its own."""
        return self.options.get("pace") == "fast"

    @property
    def is_dated(self) -> bool:
        """True for what has dates of its own, of which this machine's clock says nothing."""
        return "curve" in self.options

    @classmethod
    def parse(cls, text: str) -> "SourceSetting":
        """Takes a setting apart.

        Raises:
            SourceSettingError: it names no source.
        """
        scheme, _, rest = text.partition(":")
        if scheme in ("file", "sim"):
            target, _, query = rest.partition("?")
            if not target:
                raise SourceSettingError(f"{text[:80]!r} names nothing behind {scheme}:")
            return cls(scheme, target, dict(parse_qsl(query, keep_blank_values=True)))
        if "://" in text and scheme not in ("socket", "rfc2217"):
            raise SourceSettingError(f"{text[:80]!r} begins with {scheme}://; socket:// and rfc2217:// are known")
        if not text.strip():
            raise SourceSettingError("it is empty; give a device, socket://host:port, rfc2217://…, file:… or sim:…")
        return cls("port", text, {})


Opener = Callable[[int], Source]
"""Opens a source at a speed in baud."""
