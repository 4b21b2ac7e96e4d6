"""What stands announced of a meter, through damage, changes of contract and restarts."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.home_assistant.announcer import Announcer
from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.home_assistant.meter_profile import ProfileWatch
from tictally_edge.topics.naming import Naming
from tictally_edge.validation.completeness import Completeness
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.labels import Mode
from tictally_shared.tariff_options import HPHC, TEMPO
from tictally_shared.topics import Topics

NUMBER = "021861000001"
NAMING = Naming(Topics(), "pi")
FRENCH = DiscoverySettings("homeassistant", "fr", "1.0.0")
Values = Mapping[str, int | str]

HP_HC: Values = {"OPTARIF": "HC..", "HCHC": 10, "HCHP": 20, "PTEC": "HC..", "ISOUSC": 30, "IINST": 2, "PAPP": 500}
TEMPO_H: Values = {
    "OPTARIF": "BBR(",
    **{f"BBRH{hour}J{day}": 10 for hour in "CP" for day in "BWR"},
    "PTEC": "HCJB",
    "DEMAIN": "----",
    "ISOUSC": 30,
    "IINST": 2,
    "PAPP": 500,
}
STANDARD: Values = {
    "NGTF": "H PLEINE/CREUSE",
    "LTARF": "HEURE PLEINE",
    "NTARF": "02",
    "EAST": 30,
    **{f"EASF{n:02d}": 10 if n <= 2 else 0 for n in range(1, 11)},
    "IRMS1": 2,
    "URMS1": 230,
    "PREF": 6,
    "SINSTS": 500,
    "STGE": "003A0401",
}


def frame(values: Values, *, damaged: bool = False, unconfirmed: frozenset[str] = frozenset()) -> ValidatedFrame:
    mode = Mode.HISTORIQUE if "PTEC" in values else Mode.STANDARD
    rejected = {"checksum": 1} if damaged else {}
    kept = {name: value for name, value in values.items() if name not in unconfirmed}
    decoded = DecodedFrame(mode, NUMBER, dict(values), {}, True, rejected, 9, 0, False, 0, 0.0)  # noqa: FBT003
    return ValidatedFrame(decoded, kept, {}, rejected, unconfirmed)


def without(values: Values, *labels: str) -> Values:
    return {name: value for name, value in values.items() if name not in labels}


class Hub:
    """An announcer, and what stands on the broker by it."""

    def __init__(self, announcing: DiscoverySettings = FRENCH, naming: Naming = NAMING, standing: str = "") -> None:
        self.announcer = Announcer(announcing, naming, NUMBER)
        self.wholeness = Completeness()
        self.output: list[str] = []
        self.standing = standing
        if standing:
            self.announcer.note_retained(standing.encode())

    def add(self, *frames: ValidatedFrame) -> None:
        for each in frames:
            self.announcer.add(each, is_complete=self.wholeness.check(each))
            for publication in self.announcer.update():
                assert publication.topic == self.announcer.topic
                self.output.append(publication.payload)
                self.standing = publication.payload

    @property
    def components(self) -> dict[str, Any]:
        components: dict[str, Any] = json.loads(self.standing)["components"]
        return components

    @property
    def present(self) -> set[str]:
        return {key for key, each in self.components.items() if "unique_id" in each}

    @property
    def removed(self) -> set[str]:
        return self.components.keys() - self.present


def test_a_meter_is_announced_once_three_whole_frames_agree() -> None:
    hub = Hub()
    hub.add(*[frame(HP_HC)] * 2, frame(HP_HC, damaged=True))
    assert hub.output == []
    hub.add(frame(HP_HC))
    assert len(hub.output) == 1
    assert {"hchc", "hchp", "papp", "iinst", "period", "overload", "available_power"} <= hub.present
    hub.add(*[frame(HP_HC)] * 50)
    assert len(hub.output) == 1


def test_noise_takes_nothing_away_and_brings_nothing() -> None:
    hub = Hub()
    hub.add(*[frame(HP_HC)] * 3)
    before = hub.present
    for _ in range(100):
        hub.add(
            frame(without(HP_HC, "HCHC", "PAPP"), damaged=True),
            frame(without(HP_HC, "HCHC")),
            frame({**HP_HC, "IINST3": 7}),
            frame({**HP_HC, "OPTARIF": "BASE"}),
            frame(HP_HC, unconfirmed=frozenset({"OPTARIF"})),
        )
    assert hub.present == before
    assert len(hub.output) == 1


def test_labels_that_lack_for_long_take_nothing_away_and_new_ones_bring_entities() -> None:
    hub = Hub()
    hub.add(*[frame(without(HP_HC, "PAPP"))] * 3)
    assert "papp" not in hub.present
    hub.add(*[frame(HP_HC)] * 3)
    assert "papp" in hub.present
    hub.add(*[frame(without(HP_HC, "PAPP", "IINST"))] * 20)
    assert {"papp", "iinst"} <= hub.present
    assert len(hub.output) == 2


def test_another_contract_takes_the_old_registers_away_and_keeps_the_rest() -> None:
    hub = Hub()
    hub.add(*[frame(HP_HC)] * 3)
    before = hub.components
    hub.add(*[frame(TEMPO_H)] * 2)
    assert len(hub.output) == 1
    hub.add(frame(TEMPO_H))
    assert hub.removed == {"hchc", "hchp"}
    assert hub.components["hchc"] == {"platform": "sensor"}
    assert {"bbrhcjb", "bbrhpjr", "colour_tomorrow"} <= hub.present
    for key in ("papp", "iinst", "overload"):
        assert hub.components[key] == before[key]
    assert len(hub.components["period"]["options"]) == 6


def test_another_mode_takes_its_labels_and_keeps_what_is_made_of_them() -> None:
    hub = Hub()
    hub.add(*[frame(HP_HC)] * 3, *[frame(STANDARD)] * 3)
    assert {"hchc", "papp", "iinst", "optarif"} <= hub.removed
    assert {"period", "overload", "available_power"} <= hub.present
    hub.add(*[frame(HP_HC)] * 3)
    assert {"hchc", "papp"} <= hub.present
    assert "east" in hub.removed


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_a_new_life_takes_away_what_an_earlier_one_announced_of_another_contract(version: str) -> None:
    earlier = Hub()
    earlier.add(*[frame(HP_HC)] * 3)
    later = Hub(DiscoverySettings("homeassistant", "fr", version), standing=earlier.standing)
    later.add(*[frame(TEMPO_H)] * 3)
    assert later.removed == {"hchc", "hchp"}


def test_a_new_life_takes_nothing_away_of_a_meter_that_is_what_it_was() -> None:
    earlier = Hub()
    earlier.add(*[frame(HP_HC)] * 3)
    later = Hub(standing=earlier.standing)
    later.add(*[frame(without(HP_HC, "PAPP"))] * 3)
    assert later.components["papp"] == earlier.components["papp"]
    assert later.removed == set()


def test_another_version_takes_nothing_away_that_it_can_announce_itself() -> None:
    own = {**STANDARD, "NGTF": "HC et Week-End", "NTARF": "03", "LTARF": "HC WEEK-END", "EASF03": 5}
    earlier = Hub()
    earlier.add(*[frame(own)] * 10)
    assert earlier.components["easf03"]["name"] == "Énergie HC WEEK-END"
    other = {**own, "NTARF": "02", "LTARF": "HP SEMAINE"}
    for values in (other, {**other, "EASF03": 0}):
        for version in ("1.0.0", "2.0.0"):
            later = Hub(DiscoverySettings("homeassistant", "fr", version), standing=earlier.standing)
            later.add(frame(values, unconfirmed=frozenset({"EASF03"})), *[frame(values)] * 2)
            assert later.components["easf03"]["name"] == "Énergie HC WEEK-END"
            assert later.removed == set()


def test_the_delivery_point_is_announced_only_while_it_is_asked_for() -> None:
    with_prm = {**STANDARD, "PRM": "01234567890123"}
    asked = Hub(naming=Naming(Topics(), "pi", prm=True))
    asked.add(*[frame(with_prm)] * 3)
    assert "prm" in asked.present
    later = Hub(standing=asked.standing)
    later.add(*[frame(with_prm)] * 3, *[frame(with_prm, unconfirmed=frozenset({"PRM"}))] * 9)
    assert later.removed == {"prm"}


def test_chance_sightings_do_not_add_up() -> None:
    hub = Hub()
    hub.add(*[frame(HP_HC)] * 3)
    for _ in range(20):
        hub.add(frame({**HP_HC, "HHPHC": "A"}), frame(HP_HC))
    assert "hhphc" not in hub.present
    hub.add(*[frame({**HP_HC, "HHPHC": "A"})] * 3)
    assert "hhphc" in hub.present


def test_a_meter_with_the_same_fault_in_every_frame_is_announced_all_the_same() -> None:
    hub = Hub()
    hub.add(*[frame(HP_HC, damaged=True)] * 19)
    assert hub.output == []
    hub.add(*[frame(HP_HC, damaged=True)] * 3)
    assert {"hchc", "overload"} <= hub.present


def test_what_was_taken_away_stays_taken_away_for_a_hub_that_was_not_there() -> None:
    hub = Hub()
    hub.add(*[frame(HP_HC)] * 3, *[frame(TEMPO_H)] * 3)
    later = Hub(DiscoverySettings("homeassistant", "fr", "2.0.0"), standing=hub.standing)
    later.add(*[frame(TEMPO_H)] * 3)
    assert later.removed == {"hchc", "hchp"}


def test_a_new_version_drops_what_it_announces_no_more() -> None:
    earlier = Hub()
    earlier.add(*[frame(HP_HC)] * 3)
    old = json.loads(earlier.standing)
    old["components"]["relic"] = {"platform": "binary_sensor", "unique_id": f"tictally_{NUMBER}_relic", "name": "Relic"}
    later = Hub(DiscoverySettings("homeassistant", "fr", "2.0.0"), standing=json.dumps(old))
    later.add(*[frame(HP_HC)] * 3)
    assert later.removed == {"relic"}
    assert later.components["relic"] == {"platform": "binary_sensor"}


def test_what_stands_there_of_somebody_else_does_no_harm() -> None:
    for payload in ("", "{}", "null", '{"components": []}'):
        hub = Hub(standing=payload)
        hub.add(*[frame(HP_HC)] * 3)
        assert len(hub.output) == 1


def test_the_announcement_is_made_again_for_whoever_lost_it() -> None:
    hub = Hub()
    assert hub.announcer.current() == []
    hub.add(*[frame(HP_HC)] * 3)
    assert [each.payload for each in hub.announcer.current()] == hub.output


def test_a_key_stands_for_the_number_everywhere() -> None:
    hub = Hub(naming=Naming(Topics(), "pi", key="maison"))
    hub.add(*[frame(HP_HC)] * 3)
    assert hub.announcer.topic == "homeassistant/device/tictally_maison/config"
    assert NUMBER not in hub.standing


def test_a_profile_names_the_contract_by_either_mode() -> None:
    for values, contract in ((HP_HC, HPHC), (STANDARD, HPHC), (TEMPO_H, TEMPO)):
        watch = ProfileWatch()
        for _ in range(3):
            watch.add(frame(values), is_complete=True)
        assert watch.profile is not None
        assert (watch.profile.option, watch.profile.phases, watch.profile.producer) == (contract, 1, False)


def test_a_programme_of_tempo_is_no_other_contract() -> None:
    hub = Hub()
    hub.add(*[frame(TEMPO_H)] * 3, *[frame({**TEMPO_H, "OPTARIF": "BBR8"})] * 5)
    assert len(hub.output) == 1


def test_a_producer_and_three_phases_show() -> None:
    watch = ProfileWatch()
    for _ in range(3):
        watch.add(frame({**STANDARD, "EAIT": 0, "IRMS3": 1}), is_complete=True)
    assert watch.profile is not None
    assert (watch.profile.phases, watch.profile.producer) == (3, True)


def test_a_suppliers_own_periods_are_learned_when_number_and_text_stay_together() -> None:
    own = {**STANDARD, "NGTF": "HC et Week-End", "NTARF": "03", "LTARF": "HC WEEK-END", "EASF03": 5}
    watch = ProfileWatch()
    for _ in range(4):
        watch.add(frame(own), is_complete=True)
    watch.add(frame({**own, "NTARF": "04"}), is_complete=True)  # the text follows a frame later
    for _ in range(5):
        watch.add(frame({**own, "NTARF": "04", "LTARF": "HP SEMAINE"}), is_complete=True)
    assert watch.profile is not None
    assert watch.profile.names == {"EASF04": "HP SEMAINE"}
    assert watch.profile.registers >= {"EAST", "EASF01", "EASF02", "EASF03"}
    assert "EASF04" not in watch.profile.registers
