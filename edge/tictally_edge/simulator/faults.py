"""What a bad line does to bytes: flipped bits, lost and doubled characters, repeatable from a seed."""

from collections.abc import Iterator
from copy import copy
from math import log, log1p
from random import Random
from sys import maxsize

from tictally_edge.simulator import SimulatorError


class Faults:
    """A bad line, from its first character on; the chunks in which it is fed change nothing.

    Attributes:
        bit_flip: probability that a bit is flipped, for each bit by itself.
        lose: probability that a character is lost.
        double: probability that a character comes twice.
        seed: the same seed strikes the same places.
        parity: True if bit 7 carries parity and can be hit as well, False for seven bits.

    Raises:
        SimulatorError: a probability is not one.
    """

    def __init__(
        self, *, bit_flip: float = 0.0, lose: float = 0.0, double: float = 0.0, seed: int = 0, parity: bool = True
    ) -> None:
        for probability in (bit_flip, lose, double):
            if not 0 <= probability <= 1:
                raise SimulatorError(f"{probability} is not a probability from 0 to 1")
        self._bits, self._seed = 8 if parity else 7, seed
        self._flips = _Strikes(bit_flip, f"flip {seed}")
        self._losses = _Strikes(lose, f"lose {seed}")
        self._doubles = _Strikes(double, f"double {seed}")
        self._passed = 0

    def with_flips(self, bit_flip: float) -> "Faults":
        """The same line from here on with another probability of flipped bits.

        Raises:
            SimulatorError: it is not a probability.
        """
        other = copy(self)
        place = self._passed * self._bits
        other._flips = Faults(bit_flip=bit_flip, seed=self._seed)._flips.after(place)  # noqa: SLF001 - its own kind
        return other

    def apply(self, characters: bytes) -> bytes:
        """What arrives of the next characters."""
        begin, end = self._passed, self._passed + len(characters)
        self._passed = end
        arrived = bytearray(characters)
        for bit in self._flips.until(end * self._bits):
            arrived[bit // self._bits - begin] ^= 1 << bit % self._bits
        copies = dict.fromkeys(self._doubles.until(end), 2) | dict.fromkeys(self._losses.until(end), 0)
        for place in sorted(copies, reverse=True):
            arrived[place - begin : place - begin + 1] *= copies[place]
        return bytes(arrived)


class _Strikes:
    """The places that are struck, found by the gaps between them: what is spared costs nothing."""

    def __init__(self, probability: float, seed: str) -> None:
        self._probability, self._rng = probability, Random(seed)
        self._next = self._gap()

    def after(self, place: int) -> "_Strikes":
        """The same gaps, counted from a place."""
        self._next += place
        return self

    def until(self, end: int) -> Iterator[int]:
        """The places before `end` that have not been given yet."""
        while self._next < end:
            yield self._next
            self._next += 1 + self._gap()

    def _gap(self) -> int:
        if self._probability in (0, 1):
            return 0 if self._probability else maxsize
        # Geometric: how many are spared before the next is struck.
        return int(log(1 - self._rng.random()) / log1p(-self._probability))
