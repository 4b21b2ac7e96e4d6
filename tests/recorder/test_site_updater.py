"""What is published of a site from second to second, between the rounds of cost."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cost_building import PARIS, SURPLUS_FILE, d
from ledger_building import METER, frame, message

from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.hubs.price_outlook import Outlook
from tictally_recorder.hubs.site_device import SiteDevice
from tictally_recorder.hubs.site_publisher import SitePublisher
from tictally_recorder.hubs.site_updater import SiteSource, SiteUpdater
from tictally_recorder.ledger import Ledger, LedgerReader, Night
from tictally_shared.topics import Topics

CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2020-01-01\n'
OWN = """
id = "own"
supplier = "A small one"
names.en = "Own"
currency = "EUR"
periods = ["NIGHT", "DAY"]
[[version]]
from = 2025-01-01
source = "a letter"
confidence = "own"
energy.NIGHT = { ttc = "0.1" }
energy.DAY = { ttc = "0.2" }
subscription = "12"
"""
SITE = f"tictally/site/{METER}"
MINUTE_MS = 60_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


class PublishedSites:
    """An updater whose messages are collected."""

    def __init__(self, folder: Path, ledger: Ledger, reader: LedgerReader) -> None:
        self.messages: list[tuple[str, str]] = []
        self.recomputer = CostRecomputer(
            ledger, reader, WatchedTerms(folder / "contracts.toml", folder / "tariffs", PARIS), PARIS
        )
        device = SiteDevice(Topics(), "homeassistant", "en", "1", "tictally/recorder/nas/availability")
        self.publisher = SitePublisher(Topics(), device, lambda *each: self.messages.append(each))
        self.updater = SiteUpdater(
            SiteSource(ledger, reader, self.recomputer, PARIS, 10 * MINUTE_MS, lambda: 0), self.publisher
        )

    def update(self, now_ms: int) -> None:
        self.recomputer.begin()
        while self.recomputer.step(lambda: now_ms):
            pass
        self.updater.read(now_ms)

    def at(self, now_ms: int) -> dict[str, str]:
        """Payloads published at a moment, by the last level of their topic."""
        self.messages.clear()
        self.updater.publish(now_ms)
        return {topic.split("/")[-1]: payload for topic, payload in self.messages}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def published(ledger: Ledger, tmp_path: Path) -> Iterator[PublishedSites]:
    with LedgerReader.open(tmp_path / "ledger.sqlite") as reader:
        yield PublishedSites(tmp_path, ledger, reader)


def store(ledger: Ledger, *moments: str) -> None:
    """Store a kWh from each moment to the next."""
    ledger.store(
        message(frame(seq, ms(moment), {"BASE": 1000 * seq, "PTEC": "TH.."}, meter=METER))
        for seq, moment in enumerate(moments, 1)
    )


def test_only_what_has_changed_is_published(published: PublishedSites, ledger: Ledger) -> None:
    store(ledger, "2025-07-02T11:00+02:00", "2025-07-02T11:05+02:00")
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    # 0.2016 and a day of 13.72 a month
    assert published.at(now_ms)["cost_today"] == "0.64"
    assert published.at(now_ms + 1000) == {}


def test_at_midnight_the_total_continues_and_today_restarts(published: PublishedSites, ledger: Ledger) -> None:
    store(ledger, "2025-07-02T23:50+02:00", "2025-07-02T23:55+02:00")
    published.update(ms("2025-07-02T23:59+02:00"))
    assert published.at(ms("2025-07-02T23:59+02:00"))["cost_total"] == "0.64"
    after = published.at(ms("2025-07-03T00:00+02:00"))
    assert (after["cost_today"], after["cost_yesterday"]) == ("none", "0.64")
    assert "cost_total" not in after  # it is what it was


def test_a_meter_that_is_silent_has_no_period(published: PublishedSites, ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("base", "hphc"))
    ledger.store([message(frame(1, ms("2025-07-02T11:00+02:00"), {"HCHC": 1, "PTEC": "HC.."}))])
    published.update(ms("2025-07-02T11:09+02:00"))
    assert published.at(ms("2025-07-02T11:09+02:00"))["period"] == "HC"
    gone = published.at(ms("2025-07-02T11:11+02:00"))
    assert (gone["period"], gone["price"]) == ("none", "none")


def test_a_mode_that_has_changed_leaves_no_old_period_behind(
    published: PublishedSites, ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("base", "hphc"))
    standard: dict[str, int | str] = {"EASF02": 1, "NTARF": "02", "LTARF": "HP", "NGTF": "H PLEINE/CREUSE"}
    ledger.store([message(frame(1, ms("2025-07-02T11:00+02:00"), {"HCHC": 1, "PTEC": "HC.."}))])
    ledger.store([message(frame(2, ms("2025-07-02T11:05+02:00"), standard))])
    published.update(ms("2025-07-02T11:06+02:00"))
    assert published.at(ms("2025-07-02T11:06+02:00"))["period"] == "HP"


@pytest.mark.parametrize(
    ("aliases", "period"),
    [
        ('{ "HEURE CREUSE" = "NIGHT", "HEURE PLEINE" = "DAY" }', "NIGHT"),
        ('{ HC = "NIGHT", HP = "DAY" }', "NIGHT"),
        ('{ EASF01 = "NIGHT", EASF02 = "DAY" }', "NIGHT"),
        # An alias of an alias is none.
        ('{ "HEURE CREUSE" = "NIGHT", NIGHT = "DAY", DAY = "NIGHT" }', "NIGHT"),
        ("{}", "none"),
    ],
)
def test_the_period_is_the_lists_own_by_the_contracts_aliases(
    published: PublishedSites, ledger: Ledger, tmp_path: Path, aliases: str, period: str
) -> None:
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "own.toml").write_text(OWN)
    (tmp_path / "contracts.toml").write_text(f'[[contract]]\ntariff = "own"\nfrom = 2025-01-01\naliases = {aliases}\n')
    period_labels: dict[str, int | str] = {"NTARF": "01", "LTARF": "HEURE CREUSE", "NGTF": "H PLEINE/CREUSE"}
    ledger.store([message(frame(1, ms("2025-07-02T11:00+02:00"), {"EASF01": 1, "EASF02": 1, **period_labels}))])
    published.update(ms("2025-07-02T11:01+02:00"))
    found = published.at(ms("2025-07-02T11:01+02:00"))
    assert (found["period"], found["price"]) == (period, "none" if period == "none" else "0.1")


@pytest.mark.parametrize("aliases", ['{ HCHC = "NIGHT", HC = "DAY" }', '{ HC = "NIGHT" }', '{ HCHC = "NIGHT" }'])
def test_the_current_period_of_the_historique_mode_goes_by_the_most_exact_alias(
    published: PublishedSites, ledger: Ledger, tmp_path: Path, aliases: str
) -> None:
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "own.toml").write_text(OWN)
    (tmp_path / "contracts.toml").write_text(f'[[contract]]\ntariff = "own"\nfrom = 2025-01-01\naliases = {aliases}\n')
    ledger.store([message(frame(1, ms("2025-07-02T11:00+02:00"), {"HCHC": 1, "OPTARIF": "HC..", "PTEC": "HC.."}))])
    published.update(ms("2025-07-02T11:01+02:00"))
    assert published.at(ms("2025-07-02T11:01+02:00"))["period"] == "NIGHT"


def test_a_started_hub_receives_every_figure(published: PublishedSites, ledger: Ledger) -> None:
    store(ledger, "2025-07-02T11:00+02:00", "2025-07-02T11:05+02:00")
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    first = published.at(now_ms)["config"]
    published.messages.clear()
    published.publisher.announce_again()
    assert published.messages == [(f"homeassistant/device/tictally_site_{METER}/config", first)]


def test_a_contract_that_ends_leaves_its_entities_without_a_value(
    published: PublishedSites, ledger: Ledger, tmp_path: Path
) -> None:
    store(ledger, "2025-07-02T11:00+02:00", "2025-07-02T11:05+02:00")
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    published.at(now_ms)
    (tmp_path / "contracts.toml").unlink()
    published.update(now_ms)
    after = published.at(now_ms)
    assert (after["price"], after["cost_today"], after["cost_total"]) == ("none", "none", "none")
    assert after["reason"] == "there is no contract"
    assert "config" not in after


def test_income_that_ends_while_the_recorder_is_stopped_is_cleared(
    published: PublishedSites, ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "surplus.toml").write_text(SURPLUS_FILE)
    (tmp_path / "contracts.toml").write_text(CONTRACT + '[[contract]]\ntariff = "surplus"\nfrom = 2020-01-01\n')
    store(ledger, "2025-07-02T11:00+02:00", "2025-07-02T11:05+02:00")
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    before = published.at(now_ms)
    assert before["price_injection"] == "0.04"
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    with LedgerReader.open(tmp_path / "ledger.sqlite") as reader:
        later = PublishedSites(tmp_path, ledger, reader)
        later.update(now_ms)
        after = later.at(now_ms)
    assert {after[name] for name in ("income_today", "income_month", "income_total", "price_injection")} == {"none"}
    assert after["config"] == before["config"]


def test_a_removed_figure_is_cleared(published: PublishedSites) -> None:
    published.publisher.publish("here", {"cost_today": "1.00", "income_today": "2.00"})
    published.messages.clear()
    published.publisher.publish("here", {"cost_today": "1.00"})
    assert published.messages == [("tictally/site/here/income_today", "none")]


def test_topics_of_a_joined_site_are_cleared(published: PublishedSites, ledger: Ledger) -> None:
    now_ms = ms("2025-07-02T11:06+02:00")
    values: dict[str, int | str] = {"BASE": 1000, "PTEC": "TH.."}
    for seq, meter in enumerate(("111", "222"), 1):
        ledger.store([message(frame(seq, now_ms - MINUTE_MS, values, meter=meter))])
    published.update(now_ms)
    published.at(now_ms)
    ledger.join_sites("222", "111")
    published.messages.clear()
    published.update(now_ms)
    assert ("tictally/site/222/cost_today", "") in published.messages
    assert ("homeassistant/device/tictally_site_222/config", "") in published.messages
    assert not [topic for topic, _ in published.messages if "111" in topic]
    published.messages.clear()
    published.update(now_ms)
    assert published.messages == []


def test_base_load_its_change_and_what_it_costs_are_published(published: PublishedSites, ledger: Ledger) -> None:
    store(ledger, "2025-07-02T11:00+02:00", "2025-07-02T11:05+02:00")
    today = date(2025, 7, 2)
    ledger.store_standby(
        Night(1, today - timedelta(days=n), va, 360) for n, va in enumerate([120] + 29 * [100] + 30 * [130])
    )
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    figures = published.at(now_ms)
    # 100 VA for 8760 hours at 0.2016
    assert (figures["standby"], figures["standby_trend"], figures["standby_cost_year"]) == ("120", "-30", "176.60")
    ledger.store_standby([Night(1, today, 90, 360)])
    published.update(now_ms)
    assert published.at(now_ms)["standby"] == "90"


@pytest.mark.parametrize(("nights", "cost"), [(9, "none"), (10, "211.92")])
def test_too_few_nights_have_no_cost_of_a_year(
    published: PublishedSites, ledger: Ledger, nights: int, cost: str
) -> None:
    store(ledger, "2025-07-02T11:00+02:00", "2025-07-02T11:05+02:00")
    ledger.store_standby(Night(1, date(2025, 7, 2) - timedelta(days=n), 120, 360) for n in range(nights))
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    figures = published.at(now_ms)
    assert (figures["standby"], figures["standby_cost_year"]) == ("120", cost)


@pytest.mark.parametrize("ago", [0, 12, 45, 400])
def test_the_change_of_base_load_is_that_of_the_newest_nights_however_old(
    published: PublishedSites, ledger: Ledger, ago: int
) -> None:
    store(ledger, "2024-01-02T11:00+01:00", "2025-07-02T11:05+02:00")
    last = date(2025, 7, 2) - timedelta(days=ago)
    ledger.store_standby(Night(1, last - timedelta(days=n), va, 360) for n, va in enumerate(30 * [100] + 30 * [130]))
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    figures = published.at(now_ms)
    assert (figures["standby"], figures["standby_trend"]) == ("100", "-30")


def test_base_load_is_announced_without_a_contract_too(
    published: PublishedSites, ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "contracts.toml").unlink()
    store(ledger, "2025-07-02T11:00+02:00")
    now_ms = ms("2025-07-02T11:06+02:00")
    published.update(now_ms)
    assert "config" not in published.at(now_ms)
    ledger.store_standby([Night(1, date(2025, 7, 2), 90, 360)])
    published.update(now_ms)
    assert list(json.loads(published.at(now_ms)["config"])["components"]) == ["standby"]
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    published.update(now_ms)
    assert {"standby", "cost_today", "standby_cost_year"} <= json.loads(published.at(now_ms)["config"])[
        "components"
    ].keys()


def test_the_next_period_follows_the_hours_of_the_contract_and_is_announced(
    published: PublishedSites, ledger: Ledger, tmp_path: Path
) -> None:
    hours = '\noff_peak = ["22:00-06:00"]\n'
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("base", "hphc").rstrip() + hours)
    ledger.store([message(frame(1, ms("2025-07-02T11:00+02:00"), {"HCHC": 1, "HCHP": 1, "PTEC": "HP.."}))])
    now_ms = ms("2025-07-02T11:01+02:00")
    published.update(now_ms)
    found = published.at(now_ms)
    assert (found["next_period"], found["next_period_at"]) == ("HC", "2025-07-02T22:00+02:00")
    assert (found["price"], found["next_price"]) == ("0.2146", "0.1696")
    assert (found["cheapest_3h"], found["colour_tomorrow"]) == ("2025-07-03T00:00+02:00", "none")
    components = json.loads(found["config"])["components"]
    assert components["price"]["json_attributes_topic"].endswith("/prices_today")
    assert components["next_period_at"]["device_class"] == "timestamp"
    assert "colour_tomorrow" not in components
    later_ms = ms("2025-07-02T22:00+02:00")
    assert published.at(later_ms)["next_period_at"] == "2025-07-03T06:00+02:00"


@pytest.mark.parametrize(
    ("labels", "colour"),
    [
        ({"PTEC": "HPJB", "DEMAIN": "ROUG"}, "ROUGE"),
        ({"STGE": "09000001", "NTARF": "02", "LTARF": "HP BLEU", "NGTF": "TEMPO"}, "BLANC"),
        ({"STGE": "01000001", "NTARF": "02", "LTARF": "HP BLEU", "NGTF": "TEMPO"}, "none"),
    ],
)
def test_tomorrows_colour_is_the_meters(
    published: PublishedSites, ledger: Ledger, tmp_path: Path, labels: dict[str, int | str], colour: str
) -> None:
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("base", "tempo"))
    ledger.store([message(frame(1, ms("2027-01-12T18:00+01:00"), {"BBRHPJB": 1, **labels}))])
    now_ms = ms("2027-01-12T18:01+01:00")
    published.update(now_ms)
    assert published.at(now_ms)["colour_tomorrow"] == colour


def test_a_fetched_colour_counts_where_the_meter_reports_none(
    published: PublishedSites, ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("base", "tempo"))
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "tempo-days.csv").write_text("date,color\n2027-01-12,blue\n2027-01-13,white\n")
    ledger.store([message(frame(1, ms("2027-01-12T18:00+01:00"), {"BBRHPJB": 1, "PTEC": "HPJB", "DEMAIN": "----"}))])
    now_ms = ms("2027-01-12T18:01+01:00")
    published.update(now_ms)
    assert published.at(now_ms)["colour_tomorrow"] == "BLANC"


def test_the_period_of_a_tariffs_own_rules_is_that_of_the_clock(
    published: PublishedSites, ledger: Ledger, tmp_path: Path
) -> None:
    rules = '[[rule]]\nperiod = "NIGHT"\nhours = ["22:00-06:00"]\n[[rule]]\nperiod = "DAY"\n'
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "own.toml").write_text(OWN.replace("[[version]]", f"{rules}[[version]]"))
    (tmp_path / "contracts.toml").write_text('[[contract]]\ntariff = "own"\nfrom = 2025-01-01\n')
    store(ledger, "2025-07-02T11:00+02:00")
    now_ms = ms("2025-07-02T11:01+02:00")
    published.update(now_ms)
    found = published.at(now_ms)
    assert (found["period"], found["price"]) == ("DAY", "0.2")
    assert (found["next_period"], found["next_period_at"]) == ("NIGHT", "2025-07-02T22:00+02:00")


def test_an_outlook_is_computed_again_only_when_something_changes(
    published: PublishedSites, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("base", "tempo"))
    computed: list[date] = []
    of = Outlook.of.__func__  # type: ignore[attr-defined]  # of a class method

    def counted(by: object, day: date) -> Outlook:
        computed.append(day)
        made: Outlook = of(Outlook, by, day)
        return made

    monkeypatch.setattr(Outlook, "of", counted)
    first_ms = ms("2027-01-12T18:00+01:00")
    ledger.store([message(frame(1, first_ms, {"BBRHPJB": 1, "PTEC": "HPJB", "DEMAIN": "----"}))])
    published.update(first_ms)
    for minute in range(45):
        published.at(first_ms + minute * MINUTE_MS)
    assert len(computed) == 1
    later_ms = first_ms + 50 * MINUTE_MS
    ledger.store([message(frame(2, later_ms, {"BBRHPJB": 1, "PTEC": "HPJB", "DEMAIN": "ROUG"}))])
    published.update(later_ms)
    assert published.at(later_ms + 15 * MINUTE_MS)["colour_tomorrow"] == "ROUGE"
    assert len(computed) == 2
    published.at(ms("2027-01-13T00:00+01:00"))
    assert computed[1:] == [d("2027-01-12"), d("2027-01-13")]
