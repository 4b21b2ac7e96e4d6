"""A comparison finds the same as one of its own that looks at each quarter-hour of each day by itself."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import independent_comparison
from energy_building import PARIS, moment
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_building import frame, message

from tictally_recorder.cost.compare import Assumed, Offer, offers
from tictally_recorder.cost.compare.codec import kind_of, kind_text, pack, unpack
from tictally_recorder.cost.compare.consumption import SiteConsumption
from tictally_recorder.cost.contracts.model import Contract, OffPeak
from tictally_recorder.cost.model import Use
from tictally_recorder.energy import EnergyQuery, energy, quarter_energy
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import Ledger, LedgerReader, Message
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.hours import Hours, parse_hours
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.template_files import with_templates
from tictally_shared.calendar import By
from tictally_shared.labels import LABELS
from tictally_shared.status_register import Colour

NIGHT: Final = (parse_hours("22:30-06:30"),)
# The clock is put back in the night of the second day.
FIRST: Final = date(2025, 10, 25)
DAYS: Final = [FIRST + timedelta(days=n) for n in range(3)]
TARIFFS: Final = [*with_templates(load_catalogue(Path("none"))).tariffs.values()]
CONSUMPTION: Final = {register for register in LABELS if direction_of(register) is Direction.CONSUMPTION}
# When the market's offers were sold: before, they have no price.
SOLD: Final = date(2026, 6, 1)
CONTRACTS: Final = [
    None,
    Contract("site", "edf-bleu-hphc", FIRST, power_kva=6, off_peak=(OffPeak(NIGHT),)),
    Contract("site", "edf-bleu-base", FIRST, power_kva=6, aliases={"EASF01": "BASE", "EASF02": "BASE"}),
    Contract("site", "edf-bleu-tempo", FIRST, power_kva=6, chosen_weekday=5),
]

# (quarters, option, Wh of each, quarters without frames before, by how much the register falls before)
a_stretch = st.tuples(
    st.integers(1, 60),
    st.sampled_from(["H PLEINE/CREUSE", "H PLEINE/CREUSE", "BASE", "TEMPO", "WEEKEND", "historique", "injection"]),
    st.sampled_from([0, 1, 100, 700]),
    st.sampled_from([0, 0, 0, 1, 5]),
    st.sampled_from([0, 0, 0, 0, 3]),
)
Stretch = tuple[int, str, int, int, int]


def store(path: Path, stretches: list[Stretch]) -> None:
    counters, at = [5000, 7000], moment(f"{FIRST}T00:05")
    frames: list[Message] = []
    for count, option, used, gap, fall in stretches:
        at += timedelta(minutes=15) * gap
        counters[0] -= fall
        for _ in range(count):
            register = 0 if at.astimezone(PARIS).hour in {23, 0, 1, 2, 3, 4, 5, 6} else 1
            counters[0 if option == "BASE" else register] += used
            off_peak, peak = counters
            values: dict[str, int | str] = {"OPTARIF": "HC..", "HCHC": off_peak, "HCHP": peak}
            if option != "historique":
                values = {"NGTF": option, "EAST": sum(counters), "EASF01": off_peak, "EASF02": peak, "EASF03": 0}
            if option == "injection":
                values = {"EAIT": off_peak, "SINSTI": 0}
            frames.append(message(frame(len(frames) + 1, int(at.timestamp()) * 1000, values)))
            at += timedelta(minutes=15)
    late, on_time = frames[1::7], [each for n, each in enumerate(frames) if n % 7 != 1]
    with Ledger.open(path) as ledger:
        ledger.store(on_time)
        ledger.store(late)


@settings(max_examples=6, deadline=None)
@given(
    st.lists(a_stretch, min_size=1, max_size=6),
    st.tuples(*[st.sampled_from(CONTRACTS)] * 3),
    st.sampled_from([(), NIGHT]),
    st.dictionaries(st.sampled_from([FIRST - timedelta(days=1), *DAYS]), st.sampled_from([Colour.BLEU, Colour.ROUGE])),
    st.sampled_from([(None, None), (SOLD, None), (SOLD, 5)]),
)
@example([(290, "H PLEINE/CREUSE", 100, 0, 0)], (CONTRACTS[1],) * 3, (), {}, (None, None))
@example(
    [(290, "BASE", 100, 0, 0)],
    (CONTRACTS[2], CONTRACTS[0], CONTRACTS[1]),
    (),
    dict.fromkeys(DAYS, Colour.ROUGE),
    (None, None),
)
@example([(150, "injection", 100, 0, 0)], (CONTRACTS[1],) * 3, (), {}, (None, None))
@example([(100, "historique", 100, 0, 0), (150, "BASE", 100, 0, 0)], (CONTRACTS[1],) * 3, (), {}, (None, None))
@example([(100, "WEEKEND", 100, 0, 0), (90, "TEMPO", 100, 5, 3)], (CONTRACTS[1],) * 3, NIGHT, {}, (None, None))
def test_offers_are_those_of_each_quarter_hour_by_itself(
    stretches: list[Stretch],
    of_days: tuple[Contract | None, ...],
    given_hours: tuple[Hours, ...],
    colours: dict[date, Colour],
    prices_and_weekday: tuple[date | None, int | None],
) -> None:
    days = dict(zip(DAYS, of_days, strict=True))
    with TemporaryDirectory() as name:
        path = Path(name) / "ledger.sqlite"
        store(path, stretches)
        with LedgerReader.open(path) as reader:
            (site,) = reader.sites()
            query = EnergyQuery.of_days(site.id, (DAYS[0], DAYS[-1] + timedelta(days=1)), By.QUARTER, PARIS)
            every_row = energy(reader, query, all_registers=True, only=CONSUMPTION)
            rows, steady = quarter_energy(reader, query, CONSUMPTION)
    prices_on, weekday = prices_and_weekday
    assumed = Assumed(given_hours, colours, power_kva=6, prices_on=prices_on, chosen_weekday=weekday)
    by_rows = SiteConsumption.of(Use(site.id, (), every_row), PARIS)
    consumption = SiteConsumption.of(Use(site.id, (), rows, steady=steady), PARIS)
    assert consumption == by_rows
    found = {
        each.tariff: each for each in offers(consumption, days, TARIFFS, assumed, PARIS).all if each.power_kva == 6
    }
    expected = {each.tariff: each for each in independent_comparison.offers(every_row, days, TARIFFS, assumed, PARIS)}
    assert len(expected) > 50
    assert {name: _about(each) for name, each in found.items()} == {
        name: _about(each) for name, each in expected.items()
    }
    ids = {kind: n for n, kind in enumerate({kind for each in by_rows.days.values() for kind in each.kinds}, 1)}
    known = {n: kind_of(kind_text(kind)) for kind, n in ids.items()}
    assert {day: unpack(pack(each, ids), known) for day, each in by_rows.days.items()} == by_rows.days


def _about(offer: Offer) -> Offer:
    """An offer without the noise of divisions: shares of a month are cut after 28 digits."""
    return replace(offer, amount=None if offer.amount is None else offer.amount.quantize(Decimal("1E-12")))
