"""Buckets and tasks in InfluxDB: checked, created where missing, updated where they differ."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.influxdb.client import EVERYDAY_SETTING, SETUP_SETTING, Client, quoted
from tictally_recorder.sinks.influxdb.config import Bucket, Buckets, Target
from tictally_recorder.sinks.influxdb.errors import InfluxError, NotAllowedError, NotFoundError
from tictally_recorder.sinks.influxdb.tasks import Task, tasks_of
from tictally_shared.phrase import Phrase

_TASKS: Final = "/api/v2/tasks"
_BUCKETS: Final = "/api/v2/buckets"


@dataclass(frozen=True, slots=True)
class InfluxResources:
    """The sink's buckets and tasks in an InfluxDB.

    Attributes:
        bucket_ids: name → InfluxDB's id of the bucket; a bucket that was deleted and created again has another one.
        task_ids: length of its windows, in ms → id of the task that aggregates them; without those that the token does
            not see or that are switched off.
        problem: which tasks are missing in `task_ids`, or None.
        changes: what was created or changed, a sentence each.
        has_created: a bucket or a task was created; a token restricted to the earlier ones does not see it.
        has_activated: a task runs now that did not before.
    """

    bucket_ids: Mapping[str, str]
    task_ids: Mapping[int, str]
    problem: Phrase | None = None
    changes: tuple[str, ...] = ()
    has_created: bool = False
    has_activated: bool = False


@dataclass(slots=True)
class _Changes:
    """What `provision` has created and changed so far; `InfluxResources` has the same."""

    sentences: list[str] = field(default_factory=list)
    has_created: bool = False
    has_activated: bool = False


def check(target: Target) -> Phrase | None:
    """What is wrong with buckets, tasks or the connection, or None. Changes nothing."""
    try:
        with closing(Client(target.url, target.token, target.org, target.ca)) as client:
            return find_resources(client, target.buckets).problem
    except InfluxError as error:
        return error.problem


def set_up(target: Target) -> list[str]:
    """Create or update buckets and tasks with the setup token, else the everyday one; a sentence for each change.

    Raises:
        InfluxError: as `provision` does.
    """
    with closing(_setup_client(target)) as client:
        resources = provision(client, target.buckets)
    restricted = "tokens restricted to the earlier buckets and tasks do not see new ones; --new-token FILE creates one"
    return [*resources.changes, *([restricted] if resources.has_created else [])]


def new_token(target: Target) -> str:
    """Create a token for everyday use, with the setup token, else the everyday one.

    Raises:
        InfluxError: as `provision` does.
    """
    with closing(_setup_client(target)) as client:
        return create_token(client, target.buckets, provision(client, target.buckets))


def _setup_client(target: Target) -> Client:
    setting = SETUP_SETTING if target.setup_token else EVERYDAY_SETTING
    return Client(target.url, target.setup_token or target.token, target.org, target.ca, setting)


def find_resources(client: Client, buckets: Buckets) -> InfluxResources:
    """Look buckets and tasks up; changes nothing.

    Raises:
        NotFoundError: a bucket is missing, or this token does not see it.
        InfluxError: InfluxDB does not answer.
    """
    bucket_ids = {}
    for bucket in buckets:
        found = _find_bucket(client, bucket)
        if found is None:
            raise NotFoundError(Phrase(ProblemCode.INFLUX_BUCKET_MISSING, {"url": client.url, "bucket": bucket.name}))
        bucket_ids[bucket.name] = str(found["id"])
    task_ids, missing = {}, []
    for task in tasks_of(buckets):
        found = _find_task(client, task)
        if found is None:
            missing.append(Phrase(ProblemCode.TASK_MISSING, {"task": task.name}))
        elif found["status"] != "active":
            missing.append(Phrase(ProblemCode.TASK_OFF, {"task": task.name}))
        else:
            task_ids[task.length_ms] = str(found["id"])
    return InfluxResources(bucket_ids, task_ids, _missing_tasks(client, missing) if missing else None)


def _missing_tasks(client: Client, tasks: list[Phrase]) -> Phrase:
    return Phrase(ProblemCode.INFLUX_TASKS_MISSING, {"url": client.url, "tasks": tuple(tasks)})


def provision(client: Client, buckets: Buckets) -> InfluxResources:
    """Create missing buckets and tasks, and update those that differ.

    Args:
        client: with a token that may do so.
        buckets: the wanted ones.

    Raises:
        NotAllowedError: the token may not.
        NotFoundError: the organization is missing, or the token does not see it.
        InfluxError: InfluxDB does not answer.
    """
    org_id = _org_id(client)
    changes = _Changes()
    bucket_ids = {bucket.name: _provision_bucket(client, bucket, org_id, changes) for bucket in buckets}
    task_ids = {task.length_ms: _provision_task(client, task, org_id, changes) for task in tasks_of(buckets)}
    return InfluxResources(
        bucket_ids, task_ids, None, tuple(changes.sentences), changes.has_created, changes.has_activated
    )


def create_token(client: Client, buckets: Buckets, resources: InfluxResources) -> str:
    """Create a token with the recorder's everyday rights only: read and write its buckets, run its tasks.

    Args:
        client: with a token that may create tokens.
        buckets: names for the token's description.
        resources: that the token is restricted to.

    Raises:
        InfluxError: as `provision` does.
    """
    org_id = _org_id(client)
    allowed = [("buckets", each) for each in resources.bucket_ids.values()]
    allowed += [("tasks", each) for each in resources.task_ids.values()]
    permissions = [
        {"action": action, "resource": {"type": kind, "id": each, "orgID": org_id}}
        for kind, each in allowed
        for action in ("read", "write")
    ]
    body = {"orgID": org_id, "description": f"tictally record into {buckets.ledger.name}", "permissions": permissions}
    return str(client.post("/api/v2/authorizations", body)["token"])


def _org_id(client: Client) -> str:
    found = client.get("/api/v2/orgs", org=client.org).get("orgs", [])
    if not found:
        raise NotAllowedError(
            Phrase(
                ProblemCode.INFLUX_ORGANIZATION_MISSING,
                {"url": client.url, "org": client.org, "setting": client.setting},
            )
        )
    return str(found[0]["id"])


def _find_bucket(client: Client, bucket: Bucket) -> dict[str, Any] | None:
    try:
        found = client.get(_BUCKETS, name=bucket.name, org=client.org).get("buckets", [])
    except NotFoundError:  # the answer to a token that may see all buckets
        return None
    return next((each for each in found if each["name"] == bucket.name), None)


def _find_task(client: Client, task: Task) -> dict[str, Any] | None:
    try:
        found = client.get(_TASKS, name=task.name, org=client.org).get("tasks", [])
    except NotAllowedError:
        return None
    return next((each for each in found if each["name"] == task.name), None)


def _provision_bucket(client: Client, bucket: Bucket, org_id: str, changes: _Changes) -> str:
    rule = {"type": "expire", "everySeconds": bucket.retention_s, "shardGroupDurationSeconds": bucket.shard_s}
    retention = f"{bucket.days} days" if bucket.days else "for ever"
    found = _find_bucket(client, bucket)
    if found is None:
        changes.sentences.append(f"created bucket {bucket.name}, retention {retention}")
        changes.has_created = True
        return str(client.post(_BUCKETS, {"orgID": org_id, "name": bucket.name, "retentionRules": [rule]})["id"])
    rules = found.get("retentionRules", [])
    current = {key: sum(each.get(key, 0) for each in rules) for key in ("everySeconds", "shardGroupDurationSeconds")}
    if current != {key: rule[key] for key in current}:
        client.patch(f"{_BUCKETS}/{quoted(found['id'])}", {"retentionRules": [rule]})
        changes.sentences.append(f"changed the retention of bucket {bucket.name} to {retention}")
    return str(found["id"])


def _provision_task(client: Client, task: Task, org_id: str, changes: _Changes) -> str:
    found = _find_task(client, task)
    if found is None:
        changes.sentences.append(f"created task {task.name}")
        changes.has_created = changes.has_activated = True
        return str(client.post(_TASKS, {"orgID": org_id, "flux": task.flux})["id"])
    was_off = found["status"] != "active"
    if found["flux"] != task.flux or was_off:
        client.patch(f"{_TASKS}/{quoted(found['id'])}", {"flux": task.flux, "status": "active"})
        changes.sentences.append(f"switched task {task.name} on again" if was_off else f"updated task {task.name}")
        changes.has_activated |= was_off
    return str(found["id"])
