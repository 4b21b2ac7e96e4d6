"""A site's device: what Home Assistant needs to keep statistics of costs that restart."""

import pytest

from tictally_recorder.cost.model import Quality
from tictally_recorder.features import settings_with
from tictally_recorder.hubs.month_forecast import MONTH_NAMES
from tictally_recorder.hubs.price_outlook import DAYS_LEFT
from tictally_recorder.hubs.recorder_device import announcement_of
from tictally_recorder.hubs.site_device import ENTITIES, SiteDevice, site_device_of
from tictally_shared.frames import strict_json
from tictally_shared.home_assistant import Component, Language, read_discovery
from tictally_shared.topics import Topics

PAGE = "http://nas.local:8780"
NAMES = [entity.key for entity in ENTITIES]


def payload(language: Language = "en") -> bytes:
    device = SiteDevice(Topics(), "homeassistant", language, "1", "online", "tictally_recorder_nas", PAGE)
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


def test_a_site_is_reached_by_its_recorder_and_links_to_the_page() -> None:
    device = strict_json(payload())["device"]
    assert (device["via_device"], device["configuration_url"]) == ("tictally_recorder_nas", PAGE)


def test_recorder_and_sites_link_to_the_page_of_the_setting() -> None:
    with_page, without = settings_with(name="nas", ledger="x", page_url=PAGE), settings_with(name="nas", ledger="x")
    made = site_device_of(with_page), announcement_of(with_page, {})
    assert made[0] is not None
    assert made[1] is not None
    assert (made[0].page_url, strict_json(made[1].payload.encode())["device"]["configuration_url"]) == (PAGE, PAGE)
    plain = announcement_of(without, {})
    assert plain is not None
    assert "configuration_url" not in plain.payload


@pytest.mark.parametrize("right", ["https://home.example/tictally", "homeassistant://app/local_tictally"])
def test_a_page_may_be_one_of_the_hubs_own(right: str) -> None:
    assert settings_with(name="nas", ledger="x", page_url=right).page_url == right


@pytest.mark.parametrize(
    "wrong", ["homeassistant://", "nas.local:8780", "ftp://nas", "http://", "javascript:alert(1)", "http://nas local"]
)
def test_an_address_that_no_hub_takes_is_an_error(wrong: str) -> None:
    with pytest.raises(ValueError, match="page_url"):
        settings_with(name="nas", ledger="x", page_url=wrong)


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


def test_a_state_that_is_a_word_is_in_the_hubs_language() -> None:
    french, english = (components(language)["quality"].settings for language in ("fr", "en"))
    assert french["options"] == ["mesuré", "estimé", "provisoire", "inconnu"]
    assert english["options"] == [str(each) for each in Quality]
    assert french["value_template"].startswith("{{ {'measured': 'mesuré', ")
