"""Buckets and tasks: looked for, made, and brought to what this program wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tictally_recorder.sinks.influxdb.client import Client, quoted
from tictally_recorder.sinks.influxdb.config import Bucket, Buckets, Target
from tictally_recorder.sinks.influxdb.errors import InfluxError, NotAllowedError, NotThereError
from tictally_recorder.sinks.influxdb.tasks import Task, tasks_of


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


_TASKS: Final = "/api/v2/tasks"
_BUCKETS: Final = "/api/v2/buckets"
_ANEW: Final = "run `tictally sink setup --new-token FILE`"
_HOW: Final = f"give a token that may make it (TICTALLY_INFLUXDB_SETUP_TOKEN), or {_ANEW} with one"


@dataclass(frozen=True, slots=True)
class Place:
    """What there is.

    Attributes:
        bucket_ids: name → InfluxDB's own id of it, another one after it was made anew.
        task_ids: length of its windows → id of the task that makes them; none where the token does not see it, or it is
            switched off.
        lack: which tasks are missing so, and what to do, in words that follow the name of the place; or None.
        done: what was made or changed, in words.
        is_new: True where a bucket or a task was made, which no token that was made for some of them sees.
        has_begun: True where a task runs now that did not before.
    """

    bucket_ids: Mapping[str, str]
    task_ids: Mapping[int, str]
    lack: str | None = None
    done: tuple[str, ...] = ()
    is_new: bool = False
    has_begun: bool = False


@dataclass(slots=True)
class _Changes:
    """What `set_up` has made and changed, as `Place` tells it."""

    done: list[str] = field(default_factory=list)
    is_new: bool = False
    has_begun: bool = False


def find(client: Client, buckets: Buckets) -> Place:
    """Look what there is.

    Raises:
        NotThereError: a bucket is missing, or this token does not see it.
        InfluxError: InfluxDB does not answer.
    """
    ids = {}
    for bucket in buckets:
        found = _bucket(client, bucket)
        if found is None:
            raise NotThereError(
                f"InfluxDB at {client.url} has no bucket {bucket.name}, or the token does not see it: {_HOW}"
            )
        ids[bucket.name] = str(found["id"])
    tasks, lacking = {}, []
    for task in tasks_of(buckets):
        here = _task(client, task)
        if here is None:
            lacking.append(f"no task {task.name} that the token sees")
        elif here["status"] != "active":
            lacking.append(f"its task {task.name} switched off")
        else:
            tasks[task.length_ms] = str(here["id"])
    return Place(ids, tasks, _lack(lacking) if lacking else None)


def _lack(tasks: list[str]) -> str:
    return (
        f"has {' and '.join(tasks)}, so minutes or hours are not made, or not corrected by late frames: switch on what "
        f"is off, or {_ANEW}"
    )


def set_up(client: Client, buckets: Buckets) -> Place:
    """Make what is missing, and change what is otherwise.

    Args:
        client: with a token that may do so.
        buckets: that shall be.

    Raises:
        NotAllowedError: the token may not.
        NotThereError: the organization is missing, or the token does not see it.
        InfluxError: InfluxDB does not answer.
    """
    org_id = _org_id(client)
    made = _Changes()
    ids = {bucket.name: _set_bucket(client, bucket, org_id, made) for bucket in buckets}
    tasks = {task.length_ms: _set_task(client, task, org_id, made) for task in tasks_of(buckets)}
    return Place(ids, tasks, None, tuple(made.done), made.is_new, made.has_begun)


def make_token(client: Client, buckets: Buckets, place: Place) -> str:
    """A token that may do what the recorder does day by day, and no more: read and write in its buckets, run its tasks.

    Args:
        client: with a token that may make tokens.
        buckets: that it is for.
        place: that was set up.

    Raises:
        InfluxError: as `set_up` does.
    """
    org_id = _org_id(client)
    wanted = [("buckets", each) for each in place.bucket_ids.values()]
    wanted += [("tasks", each) for each in place.task_ids.values()]
    permissions = [
        {"action": action, "resource": {"type": kind, "id": each, "orgID": org_id}}
        for kind, each in wanted
        for action in ("read", "write")
    ]
    body = {"orgID": org_id, "description": f"tictally record into {buckets.ledger.name}", "permissions": permissions}
    return str(client.post("/api/v2/authorizations", body)["token"])


def _org_id(client: Client) -> str:
    found = client.get("/api/v2/orgs", org=client.org).get("orgs", [])
    if not found:
        raise NotAllowedError(
            f"InfluxDB at {client.url} has no organization {client.org}, or the token ({client.setting}) may not set "
            "anything up in it"
        )
    return str(found[0]["id"])


def _bucket(client: Client, bucket: Bucket) -> dict[str, Any] | None:
    try:
        found = client.get(_BUCKETS, name=bucket.name, org=client.org).get("buckets", [])
    except NotThereError:  # as it is said to whom may see all of them
        return None
    return next((each for each in found if each["name"] == bucket.name), None)


def _task(client: Client, task: Task) -> dict[str, Any] | None:
    try:
        found = client.get(_TASKS, name=task.name, org=client.org).get("tasks", [])
    except NotAllowedError:
        return None
    return next((each for each in found if each["name"] == task.name), None)


def _set_bucket(client: Client, bucket: Bucket, org_id: str, made: _Changes) -> str:
    rule = {"type": "expire", "everySeconds": bucket.keeps_s, "shardGroupDurationSeconds": bucket.shard_s}
    kept = f"{bucket.days} days" if bucket.days else "for ever"
    found = _bucket(client, bucket)
    if found is None:
        made.done.append(f"bucket {bucket.name} made, kept {kept}")
        made.is_new = True
        return str(client.post(_BUCKETS, {"orgID": org_id, "name": bucket.name, "retentionRules": [rule]})["id"])
    rules = found.get("retentionRules", [])
    here = {key: sum(each.get(key, 0) for each in rules) for key in ("everySeconds", "shardGroupDurationSeconds")}
    if here != {key: rule[key] for key in here}:
        client.patch(f"{_BUCKETS}/{quoted(found['id'])}", {"retentionRules": [rule]})
        made.done.append(f"bucket {bucket.name} is kept {kept} now")
    return str(found["id"])


def _set_task(client: Client, task: Task, org_id: str, made: _Changes) -> str:
    found = _task(client, task)
    if found is None:
        made.done.append(f"task {task.name} made")
        made.is_new = made.has_begun = True
        return str(client.post(_TASKS, {"orgID": org_id, "flux": task.flux})["id"])
    was_off = found["status"] != "active"
    if found["flux"] != task.flux or was_off:
        client.patch(f"{_TASKS}/{quoted(found['id'])}", {"flux": task.flux, "status": "active"})
        made.done.append(f"task {task.name} upgraded" if not was_off else f"task {task.name} was off and is on again")
        made.has_begun |= was_off
    return str(found["id"])
