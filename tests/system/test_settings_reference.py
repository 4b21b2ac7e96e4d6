"""The reference of settings is what the classes have, for both programs and for a section that somebody adds."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from deployed import DEPLOY
from pydantic import BaseModel, Field, SecretStr

from devel import settings_reference
from tictally_edge.features import all_settings as edge_settings
from tictally_recorder.features import all_settings as recorder_settings
from tictally_recorder.features import load
from tictally_recorder.settings import OTHER_VARIABLES, PREFIX, SECTIONS
from tictally_shared.settings import Origins
from tictally_shared.settings.sections import Setting, settings_in
from tictally_shared.settings_error import SettingsError

BOTH = [*settings_in(edge_settings()).values(), *settings_in(recorder_settings()).values()]


class KafkaSettings(BaseModel):
    """A sink of a third party."""

    url: str | None = Field(default=None, description="Where Kafka is.")
    key: SecretStr | None = Field(default=None, description="Its key.")


@pytest.fixture
def kafka() -> Iterator[None]:
    SECTIONS.register(KafkaSettings, "kafka_")
    yield
    SECTIONS.unregister(KafkaSettings)


def test_the_page_is_what_the_code_makes() -> None:
    assert settings_reference.PAGE.read_text(encoding="utf-8") == settings_reference.page(), "run ./run settings"


@pytest.mark.parametrize("setting", BOTH, ids=lambda setting: setting.path[-1])
def test_every_setting_is_described_in_sentences(setting: Setting) -> None:
    assert re.fullmatch(r"[A-Z`].*[.`]", setting.field.description or "")


def test_the_page_has_every_setting_of_both_programs_once() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| ", settings_reference.page(), re.MULTILINE)
    edge = [f"TICTALLY_EDGE_{name.upper()}" for name in settings_in(edge_settings())]
    recorder = [f"TICTALLY_{name.upper()}" for name in settings_in(recorder_settings())]
    assert sorted(rows) == sorted([*edge, *recorder])


@pytest.mark.usefixtures("kafka")
def test_a_section_that_somebody_registers_is_in_page_loading_errors_and_hints() -> None:
    page = settings_reference.page()
    assert "A sink of a third party." in page
    assert "| `TICTALLY_KAFKA_KEY` | none | Its key. Secret: use `TICTALLY_KAFKA_KEY_FILE`. |" in page
    environ = {"HOME": "/home/me", "TICTALLY_KAFKA_URL": "here", "TICTALLY_KAFKA_URRL": "there"}
    settings = load(Origins(environ, lambda _: ""), hostname="nas")
    assert settings.section(KafkaSettings).url == "here"
    assert settings.warnings == ("TICTALLY_KAFKA_URRL is not a setting; did you mean TICTALLY_KAFKA_URL?",)
    with pytest.raises(SettingsError, match=r"kafka_url in t\.toml must be a string"):
        load(Origins({"HOME": "/home/me"}, lambda _: "kafka_url = 3", "t.toml"), hostname="nas")


def test_a_variable_of_the_deployment_is_a_setting_or_known_as_the_deployments_own() -> None:
    names = set()
    for file in ("compose.yaml", "init", "lib/settings.sh", "lib/names.sh"):
        names |= set(re.findall(r"TICTALLY_[A-Z0-9_]*[A-Z0-9]", (DEPLOY / file).read_text()))
    own = {each for each in names if not each.startswith("TICTALLY_EDGE_")}
    known = {PREFIX + name.upper() for name in settings_in(recorder_settings())}
    others = {PREFIX + each for each in OTHER_VARIABLES.split()}
    assert {each for each in own if each.removesuffix("_FILE") not in known} <= others
    assert others - own == {
        f"{PREFIX}{each}" for each in ("ALL_PAGES", "CHAOS_SEED", "FULL_YEAR", "HASS", "RESTARTS", "SCHEDULE_HOUR")
    }


@pytest.mark.parametrize("package", ["tictally_edge", "tictally_recorder"])
def test_settings_import_no_feature(package: str) -> None:
    code = f"import sys, {package}.settings; print(*(each for each in sys.modules if each.startswith('{package}.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"{package}.settings"]
