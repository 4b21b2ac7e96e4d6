"""Settings of the line: where it is, and how it is opened."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tictally_edge.settings import SECTIONS
from tictally_edge.sources.source import SourceSetting
from tictally_shared.labels import Mode


def _port(text: str) -> str:
    SourceSetting.parse(text)
    return text


class LineSettings(BaseModel):
    """The line that the edge reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    port: Annotated[str, AfterValidator(_port)] = Field(
        description="The line: a device, best by its path `/dev/serial/by-id/…`; `socket://host:port`; "
        "`rfc2217://host:port`; a recording, `file:capture.bin?pace=line|fast&loop=no|yes`; or a simulated meter, "
        "`sim:hphc?mode=standard`.",
        json_schema_extra={"missing": "set it to the device of the line, such as /dev/serial/by-id/…"},
    )
    mode: Literal["auto", "historique", "standard"] = Field(
        default="auto", description="TIC mode of the meter: `auto` detects it; else `historique` or `standard`."
    )
    framing: Literal["8N1", "7E1"] = Field(
        default="8N1",
        description="How the device is opened: with `8N1` the parity bit arrives and is checked; `7E1` is for "
        "adapters that need it.",
    )

    @property
    def fixed_mode(self) -> Mode | None:
        """The mode that is set, or None where it is detected."""
        return None if self.mode == "auto" else Mode(self.mode)


SECTIONS.register(LineSettings)
