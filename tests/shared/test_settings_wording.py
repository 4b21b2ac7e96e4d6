"""Whatever a setting is given, its user reads a sentence about it, and no words of pydantic or Python."""

import re

import pytest

from tictally_edge.features import all_settings as edge_settings
from tictally_edge.features import load as load_edge
from tictally_recorder.features import all_settings as recorder_settings
from tictally_recorder.features import load as load_recorder
from tictally_shared.settings import Origins
from tictally_shared.settings.sections import settings_in
from tictally_shared.settings_error import SettingsError

OF_LIBRARIES = re.compile(
    r"Input should|String should|Value error|Extra inputs|Assertion|does not appear|has host bits|Errno|is not a valid"
)
TEXTS = (
    *("x", "-1", "1e9", "nan", "a b", "/", "../x", "é", "9" * 30, "true", "[1]", "{}", "http://", "a,b", "1.5", "0"),
    *("192.168.1.5/24", "\x00", "=", ","),
)
VALUES = ("5", "-5", "1.5", "true", '""', '"x"', "[]", "[1]", '["a"]', "{}", "{a=1}", "2026-01-01", "nan")
PREFIXES = ("TICTALLY_EDGE_", "TICTALLY_")


def message(prefix: str, environ: dict[str, str], toml: str | None = None) -> str:
    """What the user reads; empty where the settings are accepted."""
    base = {"HOME": "/home/me", "TICTALLY_EDGE_PORT": "sim:base"}
    if toml is not None and toml.startswith("port "):
        del base["TICTALLY_EDGE_PORT"]
    origins = Origins(base | environ, lambda _path: toml or "", None if toml is None else "settings.toml")
    try:
        if prefix == "TICTALLY_":
            load_recorder(origins, hostname="host")
        else:
            load_edge(origins, hostname="host")
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_value_of_a_setting_is_answered_in_the_words_of_a_library(prefix: str) -> None:
    for turn, name in enumerate(settings_in(recorder_settings() if prefix == "TICTALLY_" else edge_settings())):
        variable = prefix + name.upper()
        # A third of all values for each: each kind of setting stands for several.
        answers = [message(prefix, {variable: text}) for text in TEXTS[turn % 3 :: 3]]
        answers += [message(prefix, {}, f"{name} = {value}\n") for value in VALUES[turn % 3 :: 3]]
        assert [each for each in answers if OF_LIBRARIES.search(each)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("everybody", "'everybody' is neither off, token nor a range of addresses such as 192.168.1.0/24"),
        ("192.168.1.5/24", "give the range 192.168.1.0/24, or 192.168.1.5 alone"),
    ],
)
def test_a_wrong_range_of_addresses_is_corrected(text: str, words: str) -> None:
    assert words in message("TICTALLY_", {"TICTALLY_METERIT": text})
