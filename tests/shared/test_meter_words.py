"""The meaning of meters' numbers, strings and status bits."""

import pytest

from tictally_shared.euridis import identity_of
from tictally_shared.labels import LABELS, Kind
from tictally_shared.status_register import Colour, Cutoff, parse_status_register
from tictally_shared.tariff_options import (
    BASE,
    EJP,
    HPHC,
    TARIFF_OPTIONS,
    TEMPO,
    TariffOption,
    option_of_ngtf,
    option_of_optarif,
    period_of_ptec,
)


@pytest.mark.parametrize(
    ("number", "maker", "year", "model"),
    [
        ("021976000002", "Sagemcom", 2019, "Linky G3, 3 phases, 60 A"),
        ("041861000001", "Landis+Gyr", 2018, "Linky G3, 1 phase, 60 A"),
        ("031562123456", "Itron", 2015, "Linky G1, 1 phase, 90 A"),
        ("390528999999", "ZIV", 2005, None),
        ("991861000001", None, 2018, "Linky G3, 1 phase, 60 A"),
    ],
)
def test_a_number_contains_maker_year_and_model(number: str, maker: str | None, year: int, model: str | None) -> None:
    identity = identity_of(number)
    assert (identity.maker, identity.year, identity.model) == (maker, year, model)
    assert identity.is_linky == (model is not None)


@pytest.mark.parametrize("number", ["", "02190000000", "0219760000022", "maison", "0219760000x2"])
def test_an_invalid_number_has_no_maker(number: str) -> None:
    identity = identity_of(number)
    assert (identity.maker, identity.year, identity.model, identity.is_linky) == (None, None, None, False)


@pytest.mark.parametrize(
    ("optarif", "ngtf", "contract"),
    [("BASE", "BASE", BASE), ("HC..", "H PLEINE/CREUSE", HPHC), ("EJP.", "EJP", EJP), ("BBR(", "TEMPO", TEMPO)],
)
def test_both_modes_name_the_same_contracts(optarif: str, ngtf: str, contract: TariffOption) -> None:
    assert option_of_optarif(optarif) is contract
    assert option_of_ngtf(ngtf) is contract


def test_a_suppliers_own_calendar_is_no_contract_of_ours() -> None:
    assert option_of_ngtf("HC et Week-End") is None
    assert option_of_optarif("") is None


@pytest.mark.parametrize("contract", TARIFF_OPTIONS.values(), ids=TARIFF_OPTIONS)
def test_every_period_has_a_register_in_both_modes(contract: TariffOption) -> None:
    for n, (period, register) in enumerate(zip(contract.periods, contract.registers, strict=True), 1):
        assert contract.period_of(register) == contract.period_of(f"EASF{n:02d}") == period
        assert LABELS[register].kind is Kind.REGISTER
    assert contract.period_of(f"EASF{len(contract.periods) + 1:02d}") is None


def test_every_word_of_ptec_is_a_period_of_some_contract() -> None:
    words = ["TH..", "HC..", "HP..", "HN..", "PM..", *(f"H{hour}J{day}" for hour in "CP" for day in "BWR")]
    assert {period_of_ptec(word) for word in words} == {
        name for each in TARIFF_OPTIONS.values() for name in each.periods
    }
    assert period_of_ptec("----") is None


def test_a_blue_day_of_a_quiet_meter() -> None:
    status = parse_status_register("013AC501")
    assert status.contact_open
    assert status.cutoff is Cutoff.CLOSED
    assert not status.cover_open
    assert not status.overload
    assert status.producer
    assert (status.supplier_register, status.distributor_register) == (2, 4)
    assert not status.clock_degraded
    assert (status.colour_today, status.colour_tomorrow) == (Colour.BLEU, Colour.NONE)
    assert (status.peak_notice, status.peak_now) == (0, 0)


@pytest.mark.parametrize(
    ("bit", "field", "value"),
    [
        (0, "contact_open", True),
        (1, "cutoff", Cutoff.OVERLOAD),
        (2, "cutoff", Cutoff.OVERVOLTAGE),
        (3, "cutoff", Cutoff.ORDER),
        (4, "cover_open", True),
        (6, "overvoltage", True),
        (7, "overload", True),
        (8, "producer", True),
        (9, "injecting", True),
        (10, "supplier_register", 2),
        (13, "supplier_register", 9),
        (14, "distributor_register", 2),
        (16, "clock_degraded", True),
        (24, "colour_today", Colour.BLEU),
        (25, "colour_today", Colour.BLANC),
        (26, "colour_tomorrow", Colour.BLEU),
        (27, "colour_tomorrow", Colour.BLANC),
        (28, "peak_notice", 1),
        (29, "peak_notice", 2),
        (30, "peak_now", 1),
        (31, "peak_now", 2),
    ],
)
def test_each_bit_has_its_meaning_and_no_other(bit: int, field: str, value: object) -> None:
    quiet, status = parse_status_register("00000000"), parse_status_register(f"{1 << bit:08X}")
    differing = [name for name in status.__slots__ if getattr(status, name) != getattr(quiet, name)]
    assert differing == [field]
    assert getattr(status, field) == value


def test_a_switch_state_that_is_not_assigned_is_none() -> None:
    assert parse_status_register("0000000E").cutoff is None
