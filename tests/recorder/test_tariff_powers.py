"""Revisions that lack a power: what was in force before stays so, as provisional, wherever a price is shown."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import pytest
from cost_building import FEBRUARY_AND_AUGUST, PARIS, SITE, costs, d, days, quarter_rows, spread, tariff, version

from tictally_recorder.cost import CostRow, Quality, Terms
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.compare.consumption import SiteConsumption
from tictally_recorder.cost.compare.engine import offers
from tictally_recorder.cost.compare.model import Assumed
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.standby.year_cost import LoadQuery, year_cost
from tictally_recorder.doctor.costs import cost_findings
from tictally_recorder.doctor.facts import CostFacts, PaidFacts
from tictally_recorder.hubs.site_state import applied_tariff
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.check import IssueCode, check
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_recorder.translations import ENGLISH

BOTH: Final = version("list", "2026-02-01", {"BASE": "0.10"}, {3: "31.00", 6: "62.00"}, powers=(3, 6))
ONLY_6: Final = version("list", "2026-08-01", {"BASE": "0.20"}, {6: "93.00"}, powers=(6,))
LIST: Final = tariff("list", ("BASE",), BOTH, ONLY_6)
NOT_REVISED: Final = Reason(
    ReasonCode.POWER_NOT_REVISED, {"newest": "list 2026-08-01", "power_kva": 3, "version": "list 2026-02-01"}
)
AUGUST: Final = days("2026-07-31", "2026-08-02")


def at(power: int | None) -> Contracts:
    return Contracts((Contract(SITE, "list", d("2026-02-01"), power_kva=power),))


def rows(power: int, of: Tariff = LIST) -> list[CostRow]:
    return costs(AUGUST, spread(AUGUST, EASF01=30_000), at(power), of, ngtf="BASE")


def test_a_power_that_a_revision_lacks_keeps_its_prices_as_provisional() -> None:
    found = [
        (str(row.day), row.period, row.version and row.version.id, row.amount, row.quality, row.reason)
        for row in rows(3)
    ]
    was = "list 2026-02-01"
    assert found == [
        ("2026-07-31", "BASE", was, Decimal(1), Quality.MEASURED, None),
        ("2026-07-31", None, was, Decimal(1), Quality.MEASURED, None),
        ("2026-08-01", "BASE", was, Decimal(1), Quality.PROVISIONAL, NOT_REVISED),
        ("2026-08-01", None, was, Decimal(1), Quality.PROVISIONAL, NOT_REVISED),
        ("2026-08-02", "BASE", was, Decimal(1), Quality.PROVISIONAL, NOT_REVISED),
        ("2026-08-02", None, was, Decimal(1), Quality.PROVISIONAL, NOT_REVISED),
    ]
    assert ENGLISH.phrase(NOT_REVISED) == (
        "list 2026-08-01 has no prices at 3 kVA, and list 2026-02-01 stays in force there until they are known"
    )


def test_a_power_that_a_revision_has_is_priced_by_it() -> None:
    found = [(row.amount, row.quality) for row in rows(6) if row.day == d("2026-08-01")]
    assert found == [(Decimal(2), Quality.MEASURED), (Decimal(3), Quality.MEASURED)]


def test_a_power_that_no_version_has_stays_unknown() -> None:
    found = {(row.quality, row.reason.code if row.reason else None) for row in rows(9)}
    assert found == {
        (Quality.UNKNOWN, ReasonCode.NO_PRICE_AT_POWER),
        (Quality.UNKNOWN, ReasonCode.NO_SUBSCRIPTION_AT_POWER),
    }


def test_a_version_for_every_power_is_in_force_for_those_that_a_revision_does_not_name() -> None:
    every = version("list", "2026-02-01", {"BASE": "0.10"}, {None: "31.00"})
    found = rows(9, tariff("list", ("BASE",), every, ONLY_6))
    assert {(row.amount, row.quality) for row in found if row.day == d("2026-08-02")} == {
        (Decimal(1), Quality.PROVISIONAL)
    }


def test_a_power_that_was_never_named_before_a_revision_has_no_price_before_it() -> None:
    turned = tariff("list", ("BASE",), version("list", "2026-02-01", {"BASE": "0.10"}, {6: "62"}, powers=(6,)), BOTH)
    assert turned.in_force(d("2026-02-01"), 3) is not None
    later = tariff("list", ("BASE",), ONLY_6, version("list", "2026-10-01", {"BASE": "1"}, {3: "1"}, powers=(3,)))
    in_force = later.in_force(d("2026-09-01"), 3)
    assert in_force is ONLY_6
    assert in_force.price(3, "BASE") is None


def test_no_price_is_carried_over_a_gap_between_versions() -> None:
    ended = version("list", "2026-02-01", {"BASE": "0.10"}, {3: "31.00", 6: "62.00"}, powers=(3, 6))
    for until, carried in ((d("2026-07-31"), True), (d("2026-06-30"), False)):
        object.__setattr__(ended, "until", until)
        gone = tariff("list", ("BASE",), ended, ONLY_6)
        assert (gone.in_force(d("2026-08-01"), 3) is ended) is carried


def test_a_power_that_comes_back_is_priced_by_the_newest_version_that_has_it() -> None:
    third = version("list", "2026-09-01", {"BASE": "0.30"}, {3: "30", 6: "60"}, powers=(3, 6))
    found = tariff("list", ("BASE",), BOTH, ONLY_6, third)
    assert found.in_force(d("2026-08-31"), 3) is BOTH
    assert found.in_force(d("2026-09-01"), 3) is third


def test_a_subscription_that_a_revision_declares_unknown_is_unknown_and_not_the_one_before() -> None:
    unknown = version("list", "2026-08-01", {"BASE": "0.20"}, {6: "93.00"}, powers=(3, 6))
    found = [row for row in rows(3, tariff("list", ("BASE",), BOTH, unknown)) if row.day == d("2026-08-01")]
    assert [(row.amount, row.quality) for row in found] == [(Decimal(2), Quality.MEASURED), (None, Quality.UNKNOWN)]


def test_an_overdue_revision_is_the_reason_where_the_power_has_the_newest_version() -> None:
    revised = tariff("list", ("BASE",), BOTH, ONLY_6, revised=FEBRUARY_AND_AUGUST)
    day = d("2027-02-01")
    codes = {}
    for power in (3, 6):
        found = costs([day], spread([day], EASF01=0), at(power), revised, ngtf="BASE")
        codes[power] = {row.reason.code for row in found if row.reason}
    assert codes == {3: {ReasonCode.POWER_NOT_REVISED}, 6: {ReasonCode.REVISION_OVERDUE}}


def test_a_day_is_computed_again_when_the_revision_is_known_for_its_power() -> None:
    of = {
        name: Fingerprints(Terms(at(3), {"list": each}), PARIS).of(SITE, d("2026-08-01"), ())
        for name, each in {
            "before": tariff("list", ("BASE",), BOTH),
            "lacking": LIST,
            "whole": tariff(
                "list", ("BASE",), BOTH, version("list", "2026-08-01", {"BASE": "1"}, {3: "1"}, powers=(3,))
            ),
        }.items()
    }
    assert len(set(of.values())) == 3


def test_a_bill_names_the_version_that_is_in_force_for_the_power() -> None:
    made = make_bill(SITE, AUGUST[0], AUGUST[-1] + timedelta(days=1), rows(3), {"list": LIST})
    assert {line.version.id for line in made.lines if line.version} == {"list 2026-02-01"}
    assert {reason.code for line in made.lines for reason in line.reasons} == {ReasonCode.POWER_NOT_REVISED}


def test_a_comparison_has_every_power_that_is_sold_and_marks_what_is_provisional() -> None:
    day = d("2026-08-01")
    use = Use(SITE, (), quarter_rows("EAST", day, [100] * 96))
    found = offers(
        SiteConsumption.of(use, PARIS), {day: None}, [LIST], Assumed(power_kva=3, every_power=True), PARIS
    ).all
    assert [(offer.power_kva, offer.is_provisional) for offer in found] == [(3, True), (6, False)]
    assert all(not {reason.code for reason in offer.unknown} & {ReasonCode.NO_SUBSCRIPTION_AT_POWER} for offer in found)


def test_standby_and_the_site_show_the_price_that_is_in_force() -> None:
    terms = Terms(at(3), {"list": LIST})
    found = year_cost(LoadQuery(100, d("2026-08-01"), PARIS), SITE, terms, ())
    assert (found.price, found.version, found.reason) == (Decimal("0.10"), "list 2026-02-01", NOT_REVISED)
    applied = applied_tariff(SITE, Direction.CONSUMPTION, d("2026-08-01"), terms)
    assert applied is not None
    assert applied.version is BOTH


@pytest.mark.parametrize(("power", "lacking"), [(None, ("3",)), (3, ("3",)), (6, None)])
def test_check_names_the_powers_that_a_revision_lacks(power: int | None, lacking: tuple[str, ...] | None) -> None:
    found = [each for each in check([LIST], date(2026, 11, 30), power) if each.tariff == "list"]
    if lacking is None:
        assert found == []
        return
    (issue,) = found
    assert (issue.phrase.code, issue.since, issue.until) == (IssueCode.POWERS_NOT_REVISED, d("2026-08-01"), None)
    assert issue.phrase.parameters["powers"] == lacking


def test_the_doctor_says_that_a_power_has_no_revision() -> None:
    paid = PaidFacts(SITE, "list 2026-02-01", not_revised=NOT_REVISED)
    (finding,) = cost_findings(CostFacts(None, (paid,)))
    assert ENGLISH.phrase(finding.phrase) == f"it is provisional: {ENGLISH.phrase(NOT_REVISED)}"
