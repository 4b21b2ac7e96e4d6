"""Findings of the doctor: a code with parameters, and how they are shown.

The code `port_missing` has the words `finding.port_missing` in the catalogue of a language, and its advice
`finding.port_missing.advice`, if there is any.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tictally_edge.processes import Process
from tictally_edge.translations import ENGLISH, catalogue
from tictally_shared.phrase import Phrase, PhraseCode, Value


class Subject(StrEnum):
    """What a finding is about; its name is `finding.about.<subject>`."""

    PORT = "port"
    BROKER = "broker"
    SERVICE = "service"
    LINE = "line"
    METER = "meter"
    CLOCK = "clock"
    JOURNAL = "journal"


class FindingCode(PhraseCode):
    """Every finding of the edge; the placeholders of its words are its parameters."""

    # Port
    PORT_MISSING = "port_missing"
    PORT_NOT_SERIAL = "port_not_serial"
    PORT_IS_FILE = "port_is_file"
    PORT_NOT_ALLOWED = "port_not_allowed"
    PORT_NOT_ALLOWED_TO_ROOTS_GROUP = "port_not_allowed_to_roots_group"
    PORT_OPEN_IN_EDGE = "port_open_in_edge"
    PORT_IN_USE = "port_in_use"
    PORT_FREE = "port_free"
    PORT_OVER_NETWORK = "port_over_network"
    PORT_FAILS = "port_fails"
    SOURCE_SIMULATED = "source_simulated"
    SOURCE_RECORDING = "source_recording"
    SOURCE_FAILS = "source_fails"
    SOURCE_ADDRESS_WRONG = "source_address_wrong"
    SOURCE_BROKER_UNREACHABLE = "source_broker_unreachable"
    SOURCE_BROKER_REJECTS = "source_broker_rejects"
    SOURCE_FORM_UNKNOWN = "source_form_unknown"
    SOURCE_SEVERAL_METERS = "source_several_meters"
    SOURCE_WITHOUT_NUMBER = "source_without_number"
    SOURCE_WITHOUT_OPTION = "source_without_option"
    SOURCE_WITHOUT_MODE = "source_without_mode"
    SOURCE_REGISTERS_ROUNDED = "source_registers_rounded"
    SOURCE_RECOGNISED = "source_recognised"
    SOURCE_SILENT = "source_silent"
    SOURCE_NOT_CONNECTED = "source_not_connected"
    SOURCE_WITHOUT_MESSAGE = "source_without_message"
    SOURCE_WITHOUT_GOOD_FRAME = "source_without_good_frame"
    SOURCE_CONNECTED = "source_connected"
    SOURCE_CONNECTED_WITHOUT_MESSAGE = "source_connected_without_message"
    # Of a source that is not the program's own: words in English
    SOURCE_USABLE = "source_usable"
    SOURCE_UNUSABLE = "source_unusable"

    # Broker
    BROKER_UNREACHABLE = "broker_unreachable"
    BROKER_HOST_UNKNOWN = "broker_host_unknown"
    BROKER_CERTIFICATE = "broker_certificate"
    BROKER_SILENT = "broker_silent"
    BROKER_REJECTS_USER = "broker_rejects_user"
    BROKER_REJECTS_ANONYMOUS = "broker_rejects_anonymous"
    BROKER_ACCEPTS_USER = "broker_accepts_user"
    BROKER_ACCEPTS_ANONYMOUS = "broker_accepts_anonymous"

    # Service
    SERVICE_NOT_AT_BROKER = "service_not_at_broker"
    SERVICE_HEALTH_UNREADABLE = "service_health_unreadable"
    SERVICE_HEALTH_OLD = "service_health_old"
    SERVICE_RUNS = "service_runs"
    MESSAGES_REJECTED = "messages_rejected"
    FRAMES_UNSTORED = "frames_unstored"
    JOURNAL_DAMAGED = "journal_damaged"
    FRAMES_WITHOUT_NUMBER = "frames_without_number"
    ERRORS_IN_EDGE = "errors_in_edge"
    NAME_USED_TWICE = "name_used_twice"
    NUMBERS_USED_TWICE = "numbers_used_twice"
    MESSAGES_WITHHELD = "messages_withheld"
    METERS_MANY = "meters_many"
    BOOTS_MANY = "boots_many"

    # Line and meter
    NO_GOOD_FRAME_YET = "no_good_frame_yet"
    NO_GOOD_FRAME = "no_good_frame"
    NO_DATA = "no_data"
    NOISE_ONLY = "noise_only"
    MODE_DIFFERS = "mode_differs"
    SIGNAL_CLEAN = "signal_clean"
    SIGNAL_GOOD = "signal_good"
    SIGNAL_FAIR = "signal_fair"
    SIGNAL_POOR = "signal_poor"
    FRAMES_SPOILT = "frames_spoilt"
    GROUP_REPEATEDLY_REJECTED = "group_repeatedly_rejected"
    GROUP_IMPLAUSIBLE = "group_implausible"
    LINE_DEVIATES = "line_deviates"
    METER_UNREAD = "meter_unread"
    METER_SPOILT = "meter_spoilt"
    METER_READ_RARELY = "meter_read_rarely"
    METER_READ = "meter_read"

    # Clock
    CLOCKS_DIFFER = "clocks_differ"
    CLOCKS_DIFFER_TRUSTED = "clocks_differ_trusted"
    METER_IN_OTHER_ZONE = "meter_in_other_zone"
    CLOCK_UNPROVED = "clock_unproved"
    CLOCK_WAITS_YET = "clock_waits_yet"
    CLOCK_WAITS = "clock_waits"
    CLOCK_BY_METER_IF_HEARD = "clock_by_meter_if_heard"
    CLOCK_PROVED = "clock_proved"
    CLOCK_PROVED_METER_DIFFERS = "clock_proved_meter_differs"

    # Journal
    FOLDER_UNREADABLE = "folder_unreadable"
    FOLDER_NOT_WRITABLE = "folder_not_writable"
    FOLDER_NEW = "folder_new"
    FOLDER_NEW_TOO_SMALL = "folder_new_too_small"
    FOLDER_HOLDS = "folder_holds"
    FOLDER_HOLDS_TOO_SMALL = "folder_holds_too_small"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `finding.`."""
        return "finding"


class PartCode(PhraseCode):
    """Parts of findings."""

    THE_EDGE = "the_edge"
    THE_EDGE_AS_PROCESS = "the_edge_as_process"
    PROCESS = "process"
    PROCESS_UNNAMED = "process_unnamed"
    AVAILABILITY_UNKNOWN = "availability_unknown"
    MODE = "mode"
    MODE_AND_SPEED = "mode_and_speed"
    BAUD = "baud"
    BYTES_AT_BAUD = "bytes_at_baud"
    REJECTED = "rejected"
    PARITY_CHECKED = "parity_checked"
    PARITY_MISSING = "parity_missing"
    UNNAMED_GROUP = "unnamed_group"
    MISSING_STX = "missing_stx"
    MISSING_ETX = "missing_etx"
    CONTROL_CHARACTER = "control_character"
    SEPARATOR = "separator"
    CLOCK_TRUSTED = "clock_trusted"
    CLOCK_BY_METER = "clock_by_meter"
    CLOCK_BY_NTP = "clock_by_ntp"
    CLOCK_BY_RTC = "clock_by_rtc"
    WAIT_FOR_PROOF = "wait_for_proof"
    WAIT_FOR_PROOF_AFTER_STEP = "wait_for_proof_after_step"
    ZONE = "zone"
    METER_AHEAD = "meter_ahead"
    METER_BEHIND = "meter_behind"
    JOURNAL_FOLDER = "journal_folder"
    JOURNAL_COPY = "journal_copy"
    USED_BY = "used_by"
    PLUG_IN = "plug_in"
    PLUG_IN_OR_CHOOSE = "plug_in_or_choose"
    NO_SUCH_DEVICE = "no_such_device"
    NO_SUCH_HOST = "no_such_host"
    NO_NAME_SERVER = "no_name_server"
    NO_RESPONSE = "no_response"
    NO_ROUTE = "no_route"
    CONNECTION_REFUSED = "connection_refused"
    NO_TLS = "no_tls"
    CERTIFICATE_OTHER_NAME = "certificate_other_name"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_UNKNOWN_AUTHORITY = "certificate_unknown_authority"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `part.`."""
        return "part"


@dataclass(frozen=True, slots=True)
class EdgeFinding:
    """One fact.

    Attributes:
        subject: what was checked.
        ok: False if it needs a person.
        phrase: what was found.
    """

    subject: Subject
    ok: bool
    phrase: Phrase

    def lines(self, language: str) -> str:
        """One line in a language, and a second one with the advice."""
        words = catalogue(language)
        subject = words.text(f"finding.about.{self.subject}")
        first = f"{'ok' if self.ok else '!!'} {subject}{words.text('colon')} {words.phrase(self.phrase)}"
        advice = words.advice(self.phrase)
        return f"{first}\n   → {advice}" if advice else first

    def as_json(self) -> Mapping[str, object]:
        """About, level, code, parameters, and in English text and advice (or null), as `tictally doctor` has them."""
        words = catalogue(ENGLISH)
        return {
            "about": str(self.subject),
            "level": "ok" if self.ok else "trouble",
            **self.phrase.as_json(),
            "text": words.phrase(self.phrase),
            "advice": words.advice(self.phrase),
        }


def good(subject: Subject, code: FindingCode, **parameters: Value) -> EdgeFinding:
    """A finding that requires nothing."""
    return EdgeFinding(subject, ok=True, phrase=Phrase(code, parameters))


def bad(subject: Subject, code: FindingCode, **parameters: Value) -> EdgeFinding:
    """A finding that requires action."""
    return EdgeFinding(subject, ok=False, phrase=Phrase(code, parameters))


def process_part(process: Process) -> Phrase:
    """A process as a part of a finding."""
    if not process.name:
        return Phrase(PartCode.PROCESS_UNNAMED, {"pid": process.pid})
    return Phrase(PartCode.PROCESS, {"pid": process.pid, "command": process.name})
