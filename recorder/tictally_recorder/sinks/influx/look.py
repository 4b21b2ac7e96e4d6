"""A look at InfluxDB from outside the recorder: does it answer, and has it what the sink needs?"""

from tictally_recorder.sinks.influx.client import Client
from tictally_recorder.sinks.influx.errors import InfluxError
from tictally_recorder.sinks.influx.provision import find
from tictally_recorder.sinks.influx.target import Target


def look(target: Target) -> str | None:
    """What is wrong, a sentence, or None. Changes nothing."""
    client = Client(target.url, target.token, target.org, target.ca)
    try:
        place = find(client, target.buckets)
    except InfluxError as error:
        return str(error)
    finally:
        client.close()
    return None if place.lack is None else f"InfluxDB at {target.url} {place.lack}"
