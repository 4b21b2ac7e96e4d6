"""Whether this program may use the internet."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.settings import SECTIONS


class FetchSettings(BaseModel):
    """Requests to services on the internet."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)

    mode: Literal["on", "off"] = Field(
        default="on",
        alias="fetch",
        description="`off` forbids all requests to services on the internet, and switches off the jobs that need them.",
    )

    @property
    def is_allowed(self) -> bool:
        """Whether requests are allowed."""
        return self.mode == "on"


SECTIONS.register(FetchSettings, "fetch_")
