"""One catalogue of words per language and program, for command line, page and hubs alike.

A catalogue is `<language>.json`: key → string, or plural forms `{"one": …, "other": …}` chosen by `{count}`. A
placeholder is `{name}` or `{name|format}`; formats are those of `_FORMATS`. The page reads the same files.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date as calendar_day
from datetime import datetime
from importlib.resources import files
from typing import Final, TypeAlias, cast

from tictally_shared.phrase import Phrase, PhraseCode

LANGUAGES: Final = ("en", "fr")
_KILO: Final = 1000
_RANGES_SHOWN: Final = 5
_PLACEHOLDER: Final = re.compile(r"\{(\w+)(?:\|(\w+))?\}")

Words: TypeAlias = str | Mapping[str, str]


class Catalogue:
    """The words of a language.

    Args:
        language: one of `LANGUAGES`.
        words: key → string or plural forms.
    """

    def __init__(self, language: str, words: Mapping[str, Words]) -> None:
        self._language = language
        self._words = words

    def text(self, key: str, /, **values: object) -> str:
        """The words of a key, its placeholders filled in.

        Args:
            key: as in the file.
            values: name → value; `count` also selects the plural form.

        Raises:
            KeyError: there is no such key, or a value is missing.
        """
        words = self._words[key]
        if not isinstance(words, str):
            words = words[self._form(cast("int", values["count"]))]

        def filled(placeholder: re.Match[str]) -> str:
            value = values[placeholder[1]]
            return _FORMATS[placeholder[2]](self, value) if placeholder[2] else str(value)

        return _PLACEHOLDER.sub(filled, words)

    def __contains__(self, key: str) -> bool:
        return key in self._words

    def phrase(self, phrase: Phrase) -> str:
        """A phrase, with the phrases that are its parameters."""
        return self.text(phrase.code.key, **self.values(phrase))

    def advice(self, phrase: Phrase) -> str | None:
        """What to do about a finding, of the key with `.advice` behind it, or None if there is none."""
        key = f"{phrase.code.key}.advice"
        return self.text(key, **self.values(phrase)) if key in self else None

    def values(self, phrase: Phrase) -> dict[str, object]:
        """What fills the placeholders of a phrase: its parameters, inner phrases as words."""
        return {name: self._worded(value) for name, value in phrase.parameters.items()}

    def _worded(self, value: object) -> object:
        if isinstance(value, Phrase):
            return self.phrase(value)
        return tuple(self._worded(each) for each in value) if isinstance(value, tuple) else value

    def outline(self, code: PhraseCode) -> str:
        """The words of a code with `…` for its parameters, where they are not known."""
        return _PLACEHOLDER.sub("…", self._general(code))

    def template(self, code: PhraseCode) -> str:
        """The words of a code with the names of its parameters in braces, for references."""
        return _PLACEHOLDER.sub(r"{\1}", self._general(code))

    def joined(self, names: Sequence[str]) -> str:
        """`A, B, C`."""
        return ", ".join(names) or self.text("none")

    def listed(self, names: Sequence[str]) -> str:
        """`A, B and C`."""
        head, last = ", ".join(names[:-1]), names[-1]
        return self.text("list.and", first=head, last=last) if head else last

    def date(self, iso: str) -> str:
        """A day, `2026-11-21`, as the language writes it."""
        year, month, day = iso.split("-")
        return self.text("format.date", year=year, month=month, day=day)

    def moment(self, iso: str, key: str = "format.moment") -> str:
        """A moment, ISO 8601 with offset, to the minute."""
        moment = datetime.fromisoformat(iso)
        offset = moment.isoformat(timespec="minutes")[16:]
        return self.text(key, date=self.date(f"{moment:%Y-%m-%d}"), time=f"{moment:%H:%M}", offset=offset)

    def spans(self, spans: Sequence[tuple[str, str]]) -> str:
        """Times, each from a moment to a moment."""
        return self.listed(
            [
                self.text(
                    "format.span", start=self.moment(start, "format.minute"), end=self.moment(end, "format.minute")
                )
                for start, end in spans
            ]
        )

    def when(self, iso: str) -> str:
        """A day, or a moment to the minute."""
        return self.moment(iso) if "T" in iso else self.date(iso)

    def ranges(self, ranges: Sequence[tuple[str, str]]) -> str:
        """Days, each range from its first to its last day; the first ones of many."""
        shown = [
            self.text("reasons.day", day=first) if first == last else self.text("reasons.range", first=first, last=last)
            for first, last in ranges[:_RANGES_SHOWN]
        ]
        more = len(ranges) - len(shown)
        return ", ".join([*shown, self.text("reasons.more", count=more)] if more else shown)

    def days(self, ranges: Sequence[tuple[str, str]]) -> str:
        """How many days, and which: `2 days: 2026-11-10 to 2026-11-11`."""
        count = sum(
            (calendar_day.fromisoformat(last) - calendar_day.fromisoformat(first)).days + 1 for first, last in ranges
        )
        return self.text("reasons.days", count=count, ranges=self.ranges(ranges))

    def second(self, iso: str) -> str:
        """A moment, ISO 8601, to the second."""
        moment = datetime.fromisoformat(iso)
        return self.text("format.minute", date=self.date(f"{moment:%Y-%m-%d}"), time=f"{moment:%H:%M:%S}")

    def age(self, seconds: int) -> str:
        """A length of time in its largest unit that gives at least two."""
        for unit, unit_s in (("d", 86_400), ("h", 3600), ("min", 60)):
            if seconds >= 2 * unit_s:
                return self.text(f"format.age.{unit}", n=seconds // unit_s)
        return self.text("format.age.s", n=seconds)

    def size(self, size_bytes: int) -> str:
        """A number of bytes in its largest unit."""
        size = float(size_bytes)
        for unit in ("b", "kb", "mb"):
            if size < _KILO:
                return self.text(f"format.size.{unit}", n=f"{size:.0f}")
            size /= _KILO
        return self.text("format.size.gb", n=self.decimal(f"{size:.1f}"))

    def decimal(self, text: str) -> str:
        """A decimal string, `12.5`."""
        return text.replace(".", self.text("format.point"))

    def _general(self, code: PhraseCode) -> str:
        words = self._words[code.key]
        return words if isinstance(words, str) else words["other"]

    def _form(self, count: int) -> str:
        is_one = count == 1 or (self._language == "fr" and count == 0)
        return "one" if is_one else "other"


# Periods have names on the page; where a row stands for them, they are what the meter calls them.
_FORMATS: Final[Mapping[str, Callable[[Catalogue, object], str]]] = {
    "date": lambda words, value: words.date(str(value)),
    "moment": lambda words, value: words.moment(str(value)),
    "spans": lambda words, value: words.spans(cast("Sequence[tuple[str, str]]", value)),
    "list": lambda words, value: words.listed(cast("Sequence[str]", value)),
    "periods": lambda _, value: ", ".join(cast("Sequence[str]", value)),
    "joined": lambda words, value: words.joined(cast("Sequence[str]", value)),
    "clauses": lambda words, value: words.text("list.separator").join(cast("Sequence[str]", value)),
    "sentences": lambda _, value: " ".join(cast("Sequence[str]", value)),
    "ranges": lambda words, value: words.ranges(cast("Sequence[tuple[str, str]]", value)),
    "days": lambda words, value: words.days(cast("Sequence[tuple[str, str]]", value)),
    "when": lambda words, value: words.when(str(value)),
    "period": lambda _, value: str(value),
    "second": lambda words, value: words.second(str(value)),
    "age": lambda words, value: words.age(cast("int", value)),
    "size": lambda words, value: words.size(cast("int", value)),
    "decimal": lambda words, value: words.decimal(str(value)),
}


def load_catalogue(package: str, language: str) -> Catalogue:
    """The catalogue `<language>.json` of a package.

    Raises:
        ValueError: there is none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"there are no words in {language!r}, only in {', '.join(LANGUAGES)}")
    text = files(package).joinpath(f"{language}.json").read_text(encoding="utf-8")
    return Catalogue(language, json.loads(text))
