"""What jobs did, as data: codes with parameters, whose words are made where they are shown."""

from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase, PhraseCode


class ResultCode(PhraseCode):
    """Results of runs; the placeholders of their words are their parameters."""

    BACKUP_MADE = "backup_made"
    REMOTE_BACKUP_TAKEN = "remote_backup_taken"
    COLOURS_ADDED = "colours_added"
    PRICES_ADDED = "prices_added"
    TEMPERATURES_STORED = "temperatures_stored"
    ENERGIES_IMPORTED = "energies_imported"
    NOTIFICATIONS_SENT = "notifications_sent"
    NO_FILE_CHANGED = "no_file_changed"
    TARIFFS_READ = "tariffs_read"

    # Parts of the above.
    TARIFF_UNCHANGED = "tariff_unchanged"
    TARIFF_SHOWN = "tariff_shown"
    TARIFF_TAKEN = "tariff_taken"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `job_result.`."""
        return "job_result"


def result_text(result: Phrase | str, words: Catalogue) -> str:
    """A result in words; one without a code is as the job has written it, in English."""
    return words.phrase(result) if isinstance(result, Phrase) else result
