"""Into which site files are imported: the one that is named, the only one, or the one with their delivery point."""

from collections.abc import Iterable, Sequence

from tictally_recorder.imports.errors import ImportFileError, ImportProblem
from tictally_recorder.ledger import Importing, LedgerReader, ObservedFile, Site
from tictally_shared.phrase import Phrase, Value

_DELIVERY_POINT = "PRM"


def target_site(importing: Importing, wanted: str | None, files: Sequence[ObservedFile]) -> str:
    """The id of the site.

    Args:
        importing: the ledger.
        wanted: the user's choice, maybe of a new site; None leaves it to sites and files.
        files: to be imported, at least one.

    Raises:
        ImportFileError: the files are of two delivery points or meters, of another delivery point than the site's, or
            the site is not clear.
    """
    named = {file.delivery_point: file.name for file in files if file.delivery_point}
    if len(named) > 1:
        (first, _), (second, name) = list(named.items())[:2]
        raise ImportFileError(name, 0, Phrase(ImportProblem.TWO_DELIVERY_POINTS, {"first": first, "second": second}))
    point = next(iter(named), None)
    sites = importing.sites()
    points = {site.id: _points_of(importing, site) for site in sites}
    found = wanted if wanted is not None else _by_meter(sites, files) or _only(sites, points, point)
    if found is None:
        names = tuple(site.id for site in sites)
        code = ImportProblem.SITE_NEEDED if sites else ImportProblem.NEW_SITE_NEEDED
        raise ImportFileError(files[0].name, 0, Phrase(code, {"sites": names} if sites else {}))
    others = points.get(found, set()) - {point}
    if point is not None and others:
        about = {"site": found, "own": min(others), "other": point}
        raise ImportFileError(named[point], 0, Phrase(ImportProblem.OTHER_DELIVERY_POINT, about))
    return found


def _by_meter(sites: Sequence[Site], files: Sequence[ObservedFile]) -> str | None:
    """The site of the meter that the files name, a new one where there is none yet; None if they name no meter."""
    named = {file.meter: file.name for file in files if file.meter}
    if len(named) > 1:
        (first, _), (second, name) = list(named.items())[:2]
        raise ImportFileError(name, 0, Phrase(ImportProblem.TWO_METERS, {"first": first, "second": second}))
    for meter, name in named.items():
        matching = [site.id for site in sites if meter in {each.key for each in site.meters}]
        if sites and not matching:
            about: dict[str, Value] = {"meter": meter, "sites": tuple(site.id for site in sites)}
            raise ImportFileError(name, 0, Phrase(ImportProblem.OTHER_METER, about))
        return matching[0] if matching else meter
    return None


def _only(sites: Sequence[Site], points: dict[str, set[str]], point: str | None) -> str | None:
    if point is not None and (matching := [each for each, of_site in points.items() if point in of_site]):
        return matching[0] if len(matching) == 1 else None
    return sites[0].id if len(sites) == 1 else None


def _points_of(importing: Importing, site: Site) -> set[str]:
    """The delivery points that a site's meters and imported files name."""
    runs = [run for run in importing.runs() if run.site == site.id]
    found = {file.delivery_point for run in runs for file in run.files}
    return {each for each in (*found, *_reported(importing.reader, site)) if each}


def _reported(reader: LedgerReader, site: Site) -> Iterable[str | None]:
    return (reader.newest_text(meter.id, _DELIVERY_POINT) for meter in site.meters)
