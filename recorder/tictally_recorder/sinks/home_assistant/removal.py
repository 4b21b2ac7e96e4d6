"""Removes what a ledger has put into Home Assistant, so that the sink can begin anew or be given up."""

import time
from pathlib import Path

from tictally_recorder.ledger import LedgerReader, Outbox
from tictally_recorder.sinks.home_assistant.client import Client
from tictally_recorder.sinks.home_assistant.delivery import Delivery
from tictally_recorder.sinks.home_assistant.entity_history import EntityHistory, HistoryState
from tictally_recorder.sinks.home_assistant.settings import HomeAssistantServer
from tictally_recorder.sinks.home_assistant.statistic import statistic_id


def remove(target: HomeAssistantServer, ledger: Path, sink: str) -> list[str]:
    """Remove the statistics of the ledger's sites; returns what was removed, a sentence each.

    Rows of an entity's own statistics cannot be removed: those before its first hour get the sum of that hour.

    Args:
        target: the Home Assistant.
        ledger: the file; no recorder uses it.
        sink: the sink's name in it.

    Raises:
        SinkError: Home Assistant does not accept it.
        LedgerError: the ledger cannot be read, or has no such sink.
    """
    with LedgerReader.open(ledger) as reader:
        sites = [site.id for site in reader.sites()]
    outbox = Outbox.open(ledger, sink)
    try:
        note = outbox.note
        sites = sorted({*sites, *note.get("sites", {})})
        states = note.get("entities", {})
        client = Client(target)
        try:
            known = client.statistics()
            own = [name for name in known if any(name.startswith(statistic_id(site, "")) for site in sites)]
            if own:
                client.clear(own)
            done = [f"removed {name}" for name in sorted(own)]
            for name, entity in target.entities.items():
                history = EntityHistory(name, entity, HistoryState.from_json(states.get(entity)))
                if history.clear(client, Delivery(client, _sleep), known):
                    done.append(f"cleared the history of {entity} before its own first hour")
        finally:
            client.close()
        # The hours before the entity's own are still there: what is its own stays known.
        kept = {entity: {**state, "done": False} for entity, state in states.items()}
        outbox.reset(raw=False, note={"sites": {}, "entities": kept})
    finally:
        outbox.close()
    return done


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
