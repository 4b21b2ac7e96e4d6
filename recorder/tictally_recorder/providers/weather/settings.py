"""Settings of the outdoor temperature: the place of the weather service, and the topic of a sensor."""

from datetime import date
from typing import Final

from pydantic import Field

from tictally_recorder.fetch import Url
from tictally_recorder.jobs import JobKind, made_by, register
from tictally_recorder.providers.topic_number import TopicName
from tictally_shared.settings.sections import SectionModel

NAME: Final = "weather"

ARCHIVE: Final = "https://archive-api.open-meteo.com/v1/archive"
FORECAST: Final = "https://api.open-meteo.com/v1/forecast"


class WeatherSettings(SectionModel):
    """Where the outdoor temperature is from."""

    latitude: float | None = Field(
        default=None,
        ge=-90,
        le=90,
        description="Latitude of the home, in degrees; one decimal is enough. Unset: no temperature is fetched.",
    )
    longitude: float | None = Field(default=None, ge=-180, le=180, description="Its longitude, in degrees.")
    since: date | None = Field(
        default=None,
        description="First day of the past whose temperature is fetched. Unset: the day of the first run.",
        json_schema_extra={"default": "the day of the first run"},
    )
    archive_url: Url = Field(default=ARCHIVE, description="Address of Open-Meteo's archive.")
    forecast_url: Url = Field(default=FORECAST, description="Address of its forecast, which has the last days.")
    topic: TopicName | None = Field(
        default=None,
        description="MQTT topic on which a hub or a sensor publishes the outdoor temperature in °C, "
        "`zigbee2mqtt/garden`. Unset: none is read.",
    )
    topic_key: str | None = Field(
        default=None,
        description="Where the messages are JSON: the key of the temperature, `temperature`; levels are separated by "
        "dots, `outdoor.temperature`. Unset: a message is the number itself.",
    )


register(
    JobKind(
        NAME,
        {"fr": "Température extérieure", "en": "Outdoor temperature"},
        made_by("tictally_recorder.providers.weather.job"),
        WeatherSettings,
    )
)
