"""Detects what a meter is, from its frames. Pure.

Its entities and their history depend on it: so a trait counts when three complete frames in a row agree, and a missing
label removes nothing while mode, phases, option and kind of meter are unchanged.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tictally_edge.validation.completeness import labels_of
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.labels import LABELS, Kind, Mode
from tictally_shared.tariff_options import TEMPO, TariffOption, option_of_ngtf, option_of_optarif


@dataclass(frozen=True, slots=True)
class Profile:
    """What a meter's entities depend on.

    Attributes:
        mode: of its line.
        phases: 1 or 3.
        option_name: OPTARIF or NGTF as read; Tempo's in historique mode as BBR, without its programme. Empty if
            unknown.
        option: the regulated option of that name; None for a supplier's own calendar.
        producer: it counts injection too.
        labels: that it sends.
        names: register, `EASF07` → the text of LTARF while it counts; learned, and used only without an option.
        registers: EASFnn and EASDnn that have counted something.
    """

    mode: Mode
    phases: int
    option_name: str
    option: TariffOption | None
    producer: bool
    labels: frozenset[str]
    names: Mapping[str, str]
    registers: frozenset[str]


def hardware_of(profile: Profile) -> str:
    """Return what hubs show as the hardware version: `TIC historique, HC.., 1 phase`.

    A function of mode, option, phases and kind of meter alone, and in one language, the meter's own: entities are
    removed only when it changes.
    """
    parts = (
        f"TIC {profile.mode}",
        profile.option_name,
        f"{profile.phases} phase{'s' * (profile.phases > 1)}",
        "producteur" if profile.producer else "",
    )
    return ", ".join(filter(None, parts))


_FRAMES_UNTIL_PROVED: Final = 3
# NTARF and LTARF may arrive some frames apart.
_FRAMES_UNTIL_NAMED: Final = 5
_OPTION_LABEL: Final = {Mode.HISTORIQUE: "OPTARIF", Mode.STANDARD: "NGTF"}
_ONLY_ON_THREE_PHASES: Final = frozenset({"IINST3", "IMAX3", "IRMS3", "URMS3", "SINSTS3", "UMOY3"})
_ONLY_OF_PRODUCERS: Final = frozenset({"EAIT", "SINSTI"})
_TEMPO: Final = "BBR"


@dataclass(frozen=True, slots=True)
class _Traits:
    """What cannot change without the meter being reconfigured."""

    mode: Mode
    phases: int
    option_name: str
    producer: bool


class ProfileWatch:
    """One meter's profile.

    Attributes:
        profile: None until three complete frames have agreed.

    Args:
        hidden: labels that are published nowhere.
    """

    def __init__(self, hidden: frozenset[str] = frozenset()) -> None:
        self._hidden = hidden
        self.profile: Profile | None = None
        self._proved: _Traits | None = None
        self._candidate: _Traits | None = None
        self._frames = 0
        self._seen: Counter[str] = Counter()
        self._counting: Counter[str] = Counter()
        self._pair, self._pair_frames = ("", ""), 0

    def add(self, validated: ValidatedFrame, *, is_complete: bool) -> None:
        """Take a frame.

        Args:
            validated: the frame.
            is_complete: whether it shows everything that its meter sends.
        """
        if not is_complete or (traits := _traits(validated)) is None:
            return
        if traits != self._candidate:
            self._candidate, self._frames = traits, 0
            self._seen.clear()
            self._counting.clear()
        self._frames += 1
        self._seen = _in_a_row(self._seen, labels_of(validated) - self._hidden)
        counting = {name for name, value in validated.values.items() if _counts(name, value)}
        self._counting = _in_a_row(self._counting, counting | (self._counting.keys() & validated.unconfirmed))
        if self._frames < _FRAMES_UNTIL_PROVED:
            return
        if traits != self._proved or self.profile is None:
            self._proved, self.profile = traits, _profile(traits)
        self._learn(validated.values, self.profile)

    def _learn(self, values: Mapping[str, int | str], profile: Profile) -> None:
        """Add what has been seen often enough; nothing is ever removed."""
        pair = str(values.get("NTARF", "")), str(values.get("LTARF", ""))
        self._pair_frames = self._pair_frames + 1 if pair == self._pair else 1
        self._pair = pair
        names = dict(profile.names)
        if self._pair_frames >= _FRAMES_UNTIL_NAMED and all(pair) and profile.option is None:
            names[f"EASF{pair[0]}"] = pair[1]
        self.profile = replace(
            profile,
            labels=profile.labels | _often(self._seen),
            registers=profile.registers | _often(self._counting),
            names=names,
        )


def _in_a_row(before: Mapping[str, int], seen: Iterable[str]) -> Counter[str]:
    """How many frames in a row have shown each."""
    return Counter({name: before.get(name, 0) + 1 for name in seen})


def _often(counter: Counter[str]) -> set[str]:
    return {name for name, count in counter.items() if count >= _FRAMES_UNTIL_PROVED}


def _traits(validated: ValidatedFrame) -> _Traits | None:
    """Return the traits that a frame shows, or None while its option is unconfirmed."""
    labels, mode = labels_of(validated), validated.frame.mode
    option_label = _OPTION_LABEL[mode]
    if option_label in validated.unconfirmed:
        return None
    option_name = str(validated.values.get(option_label, ""))
    return _Traits(
        mode=mode,
        phases=3 if not _ONLY_ON_THREE_PHASES.isdisjoint(labels) else 1,
        option_name=_TEMPO if option_of_optarif(option_name) is TEMPO else option_name,
        producer=not _ONLY_OF_PRODUCERS.isdisjoint(labels),
    )


def _profile(traits: _Traits) -> Profile:
    name_of = option_of_optarif if traits.mode is Mode.HISTORIQUE else option_of_ngtf
    return Profile(
        mode=traits.mode,
        phases=traits.phases,
        option_name=traits.option_name,
        option=name_of(traits.option_name),
        producer=traits.producer,
        labels=frozenset(),
        names={},
        registers=frozenset(),
    )


def _counts(name: str, value: int | str) -> bool:
    """Return True for a register that has counted something."""
    label = LABELS.get(name)
    return label is not None and label.kind is Kind.REGISTER and isinstance(value, int) and value > 0
