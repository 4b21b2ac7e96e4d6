"""Whether the port is there, may be opened, and is free."""

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Final

from tictally_edge.doctor.finding import Finding, bad, good
from tictally_edge.doctor.processes import Process, holders

SUBJECT: Final = "port"
_PSEUDO_TERMINALS: Final = range(136, 144)  # Linux's devices.txt
_BY_ID: Final = Path("/dev/serial/by-id")


def look_at_device(name: str) -> tuple[Finding, Process | None]:
    """Looks without opening it.

    Returns:
        What is found, and the edge that reads it, or None.
    """
    device = Path(name)
    try:
        status = device.stat()
    except OSError as error:
        return bad(SUBJECT, f"{name}: {_reason(error)}.", _what_there_is()), None
    if not stat.S_ISCHR(status.st_mode):
        return bad(SUBJECT, f"{name} is no serial port.", f"Give a recording as file:{name}."), None
    if not os.access(device, os.R_OK | os.W_OK):
        return _not_allowed(name, status), None
    others = holders(device)
    edge = next((process for process in others if process.is_edge), None)
    if edge is not None:
        return good(SUBJECT, f"{name} is there; the edge, {edge}, has it open."), edge
    # A pseudo-terminal is kept open by whoever made it; on a port a second reader takes the first one's bytes.
    if others and os.major(status.st_rdev) not in _PSEUDO_TERMINALS:
        told = " and ".join(map(str, others))
        return bad(SUBJECT, f"{name} is in use by {told}.", "Stop it: two readers take one another's bytes."), None
    return good(SUBJECT, f"{name} is there, may be opened, and nobody else is seen to have it open."), None


def _reason(error: OSError) -> str:
    return "there is no such device" if isinstance(error, FileNotFoundError) else error.strerror or str(error)


def _what_there_is() -> str:
    there = sorted(str(path) for path in _BY_ID.iterdir()) if _BY_ID.is_dir() else []
    if not there:
        return "Plug the dongle in; this machine sees no USB serial adapter."
    return f"Plug the dongle in, or give one of those that are there: {', '.join(there)}."


def _not_allowed(name: str, status: os.stat_result) -> Finding:
    group, user = _name_of_group(status.st_gid), _name_of_user(os.geteuid())
    says = f"{name} belongs to the group {group}, and this user, {user}, may not open it."
    if status.st_gid == 0:  # nobody is to become root's for a dongle
        return bad(SUBJECT, says, "It should belong to dialout: deploy/udev/70-tictally.rules sees to that.")
    return bad(SUBJECT, says, f"sudo adduser {user} {group}, then log in again.")


def _name_of_group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _name_of_user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
