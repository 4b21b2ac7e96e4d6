"""A tariff file: the versions it becomes, and every error with its line and sentence."""

from datetime import date
from decimal import Decimal
from textwrap import dedent

import pytest

from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.load import TariffFile
from tictally_recorder.tariffs.model import Confidence, Direction, Figure, Price, Provenance, Tariff, Taxes

LIST = """\
id = "own-list"
supplier = "Somebody"
currency = "EUR"
periods = ["HC", "HP"]
revised = ["08-01", "02-01"]
[names]
en = "A list"

[[version]]
from = 2025-02-01
confidence = "own"
source = "the contract"
energy.HC = { ttc = "0.15", ht = "0.10" }
energy.HP = { ttc = 0.20 }
power.6 = { subscription = "10", subscription_ht = "8" }
power.9.subscription = 12.5
power.9.energy.HP = { ttc = "0.21" }
taxes = { accise = "0.03", vat_energy = "0.20" }

[[version]]
from = 2025-08-01
until = 2026-01-31
confidence = "own"
source = "the contract"
energy.HC = { ttc = "0.16" }
energy.HP = { ttc = "0.22" }
subscription = "11"
"""
LAST = len(LIST.splitlines())


def load(text: str) -> Tariff:
    return TariffFile(text, "list.toml").tariff()


def error_of(text: str) -> TariffError:
    with pytest.raises(TariffError) as caught:
        load(text)
    return caught.value


def test_a_list_becomes_versions_in_order() -> None:
    tariff = load(LIST)
    assert (tariff.id, tariff.supplier, tariff.currency) == ("own-list", "Somebody", "EUR")
    assert (tariff.periods, tariff.revised, tariff.names) == (("HC", "HP"), ((2, 1), (8, 1)), {"en": "A list"})
    assert (tariff.direction, tariff.series) == (Direction.CONSUMPTION, False)
    assert [(version.start, version.until) for version in tariff.versions] == [
        (date(2025, 2, 1), None),
        (date(2025, 8, 1), date(2026, 1, 31)),
    ]


def test_prices_of_a_version_go_to_every_power_that_it_names_and_to_no_other() -> None:
    version = load(LIST).versions[0]
    assert version.energy == {
        6: {"HC": Price(Decimal("0.15"), Decimal("0.10")), "HP": Price(Decimal("0.20"))},
        9: {"HC": Price(Decimal("0.15"), Decimal("0.10")), "HP": Price(Decimal("0.21"))},
    }
    assert version.subscription == {6: Decimal(10), 9: Decimal("12.5")}
    assert version.subscription_ht == {6: Decimal(8)}
    assert version.price(12, "HC") is None
    assert version.monthly(12) is None


def test_prices_of_a_version_that_names_no_power_are_for_every_power() -> None:
    version = load(LIST).versions[1]
    assert version.price(36, "HP") == Price(Decimal("0.22"))
    assert version.monthly(36) == Decimal(11)


def test_taxes_confidence_and_source_of_a_version_are_read() -> None:
    version = load(LIST).versions[0]
    assert version.taxes == Taxes(accise=Decimal("0.03"), vat_energy=Decimal("0.20"))
    assert (version.confidence, version.source, version.file) == (Confidence.OWN, "the contract", "list.toml")


def test_an_amount_without_quotes_is_exact() -> None:
    assert load(LIST.replace('ttc = "0.15"', "ttc = 0.1500000")).versions[0].price(6, "HC") == Price(
        Decimal("0.15"), Decimal("0.10")
    )


def test_versions_may_stand_in_any_order() -> None:
    first, second = LIST.index("[[version]]"), LIST.rindex("[[version]]")
    turned = LIST[:first] + LIST[second:] + LIST[first:second]
    assert [version.hash for version in load(turned).versions] == [version.hash for version in load(LIST).versions]


def test_a_subscription_may_be_declared_unknown() -> None:
    version = load(LIST.replace('subscription = "10"', 'subscription = "unknown"')).versions[0]
    assert version.monthly(6) is None
    assert version.monthly(9) == Decimal("12.5")
    assert version.price(6, "HC") is not None


def test_a_tariff_of_injection_needs_no_subscription() -> None:
    text = LIST.replace("[names]", 'direction = "injection"\n[names]').replace('subscription = "11"\n', "")
    tariff = load(text)
    assert tariff.direction is Direction.INJECTION
    assert tariff.versions[1].monthly(6) == 0


def test_former_names_are_read_as_before() -> None:
    text = LIST.replace("[names]", 'direction = "injected"\n[names]').replace("confidence = ", "sureness = ")
    tariff = TariffFile(text, "list.toml").tariff()
    assert tariff.direction is Direction.INJECTION
    assert tariff.versions[0].confidence is Confidence.OWN
    drawn = LIST.replace("[names]", 'direction = "drawn"\n[names]')
    assert TariffFile(drawn, "list.toml").tariff().direction is Direction.CONSUMPTION


def test_a_wrong_value_is_named_by_the_former_key_that_has_it() -> None:
    text = LIST.replace('confidence = "own"', 'sureness = "rumour"', 1)
    with pytest.raises(TariffError, match="line 11: sureness is 'rumour'; there are: official, secondary, own"):
        TariffFile(text, "list.toml").tariff()


def test_a_series_has_versions_without_prices() -> None:
    text = LIST.replace('periods = ["HC", "HP"]', 'series = "prices.csv"')
    text = "\n".join(line for line in text.splitlines() if "energy." not in line)
    tariff = load(text)
    assert tariff.series
    assert tariff.versions[0].energy == {}
    assert tariff.versions[0].monthly(6) == Decimal(10)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('source = "the contract"', 'source = "a bill"'),
        ('confidence = "own"', 'confidence = "official"'),
        ('source = "the contract"', 'source = "the contract"\nnote = "nothing"'),
        ("ttc = 0.20", 'ttc = "0.2000"'),
        ("power.9.energy.HP = ", "power.9.energy.HC = { ttc = '0.15', ht = '0.1' }\npower.9.energy.HP = "),
        ('supplier = "Somebody"', 'supplier = "Else"'),
    ],
)
def test_the_hash_stays_where_no_cost_can_change(old: str, new: str) -> None:
    assert old in LIST
    changed = load(LIST.replace(old, new))
    assert [version.hash for version in changed.versions] == [version.hash for version in load(LIST).versions]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from = 2025-02-01", "from = 2025-02-02"),
        ('ttc = "0.15"', 'ttc = "0.1501"'),
        ('ht = "0.10"', 'ht = "0.11"'),
        ('subscription = "10"', 'subscription = "10.01"'),
        ('subscription = "10"', 'subscription = "unknown"'),
        ('subscription_ht = "8"', 'subscription_ht = "9"'),
        ('accise = "0.03"', 'accise = "0.04"'),
        ("from = 2025-02-01", "from = 2025-02-01\nuntil = 2025-07-31"),
    ],
)
def test_the_hash_changes_with_what_a_cost_depends_on_and_only_that_version_s(old: str, new: str) -> None:
    assert old in LIST
    before, after = load(LIST).versions, load(LIST.replace(old, new)).versions
    assert before[0].hash != after[0].hash
    assert before[1].hash == after[1].hash


def test_the_hash_is_the_same_in_every_release() -> None:
    assert load(LIST).versions[0].hash == "ede47445c834"  # old costs name it


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        # keys
        ('id = "own-list"', 'id = "Own List"', 1, "'Own List' is not an id: 1 to 32 of a-z, 0-9 and -"),
        ('id = "own-list"', "id = 7", 1, "id must be a text, not 7"),
        ('id = "own-list"\n', "", 1, "id is missing"),
        ('supplier = "Somebody"', 'supplier = " "', 2, "supplier must be a text, not ' '"),
        (
            'supplier = "Somebody"',
            'suplier = "Somebody"',
            2,
            "there is no suplier; there are: currency, day_begins, days, direction, id,",
        ),
        ('currency = "EUR"', 'currency = "euro"', 3, "'euro' is not a currency: three capital letters, such as EUR"),
        ('periods = ["HC", "HP"]', 'periods = "HC"', 4, "periods must be a list of texts, not 'HC'"),
        ('periods = ["HC", "HP"]', 'periods = ["HC", "HC"]', 4, "periods has 'HC' twice"),
        ('periods = ["HC", "HP"]', "periods = []", 4, "`periods` is missing: the names of the periods"),
        ('periods = ["HC", "HP"]', 'periods = ["HC", "HP"]\nseries = "p.csv"', 4, "a price series has no periods"),
        ('"08-01"', '"31-12"', 5, "'31-12' is not a day that every year has; write the month first: 02-01"),
        ('"02-01"', '"02-29"', 5, "'02-29' is not a day that every year has; write the month first: 02-01"),
        ('en = "A list"\n', "", 6, '`names` is missing: `names.fr = "…"` or `names.en = "…"`'),
        ('en = "A list"', 'de = "Eine Liste"', 7, "there is no names.de; there are: en, fr"),
        ("[names]", 'direction = "up"\n[names]', 6, "direction is 'up'; there are: consumption, injection"),
        ("[names]", "overlay = 1\n[names]", 6, "overlay must be true or false, without quotes, not 1"),
        ('source = "the contract"\nenergy.HC = { ttc = "0.15"', 'energy.HC = { ttc = "0.15"', 9, "source is missing"),
        (
            'confidence = "own"',
            'confidence = "rumour"',
            11,
            "confidence is 'rumour'; there are: official, secondary, own",
        ),
        (
            "taxes = {",
            "tax = {",
            18,
            "there is no tax; there are: confidence, cta_base, discount, energy, figures, ",
        ),
        (
            "accise =",
            "tva =",
            18,
            "there is no taxes.tva; there are: accise, cta_share, unusual, vat_energy, vat_subscription",
        ),
        (
            "subscription_ht =",
            "sub_ht =",
            15,
            "there is no power.6.sub_ht; there are: cta_base, energy, ",
        ),
        # dates
        ("from = 2025-02-01", 'from = "2025-02-01"', 10, "from must be a date without quotes and without a time"),
        (
            "from = 2025-02-01",
            "from = 2025-02-01T00:00:00",
            10,
            "from must be a date without quotes and without a time",
        ),
        ("from = 2025-02-01", "from = 2025-02-30", 10, "there is no day 2025-02-30; "),
        ("from = 2025-02-01\n", "", 9, "from is missing"),
        ("until = 2026-01-31", "until = 2025-07-31", 22, "until 2025-07-31 is before from 2025-08-01"),
        ("from = 2025-08-01", "from = 2025-02-01", 21, "there are two versions from 2025-02-01"),
        (
            "from = 2025-02-01",
            "from = 2025-02-01\nuntil = 2025-08-01",
            11,
            "the version from 2025-02-01 holds until 2025-08-01, and another begins before its end, on 2025-08-01",
        ),
        # prices
        (
            'energy.HC = { ttc = "0.15"',
            'energy.WE = { ttc = "0.15"',
            13,
            "'WE' is not a period of own-list; it has HC, HP",
        ),
        ('energy.HC = { ttc = "0.16" }\n', "", 20, "there is no price for HC"),
        ('energy.HC = { ttc = "0.15", ht = "0.10" }\n', "", 14, "there is no price for HC at 6 kVA"),
        ('energy.HC = { ttc = "0.15", ht = "0.10" }', "energy.HC = 0.15", 13, "energy.HC must be a table, not 0.15"),
        (
            'ttc = "0.16"',
            'ttc = "-0.16"',
            25,
            "energy.HC.ttc is negative (-0.16); only a subscription or a price series may be",
        ),
        ('ttc = "0.16"', 'ttc = "16"', 25, "energy.HC.ttc is 16: more than 5 a kWh is taken for a slip"),
        ('ttc = "0.16"', 'ttc = "0,16"', 25, "energy.HC.ttc must be an amount, \"0.1635\" with a point, not '0,16'"),
        ('ttc = "0.16"', "ttc = nan", 25, 'energy.HC.ttc must be an amount, "0.1635" with a point, not NaN'),
        ('ttc = "0.16"', "ttc = true", 25, 'energy.HC.ttc must be an amount, "0.1635" with a point, not True'),
        ('ttc = "0.16"', 'ttc = "0.1234567891"', 25, "energy.HC.ttc has more than 8 decimals"),
        ('ttc = "0.16"', "unusual = true", 25, "energy.HC.ttc is missing"),
        ('ttc = "0.16"', 'ht = "0.16"', 25, "a price without taxes needs a table of taxes"),
        ('ht = "0.10"', 'ht = "0.16"', 13, "without taxes (0.16) it is more than with them (0.15)"),
        # powers and subscriptions
        ('subscription = "10", ', "", 15, "power.6.subscription is missing"),
        ('subscription = "11"\n', "", 20, "subscription is missing"),
        ('subscription = "11"', 'subscription = "501"', 27, "subscription is 501: more than 500 a month is taken for"),
        ('subscription = "11"', 'subscription = "-501"', 27, "subscription is -501: less than -500 a month is taken"),
        (
            'ttc = "0.16"',
            'ttc = "1.6"',
            25,
            "energy.HC.ttc is 1.6: more than 1 a kWh is taken for a slip; if it is right, write `unusual = true`",
        ),
        ('ttc = "0.16"', 'ttc = "0.16", ht = "1.2"', 25, "energy.HC.ht is 1.2: more than 1 a kWh is taken for a slip"),
        (
            'subscription = "10"',
            'subscription = "125"',
            15,
            "power.6.subscription is 125: more than 60 a month is taken",
        ),
        ('subscription = "11"', 'subscription = "211"', 27, "subscription is 211: more than 210 a month is taken for"),
        (
            'ttc = "0.16"',
            'ttc = "5.1", unusual = true',
            25,
            "energy.HC.ttc is 5.1: more than 5 a kWh is taken for a slip",
        ),
        (
            'ttc = "0.16"',
            'ttc = "0.16", unusual = "yes"',
            25,
            "energy.HC.unusual must be true or false, without quotes, not 'yes'",
        ),
        ('subscription = "11"', 'subscription = "dear"', 27, "subscription must be an amount, "),
        ("power.9.subscription = 12.5\n", "", 16, "power.9.subscription is missing"),
        (
            'subscription_ht = "8"',
            'subscription_ht = "10.01"',
            15,
            "without taxes (10.01) it is more than with them (10)",
        ),
        (
            'subscription = "11"',
            'subscription = "11"\nsubscription_ht = "12"',
            28,
            "without taxes (12) it is more than with them (11)",
        ),
        ("power.6 =", "power.six =", 15, "'six' is not a subscribed power: whole kVA, `power.6`"),
        ("power.6 =", "power.06 =", 15, "'06' is not a subscribed power: whole kVA, `power.6`"),
        (
            "taxes = {",
            'subscription = "9"\ntaxes = {',
            18,
            "powers are named here: give each of them its own subscription",
        ),
        ('accise = "0.03"', 'accise = "29.98"', 18, "taxes.accise is 29.98: more than 1 a kWh is taken for a slip"),
        # TOML itself
        ("power.6 =", "power.6", 15, "it is not TOML: "),
        ('source = "the contract"\nenergy.HC = { ttc = "0.16" }', 'source = "the contract', 24, "it is not TOML: "),
    ],
)
def test_a_wrong_value_is_rejected_with_its_line(old: str, new: str, line: int, sentence: str) -> None:
    assert old in LIST
    error = error_of(LIST.replace(old, new, 1))
    assert error.sentence.startswith(sentence)
    assert (error.file, error.line) == ("list.toml", line)
    assert str(error) == f"list.toml, line {line}: {error.sentence}"


def test_without_taxes_a_subscription_may_be_what_it_is_with_them_or_be_known_alone() -> None:
    for with_taxes in ("8", "unknown"):
        version = load(LIST.replace('subscription = "10"', f'subscription = "{with_taxes}"')).versions[0]
        assert version.subscription_ht == {6: Decimal(8)}


def test_a_tariff_without_a_version_is_rejected() -> None:
    assert error_of(LIST[: LIST.index("[[version]]")]).sentence.startswith("there is no version")


def test_a_price_in_a_version_of_a_series_is_rejected() -> None:
    error = error_of(LIST.replace('periods = ["HC", "HP"]', 'series = "prices.csv"'))
    assert (error.line, error.sentence) == (
        13,
        "a price series has its prices in its own file; remove them from the version",
    )


def test_a_key_in_a_table_of_its_own_has_its_line() -> None:
    text = dedent(
        """\
        [version.power.12]
        subscription = "14"
        [version.power.12.energy.HC]
        # a comment
        ttc = "9"
        """
    )
    error = error_of(LIST.replace('subscription = "11"\n', "") + text)
    assert (error.line, error.sentence[:30]) == (LAST + 4, "power.12.energy.HC.ttc is 9: m")


def test_a_byte_order_mark_is_no_part_of_the_file() -> None:
    assert load("\ufeff" + LIST).versions == load(LIST).versions
    assert error_of("\ufeff" + LIST.replace('supplier = "Somebody"', "supplier = 7")).line == 2


def test_a_price_above_one_euro_counts_where_the_file_confirms_it() -> None:
    text = LIST.replace('ttc = "0.16"', 'ttc = "1.5197", ht = "1.2454", unusual = true')
    assert load(text).versions[1].price(6, "HC") == Price(Decimal("1.5197"), Decimal("1.2454"))
    assert load(text.replace("EUR", "SEK").replace(", unusual = true", "")).versions[1].price(6, "HC") is not None


def test_a_discount_above_the_subscription_makes_it_negative() -> None:
    text = LIST.replace('subscription = "11"', 'subscription = "-4.50"\nsubscription_ht = "-3.75"')
    assert load(text).versions[1].monthly(6) == Decimal("-4.50")
    assert load(text).versions[1].subscription_ht == {None: Decimal("-3.75")}
    with pytest.raises(TariffError, match=r"without taxes \(-4\.75\) it is more than with them"):
        load(text.replace("-3.75", "-4.75"))


def test_a_subscription_of_any_amount_up_to_500_can_be_confirmed() -> None:
    text = LIST.replace('subscription = "10", ', 'subscription = "310", unusual = true, ')
    assert load(text).versions[0].monthly(6) == Decimal(310)


FIGURES = """
figures = [
    { of = ["energy"], source = "a site", confidence = "secondary", note = "one page" },
    { of = ["energy", "subscription"], powers = [9], source = "a letter", confidence = "official" },
    { of = ["energy_ht"], periods = ["HC"], source = "computed", confidence = "secondary" },
]
"""


def test_each_figure_has_its_own_source_and_confidence_and_the_last_that_concerns_it_counts() -> None:
    version = load(LIST.replace('vat_energy = "0.20" }\n', 'vat_energy = "0.20" }' + FIGURES)).versions[0]
    own = Provenance("the contract", Confidence.OWN)
    assert version.provenance(Figure.ENERGY, 6, "HC") == Provenance("a site", Confidence.SECONDARY, "one page")
    assert version.provenance(Figure.ENERGY, 9, "HP") == Provenance("a letter", Confidence.OFFICIAL)
    assert version.provenance(Figure.ENERGY_HT, 6, "HC") == Provenance("computed", Confidence.SECONDARY)
    assert version.provenance(Figure.ENERGY_HT, 6, "HP") == own
    assert version.provenance(Figure.SUBSCRIPTION, 9).source == "a letter"
    assert version.provenance(Figure.SUBSCRIPTION, 6) == version.provenance(Figure.SUBSCRIPTION_HT, 9) == own
    assert version.weakest is Confidence.SECONDARY


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'of = ["energy"]',
            'of = ["price"]',
            "of must be a list of these values: energy, energy_ht, subscription, subscr",
        ),
        ('of = ["energy"]', 'for = ["energy"]', "there is no figures.for; there are: confidence, note, of, periods, "),
        (
            "powers = [9]",
            'powers = ["9"]',
            "figures.powers must be a list of subscribed powers in kVA, such as [6, 9], not ",
        ),
        ('periods = ["HC"]', 'periods = ["BASE"]', "periods must be a list of these values: HC, HP"),
        ('confidence = "official"', 'confidence = "sure"', "figures.confidence is 'sure'; there are: official, second"),
    ],
)
def test_a_wrong_statement_about_figures_is_rejected(old: str, new: str, sentence: str) -> None:
    assert old in FIGURES
    text = LIST.replace('vat_energy = "0.20" }\n', 'vat_energy = "0.20" }' + FIGURES.replace(old, new))
    assert sentence in error_of(text).sentence


def test_figures_in_tables_of_their_own_have_their_lines() -> None:
    text = LIST + '[[version.figures]]\nof = ["energy"]\nsource = "a site"\nconfidence = "sure"\n'
    assert error_of(text).line == LAST + 4
    figures = load(text.replace("sure", "secondary")).versions
    assert figures[1].provenance(Figure.ENERGY, 6, "HC").source == "a site"
    assert error_of(text.replace("sure", "own") + "[[version]]\nfrom = 7\n").line == LAST + 6
