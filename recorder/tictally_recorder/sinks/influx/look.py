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
    if len(place.task_ids) < len(target.buckets.aggregated):
        return (
            f"InfluxDB at {target.url} has no tasks, or the token does not see them, so minutes and hours are not "
            "corrected: run `tictally sink setup`"
        )
    return None
