"""Pictures of the dashboard and of a meter's page in a real Home Assistant, for docs/.

A simulated household with Tempo, two months of it in the recorder's ledger. The recorder sends them to the hub as
statistics of its own, and they are copied here to the meter's entities, which a hub would have filled in that time.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # with what the tests start, this starts too

import hass
import real_edge
from page_browsing import CHROMIUM, CONTRACT, PARIS, first_of_month
from real_broker import Hub, Mosquitto
from recording import Recorder

from demo.past import Home, Past, write_ledger
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_shared.labels import Mode

_ROOT: Final = Path(__file__).parent.parent
_DASHBOARD: Final = _ROOT / "deploy" / "home-assistant" / "dashboard.yaml"
_HOME: Final = Home(SimulatedContract.TEMPO, Mode.STANDARD, 1, 9)
_METER: Final = "021961000001"
_WITHIN_S: Final = 120.0
_DRAWN_MS: Final = 6000
_PATH: Final = "linky-tictally"  # of the dashboard
_DAY_S: Final = 86_400
_MONTHS: Final = 2
_POWER_FACTOR: Final = 0.93
_MORE: Final = "frontend:\nlovelace:\nconfig:\n"


@contextmanager
def household(folder: Path) -> Iterator[tuple[hass.HomeAssistant, str]]:
    """A hub that knows a meter, and a token of its owner; meter, edge and recorder run."""
    for part in ("mosquitto", "hass", "recorder", "meter"):
        (folder / part).mkdir()
    now = datetime.now(UTC).replace(microsecond=0)
    since = first_of_month(now, _MONTHS)
    with ExitStack() as stack:
        broker, home = Mosquitto(folder / "mosquitto"), hass.HomeAssistant(folder / "hass", more=_MORE)
        broker.start()
        stack.callback(broker.stop)
        meter = real_edge.meter(folder / "meter", *_HOME.arguments(since))
        meter.start()
        stack.callback(meter.end)
        recorder = Recorder(folder / "recorder", broker.port)
        (recorder.folder / "contracts.toml").write_text(CONTRACT, encoding="utf-8")
        write_ledger(recorder.ledger, Past(_HOME, "pi", since, now, PARIS))
        home.start()
        stack.callback(home.stop)
        home.finish_onboarding()
        home.add_broker(broker.port)
        meter.wait_for_output("line", _WITHIN_S)
        edge = real_edge.edge(folder / "meter", str(folder / "meter" / "line"), broker.port)
        with Hub(broker.port) as hub:  # learned in an earlier life: else powers are unknown for minutes
            hub.publish(f"tictally/{_METER}/power_factor", str(_POWER_FACTOR), retain=True)
        edge.start()
        stack.callback(edge.end)
        east = f"tictally_{_METER}_east"
        home.wait_for_values(east, within_s=_WITHIN_S)
        token = home.ask("auth/long_lived_access_token", client_name="pictures", lifespan=1)
        recorder.settings |= {
            "TICTALLY_HOME_ASSISTANT_STATISTICS_URL": home.url,
            "TICTALLY_HOME_ASSISTANT_STATISTICS_TOKEN": token,
        }
        stack.enter_context(recorder)
        home.wait_for_values(
            f"tictally_site_{_METER}_cost_today", f"tictally_{_METER}_active_power", within_s=_WITHIN_S
        )
        yield home, token


def fill_past(home: hass.HomeAssistant) -> None:
    """Give the meter's entities the past that the recorder has sent as statistics of its own."""
    source = f"tictally:{_METER}_consumption"
    now = datetime.now(UTC)
    asked: dict[str, Any] = {
        "start_time": first_of_month(now, _MONTHS).isoformat(),
        "statistic_ids": [source],
        "period": "hour",
        "types": ["change", "sum"],
    }
    until_s = (now - timedelta(hours=3)).timestamp()
    rows: list[dict[str, Any]] = []

    def is_sent() -> bool:
        (sent,) = home.ask("recorder/statistics_during_period", **asked).values() or ([],)
        rows[:] = sent
        return bool(rows) and rows[-1]["start"] / 1000 >= until_s

    home.wait_until(is_sent, "had the recorder's statistics", _WITHIN_S)
    starts = [datetime.fromtimestamp(each["start"] / 1000, UTC).isoformat() for each in rows]
    energy = [
        {"start": start, "state": each["sum"], "sum": each["sum"]} for start, each in zip(starts, rows, strict=True)
    ]
    home.import_rows(home.entity_id(f"tictally_{_METER}_east"), energy, "kWh")
    asked |= {"statistic_ids": [home.entity_id(f"tictally_{_METER}_east")]}
    for key, unit, factor in (("active_power", "W", 1000.0), ("sinsts", "VA", 1000 / _POWER_FACTOR)):
        powers = [
            {"start": start, **dict.fromkeys(("mean", "min", "max"), each["change"] * factor)}
            for start, each in zip(starts, rows, strict=True)
        ]
        home.import_rows(home.entity_id(f"tictally_{_METER}_{key}"), powers, unit)
    home.wait_until(is_sent, "had the meter's statistics", _WITHIN_S)


def dashboard() -> dict[str, Any]:
    """The dashboard of deploy/ for the simulated meter."""
    text = _DASHBOARD.read_text(encoding="utf-8").replace("021900000002", _METER)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def take(folder: Path, target: Path) -> list[Path]:
    """Take the pictures; return their paths.

    Args:
        folder: an empty one, for everything that runs.
        target: for the pictures.
    """
    made = []
    with household(folder) as (home, token), sync_playwright() as playwright:
        fill_past(home)
        home.ask("lovelace/dashboards/create", url_path=_PATH, title="Électricité", mode="storage")
        home.ask("lovelace/config/save", url_path=_PATH, config=dashboard())
        devices = home.ask("config/device_registry/list")
        meter = next(each["id"] for each in devices if ["mqtt", f"tictally_{_METER}"] in each["identifiers"])
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        for name, path, height, shown in (
            ("dashboard", _PATH, 700, "hui-statistics-graph-card"),
            ("device", f"config/devices/device/{meter}", 800, "ha-device-entities-card"),
        ):
            page = browser.new_page(
                viewport={"width": 1200, "height": height}, locale="fr-FR", timezone_id="Europe/Paris"
            )
            _log_in(page, home.url, token)
            page.goto(f"{home.url}/{path}")
            page.locator(shown).first.wait_for(timeout=_WITHIN_S * 1000)
            page.wait_for_timeout(_DRAWN_MS)  # the hub's logo fades, charts are drawn
            made.append(target / f"home-assistant-{name}.png")
            page.screenshot(path=made[-1])
        browser.close()
    return made


def _log_in(page: Page, address: str, token: str) -> None:
    """Log a browser in, in French, as the hub's own page stores it."""
    tokens = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": _DAY_S,
        "expires": (time.time() + _DAY_S) * 1000,
        "hassUrl": address,
        "clientId": f"{address}/",
        "refresh_token": "",
    }
    for name, value in {"hassTokens": tokens, "selectedLanguage": "fr", "dockedSidebar": "always_hidden"}.items():
        page.add_init_script(f"localStorage.setItem({json.dumps(name)}, {json.dumps(json.dumps(value))})")
