"""The name that was probably meant by a misspelt one. Pure."""

from collections.abc import Iterable

# One slip in a name of up to four characters, two in one of up to seven, and so on.
_CHARACTERS_PER_SLIP = 3
# An abbreviation is less near than one slip, and nearer than two: `form` is `from` before it is `format`.
_ABBREVIATION = 1.5


def nearest_name(written: str, names: Iterable[str]) -> str | None:
    """The nearest of some names, or None where none is near.

    Case, hyphens and underscores do not count. Two swapped letters are one slip, as are a missing, a further and a
    wrong one; a name that is the beginning of the other is near.

    Args:
        written: as the user wrote it.
        names: to choose from; of equally near ones the first.
    """
    plain = _plain(written)
    best: str | None = None
    best_distance: float = len(plain) // _CHARACTERS_PER_SLIP + 2
    for name in names:
        other = _plain(name)
        distance: float = _distance(plain, other)
        if min(len(plain), len(other)) > 1 and (other.startswith(plain) or plain.startswith(other)):
            distance = min(distance, _ABBREVIATION)
        if distance < best_distance and distance < len(plain):
            best, best_distance = name, distance
    return best


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _distance(one: str, other: str) -> int:
    """How many slips lead from one word to another: optimal string alignment."""
    before: list[int] = []
    current = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        further, before, current = before, current, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, current[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, further[j - 2] + 1)
            current.append(cost)
    return current[-1]
