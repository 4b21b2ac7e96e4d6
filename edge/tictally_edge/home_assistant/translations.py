"""Names of entities that are not in the label catalogue, in each language."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tictally_edge.topics.naming import NOTHING
from tictally_shared.home_assistant import Language

AS_IT_IS: Final = "{{ value or None }}"
DIVIDED_BY_1000: Final = "{{ value | int / 1000 if value else None }}"
TIMES_1000: Final = "{{ value | int * 1000 if value else None }}"


def one_of(options: Sequence[str]) -> str:
    """Return a template that shows a state only where it is one of the options.

    When the tariff option changes, the topic changes first, and the list of states with the discovery message. Home
    Assistant warns of a state outside the list, and rejects a new list that lacks its present state.
    """
    return f"{{{{ value if value in {list(options)} else None }}}}"


class Words(NamedTuple):
    """A name in each language; `{}` stands for what is filled in."""

    fr: str
    en: str

    def of(self, language: Language) -> str:
        """Return the name in one language."""
        return self.fr if language == "fr" else self.en


METER: Final = Words("Compteur", "Meter")
ENERGY: Final = Words("Énergie {}", "Energy {}")
# A supplier's register that has counted and has no name yet; and the distributor's, which never have one.
SUPPLIER_REGISTER: Final = Words("Énergie index fournisseur {}", "Energy supplier register {}")
DISTRIBUTOR_REGISTER: Final = Words("Énergie index distributeur {}", "Energy distributor register {}")

# Short where six would differ only at an end that the hub cuts off.
PERIODS: Final = {
    "BASE": Words("base", "base"),
    "HC": Words("heures creuses", "off-peak"),
    "HP": Words("heures pleines", "peak"),
    "HN": Words("heures normales", "normal hours"),
    "PM": Words("pointe mobile", "mobile peak"),
    "HC BLEU": Words("HC bleu", "off-peak blue"),
    "HP BLEU": Words("HP bleu", "peak blue"),
    "HC BLANC": Words("HC blanc", "off-peak white"),
    "HP BLANC": Words("HP blanc", "peak white"),
    "HC ROUGE": Words("HC rouge", "off-peak red"),
    "HP ROUGE": Words("HP rouge", "peak red"),
}

# Where people are better served by another name than that of the meter's documentation.
LABELS: Final = {
    "EAST": Words("Énergie soutirée", "Energy consumed"),
    "EAIT": Words("Énergie injectée", "Energy injected"),
    "OPTARIF": Words("Option tarifaire", "Tariff option"),
    "NGTF": Words("Option tarifaire", "Tariff option"),
    "PREF": Words("Puissance souscrite", "Subscribed power"),
    "PCOUP": Words("Puissance de coupure", "Cut-off power"),
    "SINSTS": Words("Puissance apparente", "Apparent power"),
    **{f"SINSTS{n}": Words(f"Puissance apparente phase {n}", f"Apparent power phase {n}") for n in (1, 2, 3)},
    "SINSTI": Words("Puissance apparente injectée", "Apparent power injected"),
    "SMAXSN": Words("Puissance maximale du jour", "Maximum power today"),
    "SMAXSN-1": Words("Puissance maximale d'hier", "Maximum power yesterday"),
    **{
        f"SMAXSN{n}": Words(f"Puissance maximale du jour phase {n}", f"Maximum power today phase {n}")
        for n in (1, 2, 3)
    },
    **{
        f"SMAXSN{n}-1": Words(f"Puissance maximale d'hier phase {n}", f"Maximum power yesterday phase {n}")
        for n in (1, 2, 3)
    },
    "SMAXIN": Words("Puissance injectée maximale du jour", "Maximum power injected today"),
    "SMAXIN-1": Words("Puissance injectée maximale d'hier", "Maximum power injected yesterday"),
    "CCASN": Words("Courbe de charge, dernier point", "Load curve, last point"),
    "CCASN-1": Words("Courbe de charge, point précédent", "Load curve, point before"),
    "CCAIN": Words("Courbe de charge injectée, dernier point", "Load curve of injection, last point"),
    "CCAIN-1": Words("Courbe de charge injectée, point précédent", "Load curve of injection, point before"),
    "DATE": Words("Horloge du compteur", "Meter clock"),
    "MSG1": Words("Message court du distributeur", "Distributor's short message"),
    "MSG2": Words("Message ultra court du distributeur", "Distributor's very short message"),
}
# The same with one phase, which needs no number.
LABELS_OF_ONE_PHASE: Final = {
    "IRMS1": Words("Courant efficace", "RMS current"),
    "URMS1": Words("Tension efficace", "RMS voltage"),
    "UMOY1": Words("Tension moyenne", "Mean voltage"),
}

# Labels whose time is an entity of its own.
PEAK_TIMES: Final = {
    "SMAXSN": Words("Heure de la puissance maximale du jour", "Time of today's maximum power"),
    "SMAXIN": Words("Heure de la puissance injectée maximale du jour", "Time of today's maximum power injected"),
}

_NOT_ANNOUNCED: Final = {NOTHING: Words("pas d'annonce", "not announced")}
# Topic → payload → word, where it is not the payload itself: BLEU and PM1 are the supplier's own.
STATES: Final = {
    "cutoff": {
        "closed": Words("fermé", "closed"),
        "overload": Words("dépassement de puissance", "overload"),
        "overvoltage": Words("surtension", "overvoltage"),
        "shedding": Words("délestage", "shedding"),
        "order": Words("ordre du distributeur", "order"),
        "overheating": Words("surchauffe", "overheating"),
    },
    # As the meter's documentation calls them: Enedis-NOI-CPT_54E, status register.
    "colour_today": _NOT_ANNOUNCED,
    "colour_tomorrow": _NOT_ANNOUNCED,
    "peak_notice": {NOTHING: Words("pas de préavis", "no notice")},
    "peak_now": {NOTHING: Words("pas de pointe mobile", "no mobile peak")},
}
# The first characters of OPTARIF.
OPTIONS: Final = {
    "BAS": Words("Base", "Base"),
    "HC.": Words("Heures creuses", "Off-peak"),
    "EJP": Words("EJP", "EJP"),
    "BBR": Words("Tempo", "Tempo"),
}
NOTHING_SHOWN: Final = Words("aucun", "none")

DERIVED: Final = {
    "period": Words("Période tarifaire", "Tariff period"),
    "available_power": Words("Puissance disponible", "Available power"),
    "subscription_share": Words("Puissance souscrite utilisée", "Subscribed power used"),
    "active_power": Words("Puissance active estimée", "Estimated active power"),
    "grid_power": Words("Puissance réseau estimée", "Estimated grid power"),
    "power_factor": Words("Facteur de puissance", "Power factor"),
    "power_factor_injection": Words("Facteur de puissance à l'injection", "Power factor of injection"),
    "overload": Words("Dépassement de puissance", "Overload"),
    "contact": Words("Contact sec", "Dry contact"),
    "cutoff": Words("Organe de coupure", "Cut-off switch"),
    "cover": Words("Cache-bornes", "Terminal cover"),
    "overvoltage": Words("Surtension", "Overvoltage"),
    "injecting": Words("Injection en cours", "Injecting"),
    "clock_degraded": Words("Horloge dégradée", "Clock degraded"),
    "colour_today": Words("Couleur Tempo du jour", "Tempo colour today"),
    "colour_tomorrow": Words("Couleur Tempo de demain", "Tempo colour tomorrow"),
    "peak_notice": Words("Préavis de pointe mobile", "Mobile peak notice"),
    "peak_now": Words("Pointe mobile en cours", "Mobile peak now"),
}
