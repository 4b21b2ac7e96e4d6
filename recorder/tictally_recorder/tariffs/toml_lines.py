"""The line of each key of a TOML file. Pure.

The parser of the standard library gives lines for broken syntax only; a price that is absurd deserves one too.
"""

import re
from typing import Final

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')"""
_KEY: Final = rf"{_PART}(?:\s*\.\s*{_PART})*"
_ARRAY: Final = re.compile(rf"\s*\[\[\s*({_KEY})\s*\]\]")
_TABLE: Final = re.compile(rf"\s*\[\s*({_KEY})\s*\]")
_ASSIGNMENT: Final = re.compile(rf"\s*({_KEY})\s*=")

Path = tuple[str | int, ...]
"""Keys from the outermost inward; an element of an array of tables by its number from 0."""


class TomlLines:
    """Finds the line of a key.

    A key inside of an inline table has the line of the key that the table is the value of.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        elements: dict[Path, int] = {}
        here: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            if array := _ARRAY.match(line):
                name = _inside(_parts(array[1]), elements, is_element=False)
                elements[name] = elements.get(name, -1) + 1
                here = (*name, elements[name])
                self._lines.setdefault(name, number)
                self._lines[here] = number
            elif table := _TABLE.match(line):
                here = _inside(_parts(table[1]), elements, is_element=True)
                self._lines.setdefault(here, number)
            elif assignment := _ASSIGNMENT.match(line):
                path = (*here, *_parts(assignment[1]))
                for length in range(len(here) + 1, len(path) + 1):
                    self._lines.setdefault(path[:length], number)

    def line(self, path: Path) -> int:
        """The line of a key, or of the nearest that holds it; 1 if there is none."""
        for length in range(len(path), 0, -1):
            if (found := self._lines.get(path[:length])) is not None:
                return found
        return 1


def _inside(parts: tuple[str, ...], elements: dict[Path, int], *, is_element: bool) -> Path:
    """A table's path: what lies in an array of tables lies in the last element so far."""
    path: Path = ()
    for number, part in enumerate(parts, 1):
        path = (*path, part)
        if path in elements and (is_element or number < len(parts)):
            path = (*path, elements[path])
    return path


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))
