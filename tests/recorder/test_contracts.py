"""The contract file: each site's tariff and its first day; an invalid file is rejected with file, line and message."""

from datetime import time
from pathlib import Path

import pytest
from cost_building import BASE, HPHC, PARIS, SITE, SURPLUS, d

from tictally_recorder.cost.contracts import Contract, ContractError, Contracts, read_contracts
from tictally_recorder.cost.contracts.load import TariffsNamed, parse_contracts
from tictally_recorder.cost.contracts.model import OffPeak
from tictally_recorder.tariffs.model import Direction

TARIFFS = {each.id: each for each in (BASE, HPHC, SURPLUS)}
FULL = """\
# the house
[[contract]]
tariff = "base"
power = 6
from = 2024-03-01

[[contract]]
tariff = "hphc"
power = 9
from = 2025-06-10
until = 2025-12-31
aliases = { "HEURES   CREUSES" = "HC" }
off_peak = ["22:30-06:00", "12:00-14:00"]

[[contract]]
tariff = "surplus"
from = 2025-01-01
"""


def read(text: str, *sites: str) -> Contracts:
    return parse_contracts(text, "contracts.toml", TariffsNamed(TARIFFS, PARIS), sites)


@pytest.mark.parametrize(
    "power",
    ["9" * 5000, "0x" + "9" * 5000, "[" * 5000 + "]" * 5000, str(10**30)],
    ids=["digits", "digits of another base", "depth", "more than is stored"],
)
def test_an_absurd_value_is_rejected_like_any_other_error(power: str) -> None:
    with pytest.raises(ContractError, match=r"it cannot be used|is not a number of kVA"):
        read(f'[[contract]]\ntariff = "surplus"\npower = {power}\nfrom = 2025-01-01\n')


def test_off_peak_hours_accept_their_former_key() -> None:
    text = contract(off_peak='["22:00-06:00"]')
    assert read(text.replace("off_peak", "windows")).all == read(text).all
    assert read(text).all[0].off_peak_on(d("2025-06-01")) == ((time(22), time(6)),)


def test_contracts_follow_one_another() -> None:
    contracts = read(FULL)
    first, injection, second = contracts.all
    assert first == Contract(None, "base", d("2024-03-01"), None, 6)
    assert injection == Contract(None, "surplus", d("2025-01-01"), direction=Direction.INJECTION)
    assert second == Contract(
        None,
        "hphc",
        d("2025-06-10"),
        d("2025-12-31"),
        9,
        aliases={"HEURES CREUSES": "HC"},
        off_peak=(OffPeak(((time(22, 30), time(6)), (time(12), time(14)))),),
    )
    consumption = {day: contracts.on(SITE, Direction.CONSUMPTION, d(day)) for day in BOUNDS}
    assert consumption == dict(zip(BOUNDS, (None, first, first, second, second, None), strict=True))
    assert contracts.on(SITE, Direction.INJECTION, d("2024-12-31")) is None
    assert contracts.on(SITE, Direction.INJECTION, d("2026-06-01")) == injection


BOUNDS = ("2024-02-29", "2024-03-01", "2025-06-09", "2025-06-10", "2025-12-31", "2026-01-01")


def test_each_site_has_its_own_contracts() -> None:
    text = "".join(
        f'[[contract]]\nsite = "{site}"\ntariff = "{tariff}"\npower = 6\nfrom = 2025-01-01\n'
        for site, tariff in (("house", "base"), ("barn", "hphc"))
    )
    contracts = read(text, "house", "barn")
    found = {site: contracts.on(site, Direction.CONSUMPTION, d("2025-06-10")) for site in ("house", "barn", "mill")}
    assert {site: each and each.tariff for site, each in found.items()} == {
        "house": "base",
        "barn": "hphc",
        "mill": None,
    }


def test_without_a_file_there_are_no_contracts(tmp_path: Path) -> None:
    assert read_contracts(tmp_path / "contracts.toml", TariffsNamed(TARIFFS, PARIS)).all == ()


def test_a_file_is_read_and_its_path_reported(tmp_path: Path) -> None:
    path = tmp_path / "contracts.toml"
    path.write_text(FULL)
    assert [each.tariff for each in read_contracts(path, TariffsNamed(TARIFFS, PARIS)).all] == [
        "base",
        "surplus",
        "hphc",
    ]
    path.write_bytes(b"\xff")
    with pytest.raises(ContractError, match=f"^{path}, line 1: it is not text in UTF-8$"):
        read_contracts(path, TariffsNamed(TARIFFS, PARIS))
    with pytest.raises(ContractError, match="line 1: it is a folder, not a file"):
        read_contracts(tmp_path, TariffsNamed(TARIFFS, PARIS))


def contract(**changes: str) -> str:
    """A valid contract but for the changes; an empty value removes the key."""
    fields = {"tariff": '"hphc"', "power": "6", "from": "2025-03-01"} | changes
    return "[[contract]]\n" + "".join(f"{key} = {value}\n" for key, value in fields.items() if value)


def seasons(*each: str) -> str:
    """Off-peak hours of seasons; an empty text is the rest of the year."""
    tables = ((f"season = {season}, " if season else "") + f"hours = [{NIGHT}]" for season in each)
    return f"[{', '.join(f'{{ {table} }}' for table in tables)}]"


NIGHT = '"22:00-06:00"'


def test_off_peak_hours_by_season_and_a_chosen_weekday() -> None:
    noon = '{ season = ["04-01", "10-31"], hours = ["02:00-07:00", "14:00-17:00"] }'
    (found,) = read(contract(off_peak=f"[{noon}, {{ hours = [{NIGHT}] }}]", chosen_day='"wed"')).all
    summer, winter = ((time(2), time(7)), (time(14), time(17))), ((time(22), time(6)),)
    days = ("2025-03-31", "2025-04-01", "2025-10-31", "2025-11-01")
    assert [found.off_peak_on(d(day)) for day in days] == [winter, summer, summer, winter]
    assert found.chosen_weekday == 2
    (whole,) = read(contract(off_peak=seasons('["04-01", "10-31"]', '["11-01", "03-31"]'))).all
    assert {whole.off_peak_on(d(day)) for day in days} == {winter}
    (without,) = read(contract()).all
    assert (without.off_peak_on(d(days[0])), without.chosen_weekday) == ((), None)


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("[[contract]\n", 1, "it is not TOML: "),
        ("\n[[contracts]]\n", 2, "there is no 'contracts' here, only [[contract]]"),
        ("\ncontract = 3\n", 2, "each contract begins with [[contract]]"),
        (
            contract(tarif='"base"'),
            5,
            "a contract has no 'tarif'; it has site, tariff, power, from, until, aliases, off_peak",
        ),
        (contract(tariff=""), 1, 'a contract needs its tariff: tariff = "edf-bleu-base"'),
        (contract(tariff='"hchp"'), 2, "there is no tariff 'hchp'; there are base, hphc, surplus"),
        (contract(tariff="3"), 2, "there is no tariff 3; there are base, hphc, surplus"),
        (contract(power="12"), 3, "hphc has 6, 9 kVA, not 12"),
        (contract(power=""), 1, "a contract needs its power: hphc has 6, 9 kVA"),
        (contract(power='"6"'), 3, "power = '6' is not a number of kVA, such as 6"),
        (contract(power="true"), 3, "power = True is not a number of kVA, such as 6"),
        (contract(power="0"), 3, "power = 0 is not a number of kVA, such as 6"),
        (contract(**{"from": ""}), 1, "a contract needs its first day: from = 2025-08-01"),
        (
            contract(**{"from": '"2025-03-01"'}),
            4,
            "from = '2025-03-01' is neither a date, such as 2025-08-01, nor a local time, such as 2025-08-01T14:00:00",
        ),
        (contract(**{"from": "2025-02-30"}), 4, "there is no day 2025-02-30; a date is "),
        (contract(until="1999"), 5, "until = 1999 is neither a date, such as 2025-08-01, nor a local time"),
        (contract(until="2025-02-28"), 5, "it ends on 2025-02-28, before its start, 2025-03-01"),
        (contract(site='"My House"'), 5, "'My House' is not a site's id: a string of a-z, 0-9 and -, in quotes"),
        (contract(site="21900000002"), 5, "21900000002 is not a site's id: "),
        (
            contract(aliases='{ "CREUSE" = "HCC" }'),
            5,
            "'CREUSE' cannot stand for 'HCC': the periods of hphc are HC, HP",
        ),
        (contract(aliases='"HC"'), 5, 'aliases are written { "WHAT THE METER SAYS" = "HC" }'),
        (contract(off_peak='["22:00-24:30"]'), 5, "off_peak = ['22:00-24:30'] are not hours of the day, "),
        (contract(off_peak='["22:00-22:00"]'), 5, "off_peak = ['22:00-22:00'] are not hours of the day, "),
        (contract(off_peak='"22:00-06:00"'), 5, "off_peak = '22:00-06:00' are not hours of the day, "),
        (contract(off_peak="[22, 6]"), 5, "off_peak = [22, 6] are not hours of the day, "),
        (
            contract(chosen_day='"wednesday"'),
            5,
            "chosen_day is 'wednesday'; there are: mon, tue, wed, thu, fri, sat",
        ),
        (contract(billed_in_advance="13"), 5, "billed_in_advance = 13 is not a number of months: 0 to 12"),
        (contract(billed_in_advance='"2"'), 5, "billed_in_advance = '2' is not a number of months: 0 to 12"),
        (contract(billed_in_advance="true"), 5, "billed_in_advance = True is not a number of months: 0 to 12"),
        (contract(chosen_day="[1]"), 5, "chosen_day is [1]; there are: mon"),
        (contract(off_peak=seasons('["04-01", "10-31"]')), 5, "off_peak does not have hours for the whole year"),
        (
            contract(off_peak=seasons('["04-01", "10-31"]', '["10-31", "03-31"]')),
            5,
            "off_peak has two lists of hours for the same days",
        ),
        (contract(off_peak=seasons("", "")), 5, "off_peak has two lists of hours for the same days"),
        (contract(off_peak=seasons('["02-30", "10-31"]', "")), 5, "'02-30' is not a day that every year has"),
        (contract(off_peak=seasons('["02-01"]', "")), 5, "season is not the first and the last day of a season"),
        (contract(off_peak=seasons('[2, "10-31"]', "")), 5, "season is not the first and the last day of a season"),
        (contract(off_peak="[{ hours = [] }]"), 5, "off_peak is neither hours, such as "),
        (contract(off_peak='["22:00-06:00", { hours = ["1"] }]'), 5, "off_peak is neither hours, such as "),
        (contract(off_peak='[{ hours = ["25:00-06:00"] }]'), 5, "hours = ['25:00-06:00'] are not hours of the day, "),
        (contract(off_peak='[{ days = 3, hours = ["22:00-06:00"] }]'), 5, "off_peak is neither hours, such as "),
        (contract(off_peak="22"), 5, "off_peak = 22 are not hours of the day, "),
        (contract() + contract(tariff='"base"'), 8, "hphc and base begin at the same time, 2025-03-01, for one site"),
        (
            contract(until="2025-06-30") + contract(tariff='"base"', **{"from": "2025-06-30"}),
            9,
            "it begins on 2025-06-30, while hphc holds until 2025-06-30",
        ),
        (
            # the later one is reported, wherever it is
            contract(tariff='"base"', **{"from": "2025-06-30"}) + contract(until="2025-06-30"),
            4,
            "it begins on 2025-06-30, while hphc holds until 2025-06-30",
        ),
        (
            # another one starts between them: not only neighbours are compared
            contract(until="2025-12-31")
            + contract(tariff='"surplus"', power="", **{"from": "2025-05-01"})
            + contract(tariff='"base"', **{"from": "2025-10-01"}),
            12,
            "it begins on 2025-10-01, while hphc holds until 2025-12-31",
        ),
    ],
)
def test_an_invalid_contract_is_rejected_with_its_line(text: str, line: int, sentence: str) -> None:
    with pytest.raises(ContractError) as refused:
        read(text)
    assert (refused.value.file, refused.value.line) == ("contracts.toml", line)
    assert refused.value.sentence.startswith(sentence)
    assert str(refused.value) == f"contracts.toml, line {line}: {refused.value.sentence}"


def test_with_several_sites_each_contract_names_its_site() -> None:
    with pytest.raises(ContractError, match=r"line 1: the ledger has several sites, so .* its own: barn, house"):
        read(contract(), "house", "barn")
    assert read(contract(), "house").all


@pytest.mark.parametrize(
    "text",
    [
        contract(until="2025-06-29") + contract(tariff='"base"', **{"from": "2025-06-30"}),
        contract() + contract(tariff='"surplus"', power=""),
        contract(site='"house"') + contract(site='"barn"'),
        contract() + contract(**{"from": "2025-03-02"}),
        contract(tariff='"surplus"', power="3"),
    ],
)
def test_contracts_that_do_not_overlap_are_accepted(text: str) -> None:
    assert read(text).all
