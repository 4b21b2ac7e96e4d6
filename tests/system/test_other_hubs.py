"""The script for Domoticz, out of its page, with a real broker."""

import json
import re
import shutil
from pathlib import Path

import pytest
from real_broker import Hub, Mosquitto

from devel.child_process import ChildProcess

PAGE = Path(__file__).parents[2] / "docs" / "other-hubs.md"
METER = "021900000002"


def script(broker_port: int) -> str:
    """The page's script, for a broker of this machine."""
    (found,) = re.findall(r"```sh\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found).replace('-h "$broker"', f"-h 127.0.0.1 -p {broker_port}")


@pytest.mark.skipif(shutil.which("mosquitto_sub") is None, reason="mosquitto's clients are not installed")
def test_the_script_for_domoticz_fills_a_p1_meter_once_all_values_are_known(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    child = ChildProcess("script", ["sh", "-c", script(broker.port)], tmp_path / "script.log")
    try:
        with Hub(broker.port) as hub:
            hub.subscribe("domoticz/in")
            hub.publish(f"tictally/{METER}/EASF01", "2950818", retain=True)
            hub.publish(f"tictally/{METER}/active_power", "1200", retain=True)
            child.start()
            hub.publish(f"tictally/{METER}/active_power", "", retain=True)  # cleared: no value
            hub.publish(f"tictally/{METER}/EASF02", "4351490", retain=True)
            hub.publish(f"tictally/{METER}/active_power", "1300", retain=True)
            row = {"idx": 12, "nvalue": 0, "svalue": "2950818;4351490;0;0;1300;0"}
            assert json.loads(hub.wait_for("domoticz/in", json.dumps(row))) == row
    finally:
        child.kill()
        broker.stop()
    assert (tmp_path / "script.log").read_text() == ""
