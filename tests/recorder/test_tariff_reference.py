"""docs/tariffs.md and docs/bundled-tariffs.md: every example is read, every key is named, every gap is listed."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import PARIS, d

from devel.tariffs_reference import PAGE, page
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.load import _LIST_KEYS
from tictally_recorder.tariffs.model import Confidence, Direction, Figure
from tictally_recorder.tariffs.period_rules import DayTerms
from tictally_recorder.tariffs.rule_reader import DAYS_KEYS, RULE_KEYS
from tictally_recorder.tariffs.tax_table_reader import _KEYS, _RATE_KEYS
from tictally_recorder.tariffs.version_reader import (
    _FIGURE_KEYS,
    _POWER_KEYS,
    _PRICE_KEYS,
    _VERSION_KEYS,
)

TEXT = (PAGE.parent / "tariffs.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- tariffs/(\S+) -->\n```\w+\n(.*?)```", TEXT, re.DOTALL))
OWN = {"flat", "nights", "peaks", "seasons", "indexed", "ten-percent", "surplus", "dynamic", "mixed", "spot", "valley"}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> TariffCatalogue:
    folder = tmp_path_factory.mktemp("tariffs")
    for name, text in EXAMPLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_catalogue(folder)


def test_every_example_has_a_file_and_is_read_without_an_error(catalogue: TariffCatalogue) -> None:
    assert TEXT.count("```") == 2 * len(EXAMPLES) + 2  # and a contract
    assert catalogue.errors == ()
    assert set(catalogue.tariffs) > OWN
    assert set(catalogue.tax_tables) == {"fr", "be"}
    assert len(EXAMPLES) == len(OWN) + 2 + 3  # two price series; an overlay, a rate, a table of taxes


def test_the_examples_mean_what_the_page_says(catalogue: TariffCatalogue) -> None:
    flat, nights, peaks, surplus = (catalogue.tariff(each) for each in ("flat", "nights", "peaks", "surplus"))
    assert flat.on(d("2027-02-28")) is flat.versions[1]
    assert flat.on(d("2027-03-01")) is None
    taxes = flat.versions[0].taxes_on(d("2025-08-01"))
    assert (taxes.accise, taxes.vat_subscription) == (Decimal("0.02998"), Decimal("0.20"))
    night = nights.versions[0]
    assert (night.monthly(6), night.monthly(12), night.monthly(15)) == (Decimal("15.10"), None, None)
    assert [night.price(power, "HP") and night.price(power, "HP").ttc for power in (6, 9)] == [  # type: ignore[union-attr]
        Decimal("0.2010"),
        Decimal("0.1990"),
    ]
    assert night.provenance(Figure.SUBSCRIPTION, 6).confidence is Confidence.OWN
    assert night.provenance(Figure.SUBSCRIPTION, 12).confidence is Confidence.SECONDARY
    assert nights.overdue_since(d("2026-08-01")) == d("2026-08-01")
    assert peaks.versions[0].monthly(9) == Decimal("-2.50")
    assert surplus.direction is Direction.INJECTION
    assert surplus.versions[0].monthly(None) == Decimal(0)


def test_the_rules_divide_days_as_their_comments_say(catalogue: TariffCatalogue) -> None:
    rules = catalogue.tariff("seasons").rules
    assert rules is not None
    terms = DayTerms(chosen_weekday=2, colours=catalogue.tempo.colours)
    moments = {
        "2026-01-08T06:00": "SNOW",  # announced
        "2026-01-10T05:45": "SNOW",  # still the day before
        "2026-01-10T06:00": "WE",
        "2026-02-04T12:00": "WE",  # a Wednesday
        "2026-02-05T05:45": "WE",
        "2026-02-05T12:00": "NIGHT",
        "2026-02-05T14:00": "HP",
    }
    found = {each: rules.at(datetime.fromisoformat(f"{each}+00:00"), terms) for each in (*moments, "2026-04-01T06:00")}
    assert {each: found[each].peak for each in moments} == moments
    assert found["2026-02-05T14:00"].off_peak == "HC"
    after = found["2026-04-01T06:00"].peak
    assert isinstance(after, Reason)
    assert after.code is ReasonCode.NO_LIST_OF_DAYS


def test_an_overlay_leaves_other_powers_with_the_version_before(catalogue: TariffCatalogue) -> None:
    base = catalogue.tariff("edf-bleu-base")
    in_force = {power: base.in_force(d("2027-03-01"), power) for power in (6, 9)}
    assert {power: str(version.start) for power, version in in_force.items() if version} == {
        6: "2027-02-01",
        9: "2026-08-01",
    }
    version = base.on(d("2027-03-01"))
    assert version is not None
    assert version.taxes_on(d("2027-03-01")).accise == Decimal("0.0315")


def test_the_price_series_have_both_hours_of_autumn_and_mixed_steps(catalogue: TariffCatalogue) -> None:
    prices = [
        catalogue.series[series].price(_ms(text))
        for series, text in (
            ("dynamic", "2026-10-25T02:45+02:00"),
            ("dynamic", "2026-10-25T02:45+01:00"),
            ("dynamic", "2026-10-25T03:30+01:00"),
            ("spot", "2026-10-25T02:45+01:00"),
            ("mixed", "2025-09-30T23:45+02:00"),
            ("mixed", "2025-10-01T00:15+02:00"),
            ("mixed", "2025-10-01T00:45+02:00"),
        )
    ]
    # (-0.0110 x 1.02 + 0.015) x 1.20 = 0.004536
    texts = ("0.0981", "-0.0110", "", "0.004536", "0.1105", "0.0911", "0.0876")
    assert prices == [Decimal(text) if text else None for text in texts]


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(PARIS).timestamp()) * 1000


def test_every_key_is_in_the_tables_of_the_page() -> None:
    tables = TEXT[TEXT.index("## All keys") :]
    named = set(re.findall(r"`\[*\"?([a-z_]+)", tables)) | set(re.findall(r"\b(ttc|ht|unusual)\b", tables))
    accepted = {
        *_LIST_KEYS,
        *_VERSION_KEYS,
        *_POWER_KEYS,
        *_PRICE_KEYS,
        *_FIGURE_KEYS,
        *_KEYS,
        *_RATE_KEYS,
        *RULE_KEYS,
        *DAYS_KEYS,
    }
    assert accepted - named == set()


def test_the_page_of_bundled_tariffs_is_what_the_data_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "./run tariffs"


@pytest.mark.parametrize(
    "row",
    [
        "| edf-bleu-tempo | 2026-08-01 |  | all prices at 15, 18, 30, 36 kVA | `provisional`, by the version before |",
        "| edf-bleu-tempo | 2016-08-01 | 2023-01-31 | all prices at 6 kVA, which later versions have | no cost |",
        "| edf-bleu-ejp | 2019-06-01 | 2021-07-31 | all prices | no cost |",
        "| edf-bleu-ejp | 2026-08-01 |  | whether it was revised with the others | `provisional` |",
    ],
)
def test_every_kind_of_gap_is_listed(row: str) -> None:
    assert row in page().splitlines()


def test_other_pages_refer_to_the_list_instead_of_repeating_it() -> None:
    cost = (Path(PAGE).parent / "cost.md").read_text(encoding="utf-8")
    assert "](bundled-tariffs.md)" in cost
    assert "| not known |" not in cost
