"""What Grafana reads when it starts, and what the dashboards expect of it, are the same."""

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from grafana_queries import KEYS, dashboard

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "provisioning"


def provisioned(what: str) -> dict[str, Any]:
    (found,) = yaml.safe_load((FOLDER / what / "tictally.yaml").read_text(encoding="utf-8")).get(
        "providers" if what == "dashboards" else what
    )
    assert isinstance(found, dict)
    return found


def test_dashboards_find_the_data_source_by_its_name() -> None:
    name = provisioned("datasources")["name"]
    for key in KEYS:
        variable = dashboard(key)["templating"]["list"][0]
        pattern = re.fullmatch(r"/(.*)/i", variable["regex"])
        assert pattern is not None
        assert re.search(pattern[1], name, re.IGNORECASE)
        assert variable["query"] == provisioned("datasources")["type"]


def test_the_data_source_uses_flux_and_the_proxy_of_grafana() -> None:
    source = provisioned("datasources")
    assert source["jsonData"]["version"] == "Flux"
    assert source["access"] == "proxy", "browsers know neither InfluxDB nor the token"


def test_files_contain_no_secret_and_use_the_recorders_settings() -> None:
    source = provisioned("datasources")
    # Where the compose file mounts it.
    assert source["secureJsonData"]["token"] == "$__file{/run/tokens/grafana}"  # noqa: S105 - a file that holds one
    assert source["url"] == "${TICTALLY_INFLUXDB_URL}"
    assert source["jsonData"]["organization"] == "${TICTALLY_INFLUXDB_ORG}"
    assert source["jsonData"]["defaultBucket"] == "${TICTALLY_INFLUXDB_PREFIX}"


def test_one_setting_chooses_the_language() -> None:
    provider = provisioned("dashboards")
    assert provider["options"]["path"].endswith("/${TICTALLY_LANGUAGE}")
    assert provider["disableDeletion"] is False, "the other language's dashboards go when it is changed"
