"""The label catalogue: every TIC label with its shape, unit, kind and names. Adding a label is one line here.

Source of labels, sizes and units: Enedis-NOI-CPT_54E, chapters 5 (historique) and 6 (standard).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final


class Mode(StrEnum):
    """The two languages of the line."""

    HISTORIQUE = "historique"
    STANDARD = "standard"


class Kind(StrEnum):
    """What a label's value is, which decides how it is checked, aggregated and shown."""

    ID = "id"
    ENUM = "enum"
    TEXT = "text"
    BITFIELD = "bitfield"
    SCHEDULE = "schedule"
    MARKER = "marker"
    CLOCK = "clock"
    REGISTER = "register"
    CURRENT = "current"
    VOLTAGE = "voltage"
    APPARENT_POWER = "apparent_power"
    ACTIVE_POWER = "active_power"
    ALARM = "alarm"
    DURATION = "duration"


# Home Assistant's device classes by (kind, unit); what is not here has none. Its class for reactive energy is younger
# than some versions in use, which refuse an entity whose class they do not know.
_DEVICE_CLASS: Final = {
    (Kind.REGISTER, "Wh"): "energy",
    (Kind.CURRENT, "A"): "current",
    (Kind.ALARM, "A"): "current",
    (Kind.VOLTAGE, "V"): "voltage",
    (Kind.APPARENT_POWER, "VA"): "apparent_power",
    (Kind.APPARENT_POWER, "kVA"): "apparent_power",
    (Kind.ACTIVE_POWER, "W"): "power",
    (Kind.DURATION, "min"): "duration",
}

# Printable characters that meters and suppliers use: ISO 646 without the back quote and what follows z. A space whose
# bit 6 was hit becomes a back quote, and the checksum cannot see bit 6.
_PRINTABLE: Final = "[ -_a-z]"
# Hours and minutes of a schedule: decimal, or hexadecimal as some meters send them (0C1E is 12:30, and 1600 may be 16:00
# or 22:00). The text is published as it came, since no entry shows in which of the two it is written.
_DECIMAL_TIME: Final = r"(?:[01]\d|2[0-3])[0-5]\d"
_HEXADECIMAL_TIME: Final = r"(?:0[0-9A-F]|1[0-7])(?:[0-2][0-9A-F]|3[0-9AB])"
_SCHEDULE_ENTRY: Final = rf"(?:(?:{_DECIMAL_TIME}|{_HEXADECIMAL_TIME})[0-9A-F]{{4}}|NONUTILE)"
SCHEDULE: Final = rf"{_SCHEDULE_ENTRY}(?: {_SCHEDULE_ENTRY}){{0,10}}"


@dataclass(frozen=True)
class Label:
    """One TIC label.

    Attributes:
        name: as the meter writes it, `EAST`, `NJOURF+1`.
        mode: the mode that sends it. No name is used by both.
        kind: what its value is.
        size: characters of the data field; shorter texts may come with their padding trimmed.
        unit: of the value, or None. Values are integers exactly where there is a unit.
        name_fr: French name for people.
        name_en: English name for people.
        dated: True if a horodate stands before the data.
        live: True for a power, current or voltage that may be another in every frame.
        pattern: regular expression of the data field, or None for what kind, unit and size say.
    """

    name: str
    mode: Mode
    kind: Kind
    size: int
    unit: str | None
    name_fr: str
    name_en: str
    dated: bool = False
    live: bool = False
    pattern: str | None = None

    @property
    def is_number(self) -> bool:
        """True if the value is an integer, False if it is text."""
        return self.unit is not None

    @property
    def device_class(self) -> str | None:
        """Home Assistant's device class, or None."""
        return _DEVICE_CLASS.get((self.kind, self.unit or ""))

    @property
    def state_class(self) -> str | None:
        """Home Assistant's state class, or None."""
        if self.kind is Kind.REGISTER:
            return "total_increasing"
        return "measurement" if self.device_class is not None else None

    @cached_property
    def shape(self) -> re.Pattern[str]:
        """What the data field must match as a whole, before it is trimmed."""
        if self.pattern is not None:
            return re.compile(self.pattern, re.ASCII)
        if self.kind is Kind.CLOCK:
            return re.compile("")
        if self.is_number or self.kind is Kind.ID:
            return re.compile(rf"\d{{{self.size}}}", re.ASCII)
        return re.compile(rf"{_PRINTABLE}{{0,{self.size}}}")


H: Final = Mode.HISTORIQUE
S: Final = Mode.STANDARD

# fmt: off
CATALOGUE: Final[tuple[Label, ...]] = (
    Label("ADCO", H, Kind.ID, 12, None, "Adresse du compteur", "Meter address"),
    Label("OPTARIF", H, Kind.ENUM, 4, None, "Option tarifaire choisie", "Tariff option", pattern=r"BASE|HC\.\.|EJP\.|BBR[!-_]"),
    Label("ISOUSC", H, Kind.CURRENT, 2, "A", "Intensité souscrite", "Subscribed current"),
    Label("BASE", H, Kind.REGISTER, 9, "Wh", "Index option Base", "Energy register Base"),
    Label("HCHC", H, Kind.REGISTER, 9, "Wh", "Index heures creuses", "Energy register off-peak"),
    Label("HCHP", H, Kind.REGISTER, 9, "Wh", "Index heures pleines", "Energy register peak"),
    Label("EJPHN", H, Kind.REGISTER, 9, "Wh", "Index EJP heures normales", "Energy register EJP normal hours"),
    Label("EJPHPM", H, Kind.REGISTER, 9, "Wh", "Index EJP heures de pointe mobile", "Energy register EJP mobile peak"),
    Label("BBRHCJB", H, Kind.REGISTER, 9, "Wh", "Index Tempo heures creuses jours bleus", "Energy register Tempo off-peak blue"),
    Label("BBRHPJB", H, Kind.REGISTER, 9, "Wh", "Index Tempo heures pleines jours bleus", "Energy register Tempo peak blue"),
    Label("BBRHCJW", H, Kind.REGISTER, 9, "Wh", "Index Tempo heures creuses jours blancs", "Energy register Tempo off-peak white"),
    Label("BBRHPJW", H, Kind.REGISTER, 9, "Wh", "Index Tempo heures pleines jours blancs", "Energy register Tempo peak white"),
    Label("BBRHCJR", H, Kind.REGISTER, 9, "Wh", "Index Tempo heures creuses jours rouges", "Energy register Tempo off-peak red"),
    Label("BBRHPJR", H, Kind.REGISTER, 9, "Wh", "Index Tempo heures pleines jours rouges", "Energy register Tempo peak red"),
    Label("PEJP", H, Kind.DURATION, 2, "min", "Préavis début EJP", "EJP notice"),
    Label("PTEC", H, Kind.ENUM, 4, None, "Période tarifaire en cours", "Current tariff period", pattern=r"TH\.\.|H[CPN]\.\.|PM\.\.|H[CP]J[BWR]"),
    Label("DEMAIN", H, Kind.ENUM, 4, None, "Couleur du lendemain", "Tomorrow's Tempo colour", pattern=r"----|BLEU|BLAN|ROUG"),
    Label("IINST", H, Kind.CURRENT, 3, "A", "Intensité instantanée", "Current", live=True),
    Label("IINST1", H, Kind.CURRENT, 3, "A", "Intensité instantanée phase 1", "Current phase 1", live=True),
    Label("IINST2", H, Kind.CURRENT, 3, "A", "Intensité instantanée phase 2", "Current phase 2", live=True),
    Label("IINST3", H, Kind.CURRENT, 3, "A", "Intensité instantanée phase 3", "Current phase 3", live=True),
    Label("ADPS", H, Kind.ALARM, 3, "A", "Avertissement de dépassement de puissance souscrite", "Overload warning"),
    Label("ADIR1", H, Kind.ALARM, 3, "A", "Avertissement de dépassement d'intensité de réglage phase 1", "Overload warning phase 1"),
    Label("ADIR2", H, Kind.ALARM, 3, "A", "Avertissement de dépassement d'intensité de réglage phase 2", "Overload warning phase 2"),
    Label("ADIR3", H, Kind.ALARM, 3, "A", "Avertissement de dépassement d'intensité de réglage phase 3", "Overload warning phase 3"),
    Label("IMAX", H, Kind.CURRENT, 3, "A", "Intensité maximale appelée", "Maximum current"),
    Label("IMAX1", H, Kind.CURRENT, 3, "A", "Intensité maximale phase 1", "Maximum current phase 1"),
    Label("IMAX2", H, Kind.CURRENT, 3, "A", "Intensité maximale phase 2", "Maximum current phase 2"),
    Label("IMAX3", H, Kind.CURRENT, 3, "A", "Intensité maximale phase 3", "Maximum current phase 3"),
    Label("PMAX", H, Kind.ACTIVE_POWER, 5, "W", "Puissance maximale triphasée atteinte", "Maximum three-phase power"),
    Label("PAPP", H, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente", "Apparent power", live=True),
    Label("HHPHC", H, Kind.ENUM, 1, None, "Horaire heures pleines heures creuses", "Off-peak schedule code", pattern=r"[A-Z]"),
    Label("MOTDETAT", H, Kind.TEXT, 6, None, "Mot d'état du compteur", "Meter status word", pattern=r"[0-9A-F]{6}"),
    Label("PPOT", H, Kind.TEXT, 2, None, "Présence des potentiels", "Phase voltages present", pattern=r"[0-9A-F]{2}"),
    Label("ADSC", S, Kind.ID, 12, None, "Adresse secondaire du compteur", "Meter address"),
    Label("VTIC", S, Kind.TEXT, 2, None, "Version de la TIC", "TIC version", pattern=r"\d{2}"),
    Label("DATE", S, Kind.CLOCK, 0, None, "Date et heure courante", "Meter clock", dated=True),
    Label("NGTF", S, Kind.TEXT, 16, None, "Nom du calendrier tarifaire fournisseur", "Supplier tariff calendar"),
    Label("LTARF", S, Kind.TEXT, 16, None, "Libellé tarif fournisseur en cours", "Current supplier tariff label"),
    Label("EAST", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée totale", "Total active energy consumed"),
    Label("EASF01", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 01", "Active energy consumed, supplier register 01"),
    Label("EASF02", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 02", "Active energy consumed, supplier register 02"),
    Label("EASF03", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 03", "Active energy consumed, supplier register 03"),
    Label("EASF04", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 04", "Active energy consumed, supplier register 04"),
    Label("EASF05", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 05", "Active energy consumed, supplier register 05"),
    Label("EASF06", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 06", "Active energy consumed, supplier register 06"),
    Label("EASF07", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 07", "Active energy consumed, supplier register 07"),
    Label("EASF08", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 08", "Active energy consumed, supplier register 08"),
    Label("EASF09", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 09", "Active energy consumed, supplier register 09"),
    Label("EASF10", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée fournisseur index 10", "Active energy consumed, supplier register 10"),
    Label("EASD01", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée distributeur index 01", "Active energy consumed, distributor register 01"),
    Label("EASD02", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée distributeur index 02", "Active energy consumed, distributor register 02"),
    Label("EASD03", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée distributeur index 03", "Active energy consumed, distributor register 03"),
    Label("EASD04", S, Kind.REGISTER, 9, "Wh", "Énergie active soutirée distributeur index 04", "Active energy consumed, distributor register 04"),
    Label("EAIT", S, Kind.REGISTER, 9, "Wh", "Énergie active injectée totale", "Total active energy injected"),
    Label("ERQ1", S, Kind.REGISTER, 9, "VArh", "Énergie réactive Q1 totale", "Reactive energy Q1"),
    Label("ERQ2", S, Kind.REGISTER, 9, "VArh", "Énergie réactive Q2 totale", "Reactive energy Q2"),
    Label("ERQ3", S, Kind.REGISTER, 9, "VArh", "Énergie réactive Q3 totale", "Reactive energy Q3"),
    Label("ERQ4", S, Kind.REGISTER, 9, "VArh", "Énergie réactive Q4 totale", "Reactive energy Q4"),
    Label("IRMS1", S, Kind.CURRENT, 3, "A", "Courant efficace phase 1", "RMS current phase 1", live=True),
    Label("IRMS2", S, Kind.CURRENT, 3, "A", "Courant efficace phase 2", "RMS current phase 2", live=True),
    Label("IRMS3", S, Kind.CURRENT, 3, "A", "Courant efficace phase 3", "RMS current phase 3", live=True),
    Label("URMS1", S, Kind.VOLTAGE, 3, "V", "Tension efficace phase 1", "RMS voltage phase 1", live=True),
    Label("URMS2", S, Kind.VOLTAGE, 3, "V", "Tension efficace phase 2", "RMS voltage phase 2", live=True),
    Label("URMS3", S, Kind.VOLTAGE, 3, "V", "Tension efficace phase 3", "RMS voltage phase 3", live=True),
    Label("PREF", S, Kind.APPARENT_POWER, 2, "kVA", "Puissance apparente de référence", "Subscribed apparent power"),
    Label("PCOUP", S, Kind.APPARENT_POWER, 2, "kVA", "Puissance apparente de coupure", "Cut-off apparent power"),
    Label("SINSTS", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente instantanée soutirée", "Apparent power consumed", live=True),
    Label("SINSTS1", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente instantanée soutirée phase 1", "Apparent power consumed phase 1", live=True),
    Label("SINSTS2", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente instantanée soutirée phase 2", "Apparent power consumed phase 2", live=True),
    Label("SINSTS3", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente instantanée soutirée phase 3", "Apparent power consumed phase 3", live=True),
    Label("SMAXSN", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée du jour", "Maximum apparent power consumed today", dated=True),
    Label("SMAXSN1", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée du jour phase 1", "Maximum apparent power consumed today phase 1", dated=True),
    Label("SMAXSN2", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée du jour phase 2", "Maximum apparent power consumed today phase 2", dated=True),
    Label("SMAXSN3", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée du jour phase 3", "Maximum apparent power consumed today phase 3", dated=True),
    Label("SMAXSN-1", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée de la veille", "Maximum apparent power consumed yesterday", dated=True),
    Label("SMAXSN1-1", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée de la veille phase 1", "Maximum apparent power consumed yesterday phase 1", dated=True),
    Label("SMAXSN2-1", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée de la veille phase 2", "Maximum apparent power consumed yesterday phase 2", dated=True),
    Label("SMAXSN3-1", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max soutirée de la veille phase 3", "Maximum apparent power consumed yesterday phase 3", dated=True),
    Label("SINSTI", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente instantanée injectée", "Apparent power injected", live=True),
    Label("SMAXIN", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max injectée du jour", "Maximum apparent power injected today", dated=True),
    Label("SMAXIN-1", S, Kind.APPARENT_POWER, 5, "VA", "Puissance apparente max injectée de la veille", "Maximum apparent power injected yesterday", dated=True),
    Label("CCASN", S, Kind.ACTIVE_POWER, 5, "W", "Point n de la courbe de charge active soutirée", "Load curve of consumption, last point", dated=True),
    Label("CCASN-1", S, Kind.ACTIVE_POWER, 5, "W", "Point n-1 de la courbe de charge active soutirée", "Load curve of consumption, point before", dated=True),
    Label("CCAIN", S, Kind.ACTIVE_POWER, 5, "W", "Point n de la courbe de charge active injectée", "Load curve of injection, last point", dated=True),
    Label("CCAIN-1", S, Kind.ACTIVE_POWER, 5, "W", "Point n-1 de la courbe de charge active injectée", "Load curve of injection, point before", dated=True),
    Label("UMOY1", S, Kind.VOLTAGE, 3, "V", "Tension moyenne phase 1", "Mean voltage phase 1", dated=True),
    Label("UMOY2", S, Kind.VOLTAGE, 3, "V", "Tension moyenne phase 2", "Mean voltage phase 2", dated=True),
    Label("UMOY3", S, Kind.VOLTAGE, 3, "V", "Tension moyenne phase 3", "Mean voltage phase 3", dated=True),
    Label("STGE", S, Kind.BITFIELD, 8, None, "Registre de statuts", "Status register", pattern=r"[0-9A-F]{8}"),
    Label("DPM1", S, Kind.MARKER, 2, None, "Début pointe mobile 1", "Mobile peak 1 start", dated=True, pattern=r"\d{2}"),
    Label("FPM1", S, Kind.MARKER, 2, None, "Fin pointe mobile 1", "Mobile peak 1 end", dated=True, pattern=r"\d{2}"),
    Label("DPM2", S, Kind.MARKER, 2, None, "Début pointe mobile 2", "Mobile peak 2 start", dated=True, pattern=r"\d{2}"),
    Label("FPM2", S, Kind.MARKER, 2, None, "Fin pointe mobile 2", "Mobile peak 2 end", dated=True, pattern=r"\d{2}"),
    Label("DPM3", S, Kind.MARKER, 2, None, "Début pointe mobile 3", "Mobile peak 3 start", dated=True, pattern=r"\d{2}"),
    Label("FPM3", S, Kind.MARKER, 2, None, "Fin pointe mobile 3", "Mobile peak 3 end", dated=True, pattern=r"\d{2}"),
    Label("MSG1", S, Kind.TEXT, 32, None, "Message court", "Short message"),
    Label("MSG2", S, Kind.TEXT, 16, None, "Message ultra court", "Very short message"),
    Label("PRM", S, Kind.ID, 14, None, "Point de livraison", "Delivery point"),
    Label("RELAIS", S, Kind.BITFIELD, 3, None, "État des relais", "Relay states", pattern=r"[01]\d\d|2[0-4]\d|25[0-5]"),
    Label("NTARF", S, Kind.ENUM, 2, None, "Numéro de l'index tarifaire en cours", "Number of the supplier register now counting", pattern=r"0\d|10"),
    Label("NJOURF", S, Kind.ENUM, 2, None, "Numéro du jour en cours du calendrier fournisseur", "Supplier calendar day number", pattern=r"\d{2}"),
    Label("NJOURF+1", S, Kind.ENUM, 2, None, "Numéro du prochain jour du calendrier fournisseur", "Supplier calendar next day number", pattern=r"\d{2}"),
    Label("PJOURF+1", S, Kind.SCHEDULE, 98, None, "Profil du prochain jour du calendrier fournisseur", "Supplier calendar next day profile", pattern=SCHEDULE),
    Label("PPOINTE", S, Kind.SCHEDULE, 98, None, "Profil du prochain jour de pointe", "Next peak day profile", pattern=SCHEDULE),
)
# fmt: on

LABELS: Final[dict[str, Label]] = {label.name: label for label in CATALOGUE}

# The labels that carry the meter's number and the delivery point: identity, never among a frame's values by themselves.
METER_NUMBER: Final = {Mode.HISTORIQUE: "ADCO", Mode.STANDARD: "ADSC"}
DELIVERY_POINT: Final = "PRM"

# What a label that is not in the catalogue must look like to be published as text.
UNKNOWN_LABEL: Final = re.compile(r"[A-Z0-9+-]{1,16}")
