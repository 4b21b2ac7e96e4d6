"""Settings of the source: where frames come from, and in which mode."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tictally_edge.settings import SECTIONS
from tictally_edge.sources.registry import SOURCES
from tictally_shared.labels import Mode
from tictally_shared.settings.sections import SectionModel


def _port(text: str) -> str:
    SOURCES.parse(text)
    return text


class SourceSettings(SectionModel):
    """The source that the edge reads."""

    port: Annotated[str, AfterValidator(_port)] = Field(
        description="The source of frames: a device, best by its path `/dev/serial/by-id/…`; `socket://host:port`; "
        "`rfc2217://host:port`; a recording, `file:capture.bin?pace=line|fast&loop=no|yes`; a simulated meter, "
        "`sim:hphc?mode=standard`; or the messages of a program that publishes the meter, such as Zigbee2MQTT, "
        "`mqtt://host:port/topic` or `mqtts://…` (docs/publishers.md).",
        json_schema_extra={
            "missing": "set it to the meter's serial device, for example /dev/serial/by-id/usb-… (ls /dev/serial/by-id)"
        },
    )
    mode: Literal["auto", "historique", "standard"] = Field(
        default="auto", description="TIC mode of the meter: `auto` detects it; else `historique` or `standard`."
    )

    @property
    def fixed_mode(self) -> Mode | None:
        """The mode that is set, or None if it is detected."""
        return None if self.mode == "auto" else Mode(self.mode)


SECTIONS.register(SourceSettings)
