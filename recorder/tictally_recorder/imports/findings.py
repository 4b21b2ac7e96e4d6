"""What the doctor finds about importers: whether they can be used, and when they last were."""

from collections.abc import Iterable, Iterator

from tictally_recorder.finding import Finding, FindingCode, Level, Moments, Subject, SubjectKind
from tictally_recorder.imports.state import ImporterState
from tictally_shared.phrase import Phrase


def importer_findings(states: Iterable[ImporterState], moments: Moments) -> Iterator[Finding]:
    """A finding about each importer.

    Args:
        states: of all importers.
        moments: writes times.
    """
    for state in states:
        about = Subject(SubjectKind.IMPORTER, state.importer.name)
        if state.importer.requires is not None:
            missing = Phrase(FindingCode.IMPORTER_NEEDS_PACKAGE, {"package": state.importer.requires})
            yield Finding(about, Level.NOTE, missing)
            continue
        last = Phrase(FindingCode.NO_IMPORT_YET)
        if state.imported_ms is not None:
            last = Phrase(FindingCode.LAST_IMPORT, {"day": moments.iso(state.imported_ms)[:10]})
        yield Finding(about, Level.OK, Phrase(FindingCode.IMPORTER_READY, {"form": state.importer.form, "last": last}))
