"""Prices without taxes by the taxes of each day, and at a discount on another tariff's, with figures by hand."""

from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import d

from tictally_recorder.cost.reasons import provisional_reason
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.model import Confidence, Tariff

HEAD = 'id = "own"\nsupplier = "Somebody"\ncurrency = "EUR"\nperiods = ["BASE"]\ntaxes = "fr"\nnames.en = "Own"\n'
VERSION = '[[version]]\nfrom = 2025-03-01\nconfidence = "own"\nsource = "my contract"\n'
BY_HT = 'energy.BASE = { ht = "0.1" }\nsubscription = "12"\n'
TEN = 'discount = { tariff = "edf-bleu-base", energy = "0.10" }\n'


def catalogue(folder: Path, text: str, **others: str) -> TariffCatalogue:
    for name, each in {"own": text, **others}.items():
        (folder / f"{name}.toml").write_text(each)
    return load_catalogue(folder)


def tariff(folder: Path, text: str, **others: str) -> Tariff:
    found = catalogue(folder, text, **others)
    assert found.errors == ()
    return found.tariff("own")


def prices(tariff: Tariff, power: int | None = 6) -> dict[str, Decimal]:
    found = {str(version.start): version.price(power, tariff.periods[0]) for version in tariff.versions}
    return {start: price.ttc for start, price in found.items() if price}


def test_a_price_without_taxes_follows_the_taxes_of_each_day(tmp_path: Path) -> None:
    # (0.1 + 0.0337) x 1.2, (0.1 + 0.02998) x 1.2, (0.1 + 0.03085) x 1.2
    own = tariff(tmp_path, HEAD + VERSION + BY_HT)
    assert prices(own) == {
        "2025-03-01": Decimal("0.16044"),
        "2025-08-01": Decimal("0.155976"),
        "2026-02-01": Decimal("0.15702"),
    }
    assert own.on(d("2025-07-31")) is own.versions[0]
    assert own.on(d("2030-01-01")) is own.versions[2]
    assert {version.monthly(6) for version in own.versions} == {Decimal(12)}


def test_a_subscription_without_taxes_follows_the_taxes_of_each_day(tmp_path: Path) -> None:
    # (10 + 6 x 0.2193) x 1.055, (10 + 6 x 0.2193) x 1.2, (10 + 6 x 0.15) x 1.2
    monthly = [Decimal("11.938169"), Decimal("13.57896"), Decimal("13.08")]
    by_ht = 'subscription_ht = "10"\ncta_base = "6"\n'
    own = tariff(tmp_path, HEAD + VERSION + 'energy.BASE = { ttc = "0.2" }\n' + by_ht)
    assert [(str(each.start), each.monthly(6)) for each in own.versions] == [
        *zip(("2025-03-01", "2025-08-01", "2026-02-01"), monthly, strict=True)
    ]
    assert {each.subscription_ht[None] for each in own.versions} == {Decimal(10)}
    discount = tariff(tmp_path, HEAD + VERSION + TEN + by_ht)
    assert [each.monthly(6) for each in discount.versions] == [*monthly, monthly[-1]]
    by_power = tariff(
        tmp_path,
        HEAD + VERSION + 'energy.BASE = { ttc = "0.2" }\npower.6 = { ' + by_ht.replace("\n", ", ", 1).rstrip() + " }\n",
    )
    assert [each.monthly(6) for each in by_power.versions] == monthly
    written = tariff(tmp_path, HEAD + VERSION + 'energy.BASE = { ttc = "0.2" }\nsubscription = "12"\n' + by_ht)
    assert [each.monthly(6) for each in written.versions] == [Decimal(12)]


def test_what_is_written_later_ends_what_taxes_make_of_a_price(tmp_path: Path) -> None:
    later = VERSION.replace("2025-03-01", "2025-10-01") + 'energy.BASE = { ttc = "0.2" }\nsubscription = "12"\n'
    own = tariff(tmp_path, HEAD + VERSION + BY_HT + later)
    assert [str(version.start) for version in own.versions] == ["2025-03-01", "2025-08-01", "2025-10-01"]
    ended = tariff(tmp_path, HEAD + VERSION + BY_HT + "until = 2025-09-30\n")
    assert [(str(version.start), version.until) for version in ended.versions] == [
        ("2025-03-01", None),
        ("2025-08-01", d("2025-09-30")),
    ]
    assert ended.on(d("2025-10-01")) is None


def test_a_new_rate_of_the_user_counts(tmp_path: Path) -> None:
    rate = (
        'id = "fr"\noverlay = true\n[[accise]]\nfrom = 2027-02-01\nrate = "0.04"\nconfidence = "own"\nsource = "law"\n'
    )
    assert prices(tariff(tmp_path, HEAD + VERSION + BY_HT, rate=rate))["2027-02-01"] == Decimal("0.168")


def test_a_discount_on_another_tariff_follows_its_revisions_and_the_taxes(tmp_path: Path) -> None:
    own = tariff(tmp_path, HEAD + VERSION + TEN)
    base = load_catalogue().tariff("edf-bleu-base")
    found = prices(own)
    assert [*found] == ["2025-03-01", "2025-08-01", "2026-02-01", "2026-08-01"]
    ht = {str(version.start): version.price(6, "BASE").ht for version in base.versions}  # type: ignore[union-attr]
    assert ht["2025-08-01"] is not None
    assert found["2025-08-01"] == (ht["2025-08-01"] * Decimal("0.9") + Decimal("0.02998")) * Decimal("1.2")
    # (0.1359 x 0.9 + 0.03085) x 1.2
    assert found["2026-08-01"] == Decimal("0.183792")
    assert prices(own, 9)["2026-08-01"] < found["2026-08-01"]
    assert own.on(d("2026-03-01")).monthly(6) == base.on(d("2026-03-01")).monthly(6)  # type: ignore[union-attr]


def test_where_no_price_without_taxes_is_published_the_one_with_taxes_gives_it(tmp_path: Path) -> None:
    other = HEAD.replace("own", "other") + VERSION + 'energy.BASE = { ttc = "0.2001" }\nsubscription = "12"\n'
    own = tariff(tmp_path, HEAD + VERSION + TEN.replace("edf-bleu-base", "other"), other=other)
    # 0.2001 / 1.2 - 0.0337 = 0.13305; (0.13305 x 0.9 + 0.0337) x 1.2, and with the accise of August 2025
    assert prices(own) == {
        "2025-03-01": pytest.approx(Decimal("0.184134"), abs=Decimal("1E-20")),
        "2025-08-01": pytest.approx(Decimal("0.179670"), abs=Decimal("1E-20")),
        "2026-02-01": pytest.approx(Decimal("0.180714"), abs=Decimal("1E-20")),
    }


def test_a_discount_names_both_sources_and_is_worth_the_lower(tmp_path: Path) -> None:
    newest = tariff(tmp_path, HEAD + VERSION + TEN).versions[-1]
    assert newest.source.startswith("my contract; edf-bleu-base 2026-08-01: ")
    assert newest.confidence is Confidence.SECONDARY


def test_a_discount_is_provisional_where_the_other_tariff_is(tmp_path: Path) -> None:
    own = tariff(tmp_path, HEAD + VERSION + TEN)
    reason = provisional_reason(own, 6, d("2027-02-01"))
    assert reason is not None
    assert reason.code.value == "revision_overdue"
    assert provisional_reason(own, 6, d("2026-09-01")) is None


def test_a_discount_may_have_a_subscription_of_its_own_and_ends_with_the_other(tmp_path: Path) -> None:
    other = HEAD.replace("own", "other") + VERSION + BY_HT + "until = 2025-12-31\n"
    follower = HEAD + VERSION + TEN.replace("edf-bleu-base", "other") + 'subscription = "9"\n'
    own = tariff(tmp_path, follower, other=other)
    assert {version.monthly(6) for version in own.versions} == {Decimal(9)}
    assert [(str(version.start), version.until) for version in own.versions] == [
        ("2025-03-01", None),
        ("2025-08-01", d("2025-12-31")),
    ]


def test_a_discount_follows_what_the_user_corrected(tmp_path: Path) -> None:
    overlay = (
        'id = "edf-bleu-base"\noverlay = true\n[[version]]\nfrom = 2027-02-01\nconfidence = "own"\nsource = "my bill"\n'
        'energy.BASE = { ttc = "0.3", ht = "0.2" }\npower.6.subscription = "16"\n'
    )
    own = tariff(tmp_path, HEAD + VERSION + TEN, zzz=overlay)
    assert prices(own)["2027-02-01"] == (Decimal("0.2") * Decimal("0.9") + Decimal("0.03085")) * Decimal("1.2")


def test_a_correction_of_a_discount_lies_over_it(tmp_path: Path) -> None:
    overlay = 'id = "own"\noverlay = true\n' + VERSION.replace("2025-03", "2026-03")
    own = tariff(tmp_path, HEAD + VERSION + TEN, aaa=overlay + 'energy.BASE = { ttc = "0.15" }\nsubscription = "9"\n')
    assert prices(own)["2026-03-01"] == Decimal("0.15")


REFUSED = {
    HEAD.replace('taxes = "fr"\n', "") + VERSION + BY_HT: "line 10: a price without taxes needs a table of taxes",
    HEAD.replace('taxes = "fr"\n', "") + VERSION + TEN: "line 10: a price without taxes needs a table of taxes",
    HEAD + VERSION.replace("2025", "2015") + BY_HT: "line 11: the taxes of 2015-03-01 are not known",
    HEAD + VERSION + 'energy.BASE = { ttc = "0.2" }\ncta_base = "6"\n': "subscription_ht is missing",
    HEAD.replace('taxes = "fr"\n', "")
    + VERSION
    + 'energy.BASE = { ttc = "0.2" }\nsubscription_ht = "10"\ncta_base = "6"\n': "line 12: a price without taxes needs",
    HEAD + VERSION + TEN + BY_HT: "line 12: a version that follows another tariff takes its prices, at a discount",
    HEAD + VERSION + TEN.replace("edf-bleu-base", "none"): "line 11: there is no tariff none to follow",
    HEAD + VERSION + TEN.replace("edf-bleu-base", "own"): "line 11: there is no tariff own to follow",
    HEAD + VERSION + TEN.replace("-base", "-hphc"): "line 11: edf-bleu-hphc cannot be followed",
    HEAD + VERSION + TEN.replace("0.10", "10"): "line 11: discount.energy is 10",
    HEAD + VERSION + TEN.replace('energy = "0.10"', 'percent = "10"'): "line 11: there is no discount.percent",
    HEAD + VERSION.replace("2025", "2015") + TEN: "line 11: edf-bleu-base has no prices on 2015-03-01",
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.items(), ids=[*REFUSED.values()])
def test_what_cannot_follow_is_refused_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    (error,) = catalogue(tmp_path, text).errors
    assert sentence in str(error)


def test_a_discount_on_a_tariff_whose_file_is_broken_has_no_price(tmp_path: Path) -> None:
    broken = 'id = "edf-bleu-base"\noverlay = true\n' + VERSION
    found = catalogue(tmp_path, HEAD + VERSION + TEN, broken=broken)
    assert "edf-bleu-base that it follows is in a file that cannot be used" in str(found.errors[-1])
    assert {*found.broken.by_id} == {"edf-bleu-base", "own"}
