"""A site's device: what Home Assistant needs to keep statistics of costs that restart."""

from tictally_recorder.hubs.month_forecast import MONTH_NAMES
from tictally_recorder.hubs.price_outlook import DAYS_LEFT
from tictally_recorder.hubs.site_device import ENTITIES, SiteDevice
from tictally_shared.frames import strict_json
from tictally_shared.home_assistant import Component, Language, read_discovery
from tictally_shared.topics import Topics

NAMES = [entity.key for entity in ENTITIES]


def payload(language: Language = "en") -> bytes:
    device = SiteDevice(Topics(), "homeassistant", language, "1", "online", "tictally_recorder_nas")
    return device.payload("1", NAMES, "EUR").encode()


def components(language: Language = "en") -> dict[str, Component]:
    found = read_discovery(payload(language))
    assert found is not None
    return dict(found.components)


def test_money_has_no_state_class_but_a_total_and_one_that_restarts_shows_when() -> None:
    classes = {
        key: (each.settings.get("state_class"), "last_reset_value_template" in each.settings)
        for key, each in components().items()
        if each.settings.get("device_class") == "monetary"
    }
    restarting = {"cost_today", "cost_month", "income_today", "income_month"}
    assert {key for key, found in classes.items() if found == ("total", True)} == restarting
    assert {key for key, found in classes.items() if found == ("total", False)} == {"cost_total", "income_total"}
    assert {found for key, found in classes.items() if not key.endswith("total") and key not in restarting} == {
        (None, False)
    }


def test_a_month_restarts_on_its_first_day() -> None:
    shown = components()
    month, day = (shown[key].settings["last_reset_value_template"] for key in ("cost_month", "cost_today"))
    assert "day=1" in month
    assert "day=1" not in day


def test_a_site_is_reached_by_its_recorder() -> None:
    assert strict_json(payload())["device"]["via_device"] == "tictally_recorder_nas"


def test_every_name_is_in_both_languages_and_no_two_are_alike() -> None:
    french, english = components("fr"), components("en")
    assert french.keys() == english.keys() >= {*MONTH_NAMES, *DAYS_LEFT.values()}
    for shown in (french, english):
        names = [each.name for each in shown.values()]
        assert len(set(names)) == len(names)
    assert [key for key in french if french[key].name == english[key].name] == []


def test_an_icon_stands_where_no_class_brings_one() -> None:
    assert [
        key
        for key, each in components().items()
        if ("icon" in each.settings) == ("device_class" in each.settings) and key != "colour_tomorrow"
    ] == []
