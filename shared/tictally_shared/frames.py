"""The Frame and its JSON form, the message that edges publish and recorders store.

`frame.schema.json` beside this file is the same form as a JSON Schema; the tests hold the two together.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NoReturn

from tictally_shared.labels import LABELS, UNKNOWN_LABEL, Mode

VERSION: Final = 1
MAX_BYTES: Final = 64 * 1024

KEY: Final = re.compile(r"[a-z0-9-]{1,32}")
BOOT: Final = re.compile(r"[0-9a-f]{16}")
SERIAL: Final = re.compile(r"[0-9a-f]{8,64}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_MAX_TEXT: Final = 256
_MAX_VALUES: Final = 256
_INT64: Final = 2**63 - 1
_FIELDS: Final = frozenset({"v", "meter", "serial", "edge", "boot", "seq", "time", "mode", "values", "dated"})
_REQUIRED: Final = _FIELDS - {"serial"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS: Final = 253_402_300_799_999  # the end of year 9999

_MODES: Final = {mode.value: mode for mode in Mode}


class FrameRejection(StrEnum):
    """Why a message is not a frame."""

    SIZE = "size"
    JSON = "json"
    INTEGER = "integer"
    VERSION = "version"
    FORM = "form"
    EDGE = "edge"


class FrameError(ValueError):
    """A message that is not a frame of this version.

    Attributes:
        reason: for counting.
        sentence: for people.
    """

    def __init__(self, reason: FrameRejection, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Frame:
    """What a meter sent between STX and ETX, checked, numbered and dated.

    Attributes:
        meter: its number, or the key given at installation.
        edge: the name of the process that read it.
        boot: 16 hexadecimal digits, one life of that edge's journal.
        seq: one more for each frame within a boot, from 1.
        time_ms: when the frame's end arrived, milliseconds since 1970 in UTC.
        mode: of its line.
        values: label → integer where the catalogue has a unit, else string, stripped, runs of spaces made one.
        dated: label → horodate of its value, ISO 8601 with offset. DATE is only here.
        serial: short hash of the meter's number where `meter` is a key, else None.
    """

    meter: str
    edge: str
    boot: str
    seq: int
    time_ms: int
    mode: Mode
    values: dict[str, int | str]
    dated: dict[str, str] = field(default_factory=dict)
    serial: str | None = None

    def to_json(self) -> str:
        """Return the frame as one line of JSON."""
        body: dict[str, Any] = {"v": VERSION, "meter": self.meter}
        if self.serial is not None:
            body["serial"] = self.serial
        body |= {"edge": self.edge, "boot": self.boot, "seq": self.seq, "time": iso_utc(self.time_ms)}
        body |= {"mode": self.mode.value, "values": self.values, "dated": self.dated}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, payload: bytes | str, *, edge: str | None = None) -> "Frame":
        """Parse a message.

        Args:
            payload: the message, at most 64 KiB.
            edge: the name in the topic it came on; a frame that names another edge is rejected. None: not compared.

        Raises:
            FrameError: it is not a frame, and why.
        """
        return _build(strict_json(payload), edge)

    @classmethod
    def from_fields(cls, fields: dict[str, Any], *, edge: str | None = None) -> "Frame":
        """As `from_json`, from the result of `strict_json`, for callers that need the fields of invalid frames too."""
        return _build(fields, edge)


def iso_utc(time_ms: int) -> str:
    """Format milliseconds since 1970 as ISO 8601 in UTC, `2026-11-21T20:27:09.123Z`."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def parse_time_ms(text: str) -> int:
    """Parse ISO 8601 with offset to milliseconds since 1970.

    Raises:
        ValueError: it is not such a time.
    """
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not an ISO 8601 time with offset")
    delta = datetime.fromisoformat(text) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def strict_json(payload: bytes | str) -> dict[str, Any]:
    """Parse the JSON object of a message: no NaN, no repeated key, no number beyond 64 bits.

    Raises:
        FrameError: size, json, integer or form.
    """
    if len(payload) > MAX_BYTES:
        raise FrameError(FrameRejection.SIZE, f"{len(payload)} bytes are more than {MAX_BYTES}")
    try:
        text = payload.decode("utf-8") if isinstance(payload, bytes) else payload
        body = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:  # an escaped half of a surrogate pair cannot be stored
            json.dumps(body, ensure_ascii=False).encode("utf-8")
    except FrameError:
        raise
    except RecursionError:
        raise FrameError(FrameRejection.JSON, "nested too deep") from None
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError among them
        raise FrameError(FrameRejection.JSON, f"not JSON: {str(error)[:120]}") from None
    if not isinstance(body, dict):
        raise FrameError(FrameRejection.FORM, "not a JSON object")
    return body


def _integer(digits: str) -> int:
    if len(digits) > len(str(_INT64)) + 1 or abs(value := int(digits)) > _INT64:
        raise FrameError(FrameRejection.INTEGER, "an integer beyond 64 bits")
    return value


def _constant(name: str) -> NoReturn:
    raise FrameError(FrameRejection.JSON, f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise FrameError(FrameRejection.JSON, "a key stands twice in one object")
    return body


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_constant=_constant, object_pairs_hook=_object)


def _build(body: dict[str, Any], edge: str | None) -> Frame:
    version = body.get("v")
    if type(version) is not int:
        raise FrameError(FrameRejection.FORM, "v, the version of the form, is missing")
    if version != VERSION:
        raise FrameError(FrameRejection.VERSION, f"version {version} of the form; this program reads {VERSION}")
    _check(body.keys() >= _REQUIRED, lambda: f"missing: {', '.join(sorted(_REQUIRED - body.keys()))}")
    _check(body.keys() <= _FIELDS, lambda: f"unknown field: {min(body.keys() - _FIELDS)[:40]}")
    meter, name, boot, seq, mode = body["meter"], body["edge"], body["boot"], body["seq"], body["mode"]
    serial = body.get("serial")
    _check(_matches(KEY, meter), "meter is not [a-z0-9-]{1,32}")
    _check(_matches(KEY, name), "edge is not [a-z0-9-]{1,32}")
    _check(_matches(BOOT, boot), "boot is not 16 hexadecimal digits")
    _check(type(seq) is int and seq >= 1, "seq is not a positive integer")
    _check("serial" not in body or _matches(SERIAL, serial), "serial is not 8 to 64 hexadecimal digits")
    _check(isinstance(mode, str) and mode in _MODES, "mode is neither historique nor standard")
    if edge is not None and name != edge:
        raise FrameError(FrameRejection.EDGE, f"it names edge {name}, its topic {edge}")
    return Frame(
        meter=meter,
        edge=name,
        boot=boot,
        seq=seq,
        time_ms=_time_ms(body["time"]),
        mode=_MODES[mode],
        values=_values(body["values"]),
        dated=_dated(body["dated"]),
        serial=serial,
    )


def _check(good: bool, sentence: Any) -> None:  # noqa: ANN401, FBT001 - a sentence, or what makes one
    if not good:
        raise FrameError(FrameRejection.FORM, sentence() if callable(sentence) else sentence)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _time_ms(value: object) -> int:
    if not isinstance(value, str):
        raise FrameError(FrameRejection.FORM, "time is not a string")
    try:
        time_ms = parse_time_ms(value)
    except (ValueError, OverflowError) as error:
        raise FrameError(FrameRejection.FORM, f"time: {error}") from None
    _check(0 <= time_ms <= _LATEST_MS, "time lies before 1970 or after 9999")
    return time_ms


def _values(values: object) -> dict[str, int | str]:
    if not isinstance(values, dict) or len(values) > _MAX_VALUES:
        raise FrameError(FrameRejection.FORM, f"values is not an object of at most {_MAX_VALUES} labels")
    for name, value in values.items():
        label = LABELS.get(name)
        if label is None:
            good = UNKNOWN_LABEL.fullmatch(name) is not None and type(value) in (int, str)
        else:
            good = type(value) is (int if label.is_number else str)
        if not good or (type(value) is str and len(value) > _MAX_TEXT):
            raise FrameError(FrameRejection.FORM, f"value of {name[:40]!r}")
    return values


def _dated(dated: object) -> dict[str, str]:
    if not isinstance(dated, dict) or len(dated) > _MAX_VALUES:
        raise FrameError(FrameRejection.FORM, f"dated is not an object of at most {_MAX_VALUES} labels")
    for name, value in dated.items():
        if UNKNOWN_LABEL.fullmatch(name) is None or not isinstance(value, str) or not _TIME.fullmatch(value):
            raise FrameError(FrameRejection.FORM, f"horodate of {name[:40]!r}")
    return dated
