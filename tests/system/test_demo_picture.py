"""The demo's screen follows the published topics and the ledger's rows."""

import json

import pytest

from demo.ledger_totals import LedgerTotals
from demo.picture import Picture
from demo.screen import line, summary
from tictally_shared.topics import Topics

TOPICS = Topics()
OLD, NEW = "021900000001", "021900000002"


def picture(*labels: tuple[str, str], meter: str = OLD) -> Picture:
    made = Picture(TOPICS, recorder="demo")
    for label, value in labels:
        made.take(TOPICS.label(meter, label), value.encode())
    return made


@pytest.mark.parametrize(
    ("labels", "power", "period"),
    [
        ([("SINSTS", "3900"), ("LTARF", "HP BLEU")], "3 900 VA", "HP BLEU"),
        ([("PAPP", "870"), ("PTEC", "HPJB")], "870 VA", "HPJB"),
        ([("SINSTS", "0"), ("SINSTI", "1250"), ("LTARF", "BASE")], "0 VA consumed, 1 250 VA injected", "BASE"),
    ],
)
def test_power_and_period_are_found_in_either_mode(labels: list[tuple[str, str]], power: str, period: str) -> None:
    assert line("20:00:00", picture(*labels), LedgerTotals()).startswith(f"20:00:00  {power}  {period}  ")


def test_a_cleared_topic_is_removed() -> None:
    assert picture(("SINSTS", "3900"), ("SINSTS", "")).power_va is None


def test_another_meter_on_the_line_replaces_the_old_one() -> None:
    made = picture(("SINSTS", "3900"), ("EAST", "20000000"))
    made.take(TOPICS.label(NEW, "EAST"), b"7")
    assert (made.meter, made.labels) == (NEW, {"EAST": "7"})


def test_registers_are_the_suppliers_that_have_counted_in_the_catalogues_order() -> None:
    made = picture(("EASD01", "9"), ("EASF02", "5"), ("EASF01", "0"), ("EAST", "5"), ("EAIT", "3"), ("ERQ1", "8"))
    assert list(made.registers.items()) == [("EAST", 5), ("EASF02", 5), ("EAIT", 3)]


def test_rejections_are_reported_by_reason() -> None:
    made = picture()
    made.take(TOPICS.edge("demo", "health"), json.dumps({"rejected": {"checksum": 3, "plausibility": 0}}).encode())
    assert summary(made, LedgerTotals())[1] == "groups rejected by the edge: checksum 3"


@pytest.mark.parametrize(
    ("rows", "consumption_wh"),
    [
        ((("EAST", None, 1500), ("EASF01", "HC BLEU", 600), ("EASF02", "HP BLEU", 900), ("EAIT", None, 70)), 1500),
        ((("HCHC", "HC", 600), ("HCHP", "HP", 900)), 1500),
        ((), 0),
    ],
)
def test_energy_consumed_is_counted_once(rows: tuple[tuple[str, str | None, int], ...], consumption_wh: int) -> None:
    assert LedgerTotals(today_wh=rows).consumption_wh == consumption_wh


def test_the_cost_is_shown_as_soon_as_it_is_known() -> None:
    made = picture(("SINSTS", "3900"))
    assert len(summary(made, LedgerTotals())) == 3
    for name, text in (("cost_today", "0.45"), ("price", "none"), ("currency", "EUR")):
        made.take(TOPICS.site(OLD, name), text.encode())
    assert len(summary(made, LedgerTotals())) == 3
    made.take(TOPICS.site(OLD, "price"), b"0.1612")
    shown = "0.45 EUR today incl. subscription; 0.1612 EUR/kWh now"
    assert summary(made, LedgerTotals())[3] == f"cost: {shown}"
    assert shown in line("20:00:00", made, LedgerTotals())
