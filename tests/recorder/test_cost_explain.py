"""A figure can be explained from the figure alone."""

from decimal import Decimal

from cost_building import BASE, HPHC, SURPLUS, costs, d, midnight_ms, on, quarter_rows, row, tariff, version, words

from tictally_recorder.cost import Explanation, Quality, explain
from tictally_recorder.cost.explain import Per
from tictally_recorder.tariffs.model import Confidence
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS

DAY = d("2025-06-10")


def test_energy_is_registers_from_and_to_times_the_price_of_a_version() -> None:
    rows = [
        row(DAY, "HCHC", 2000, first=100_000, inferred=True),
        row(DAY, "EASF01", 0, first=102_000),
        row(DAY, "HCHP", 3000),
    ]
    found = explain(costs([DAY], rows, on(HPHC), HPHC, ngtf="H PLEINE/CREUSE")[0])
    assert [(part.register, part.first_value, part.last_value, part.energy_wh) for part in found.parts] == [
        ("EASF01", 102_000, 102_000, 0),
        ("HCHC", 100_000, 102_000, 2000),
    ]
    assert {(part.start_ms, part.end_ms) for part in found.parts} == {(midnight_ms(DAY), midnight_ms(d("2025-06-11")))}
    assert (found.energy_wh, found.price, found.per, found.days_of_month) == (2000, Decimal("0.1696"), Per.KWH, None)
    assert (found.amount, found.currency) == (Decimal("0.3392"), "EUR")
    assert (found.quality, found.estimated, found.reason) == (Quality.ESTIMATED, True, None)
    assert found.version is not None
    assert (found.version.id, found.version.source) == ("hphc 2025-02-01", "grid of 2025-02-01")
    assert (found.version.hash, found.version.confidence) == (HPHC.versions[0].hash, Confidence.OFFICIAL)


def recomputed(found: Explanation) -> Decimal:
    if found.days_of_month:
        assert found.price is not None
        return found.price / found.days_of_month
    if found.price is not None:
        return found.sign * found.energy_wh * found.price / 1000
    return found.sign * sum((part.energy_wh * part.price / 1000 for part in found.parts if part.price), Decimal(0))


def test_every_amount_can_be_recomputed_from_its_explanation() -> None:
    start, spot = midnight_ms(DAY), tariff("spot", (), version("spot", "2025-01-01", {}, {None: "6"}), series=True)
    series = Series([Step(start + n * QUARTER_MS, start + (n + 1) * QUARTER_MS, Decimal(n - 1) / 10) for n in range(4)])
    quarters = quarter_rows("EAST", DAY, [400, 500, 600, 700])
    rows = [row(DAY, "EAST", 2200), row(DAY, "EAIT", 750)]
    found = costs([DAY], rows, on(BASE, SURPLUS), BASE, SURPLUS)
    found += costs([DAY], rows, on(spot), spot, quarters=quarters, spot=series)
    explained = [explain(each) for each in found]
    assert [recomputed(each) for each in explained] == [each.amount for each in found]
    assert {each.sign for each in explained} == {1, -1}
    # -0.1 x 0.4 + 0 x 0.5 + 0.1 x 0.6 + 0.2 x 0.7
    assert explained[3].amount == Decimal("0.16")
    assert [part.price for part in explained[3].parts] == [Decimal(n - 1) / 10 for n in range(4)]


def test_the_hash_of_a_price_series_is_that_of_the_days_prices() -> None:
    start, spot = midnight_ms(DAY), tariff("spot", (), version("spot", "2025-01-01", {}, {None: "6"}), series=True)

    def hash_with(today: str, tomorrow: str) -> str:
        steps = [Step(start, start + QUARTER_MS, Decimal(today))]
        after = midnight_ms(d("2025-06-11"))
        series = Series([*steps, Step(after, after + QUARTER_MS, Decimal(tomorrow))])
        quarters = quarter_rows("EAST", DAY, [400])
        version_used = costs([DAY], [], on(spot), spot, quarters=quarters, spot=series)[0].version
        assert version_used is not None
        return version_used.hash

    assert hash_with("0.1", "0.1") == hash_with("0.1", "0.9") != hash_with("0.2", "0.1")


def test_an_unknown_amount_is_explained_by_its_reason() -> None:
    found = explain(costs([DAY], [row(DAY, "EAST", 5000)], on(HPHC, power_kva=12), HPHC)[0])
    assert (found.amount, found.quality) == (None, Quality.UNKNOWN)
    assert words(found.reason) == "only the total of EAST is known, and not how much of it was HC"
