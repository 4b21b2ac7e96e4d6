"""Checks whether a serial device exists, may be opened, and is free."""

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Final

from tictally_edge.finding import EdgeFinding, bad, good
from tictally_edge.processes import Process, holders
from tictally_edge.settings import PREFIX

SUBJECT: Final = "port"
_PSEUDO_TERMINALS: Final = range(136, 144)  # Linux's devices.txt
_BY_ID: Final = Path("/dev/serial/by-id")


def check_device(name: str) -> tuple[EdgeFinding, Process | None]:
    """Check a device without opening it.

    Returns:
        The finding, and the edge that has it open, or None.
    """
    device = Path(name)
    try:
        status = device.stat()
    except OSError as error:
        return bad(SUBJECT, f"{name}: {_reason(error)}.", _available_devices()), None
    if not stat.S_ISCHR(status.st_mode) or not _may_be_terminal(status.st_rdev):
        advice = f"Give a recording as file:{name}." if stat.S_ISREG(status.st_mode) else _available_devices()
        return bad(SUBJECT, f"{name} is not a serial port.", advice), None
    if not os.access(device, os.R_OK | os.W_OK):
        return _not_allowed(name, status), None
    others = holders(device)
    edge = next((process for process in others if process.is_edge), None)
    if edge is not None:
        return good(SUBJECT, f"{name} exists; the edge, {edge}, has it open."), edge
    # A pseudo-terminal is held open by whoever created it; on a port a second reader takes bytes from the first.
    if others and os.major(status.st_rdev) not in _PSEUDO_TERMINALS:
        users = " and ".join(map(str, others))
        return bad(SUBJECT, f"{name} is in use by {users}.", "Stop it: two readers take bytes from each other."), None
    return good(SUBJECT, f"{name} exists, may be opened and is not in use."), None


def _may_be_terminal(device: int) -> bool:
    """False where the kernel files a device elsewhere; it does not file pseudo-terminals at all."""
    subsystem = Path(f"/sys/dev/char/{os.major(device)}:{os.minor(device)}/subsystem")
    return not subsystem.exists() or subsystem.resolve().name == "tty"


def _reason(error: OSError) -> str:
    return "no such device" if isinstance(error, FileNotFoundError) else error.strerror or str(error)


def _available_devices() -> str:
    found = sorted(str(path) for path in _BY_ID.iterdir()) if _BY_ID.is_dir() else []
    if not found:
        return "Plug in the dongle; this machine has no USB serial adapter."
    return f"Plug in the dongle, or set {PREFIX}PORT to one of these: {', '.join(found)}."


def _not_allowed(name: str, status: os.stat_result) -> EdgeFinding:
    group, user = _name_of_group(status.st_gid), _name_of_user(os.geteuid())
    message = f"{name} belongs to the group {group}, and this user, {user}, may not open it."
    if status.st_gid == 0:  # nobody should join the group root for a dongle
        return bad(SUBJECT, message, "It should belong to dialout: install deploy/udev/70-tictally.rules.")
    return bad(SUBJECT, message, f"sudo adduser {user} {group}, then log in again.")


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
