"""Variables with a program's prefix that are no setting: what was probably meant. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

_SIMILAR: Final = 0.75
# Kubernetes writes such variables for every service of a namespace, Docker for every link.
_OF_PLATFORM: Final = re.compile(
    r".*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_PLATFORM_PORT: Final = re.compile(r"(tcp|udp|sctp)://\S+")


def suggestion(written: str, names: Collection[str]) -> str:
    """`; did you mean X?` of the nearest name, or nothing where none is near."""
    near = get_close_matches(written, names, n=1, cutoff=_SIMILAR)
    return f"; did you mean {near[0]}?" if near else ""


def unknown_variables(
    environ: Mapping[str, str],
    prefix: str,
    names: Collection[str],
    *,
    sibling_prefix: str,
    others: Collection[str] = (),
) -> Iterator[str]:
    """A sentence for each variable that has no effect although its name begins like a setting's.

    Args:
        environ: the variables; empty ones count as unset.
        prefix: of the program's variables, `TICTALLY_`.
        names: the program's settings, in lower case and without prefix.
        sibling_prefix: of the other program's variables. An environment may be shared, so these are reported only
            where they cannot be the other program's: all of them name settings of this one.
        others: variables with the prefix that something else reads.
    """
    known = {prefix + name.upper() for name in names} | {f"{prefix}CONFIG"}
    given = {variable for variable, value in environ.items() if value and variable not in others}
    own = sorted(each for each in given if each.startswith(prefix) and not _is_of(each, sibling_prefix, prefix))
    strange = [each for each in own if each.removesuffix("_FILE") not in known and each not in known]
    invented = [each for each in strange if _is_platforms(each, environ[each])]
    for variable in strange:
        if variable not in invented:
            hint = suggestion(variable, [*known, *(f"{each}_FILE" for each in known)])
            yield f"{variable} is not a setting{hint or ' and has no effect; docs/settings.md lists the settings'}"
    if invented:
        which = f"{invented[0]} is" if len(invented) == 1 else f"{invented[0]} and {len(invented) - 1} others are"
        yield f"{which} not among the settings: a container platform sets such variables"
    yield from _misplaced(given, prefix, known, sibling_prefix)


def _misplaced(given: set[str], prefix: str, known: Collection[str], sibling_prefix: str) -> Iterator[str]:
    of_sibling = sorted(each for each in given if _is_of(each, sibling_prefix, prefix))
    meant = {each: prefix + each.removeprefix(sibling_prefix) for each in of_sibling}
    if any(each.removesuffix("_FILE") not in known for each in meant.values()):
        return
    for variable, own in meant.items():
        stem = own.removesuffix("_FILE")
        if not {stem, f"{stem}_FILE"} & given:
            yield f"{variable} is not a setting of this program; did you mean {own}?"


def _is_of(variable: str, prefix: str, other_prefix: str) -> bool:
    """Whether it begins with a prefix, and not with another, longer one that begins the same."""
    longer = other_prefix if len(other_prefix) > len(prefix) else None
    return variable.startswith(prefix) and not (longer and variable.startswith(longer))


def _is_platforms(variable: str, value: str) -> bool:
    return bool(_OF_PLATFORM.fullmatch(variable)) or (
        variable.endswith("_PORT") and bool(_PLATFORM_PORT.fullmatch(value))
    )
