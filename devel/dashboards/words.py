"""Everything that people read on a dashboard, in every language, in one table."""

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["fr", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates keys into one language."""

    language: Language

    def __call__(self, key: str) -> str:
        """The text; a key that is not in the table is a LookupError."""
        french, english = WORDS[key]
        return french if self.language == "fr" else english


WORDS: Final[dict[str, tuple[str, str]]] = {
    # The dashboards.
    "live": ("Linky · En direct", "Linky · Live"),
    "live.help": (
        "La puissance du moment, la période, et la journée comparée à la veille et au mois.",
        "Present power, present period, and today compared with yesterday and this month.",
    ),
    "monthly": ("Linky · Mois", "Linky · Month"),
    "monthly.help": (
        "Un mois jour par jour, comparé au mois d'avant.",
        "A month by day, compared with the last one.",
    ),
    "yearly": ("Linky · Année", "Linky · Year"),
    "yearly.help": (
        "Une année mois par mois, comparée à celle d'avant.",
        "A year by month, compared with the last one.",
    ),
    "years": ("Linky · Années", "Linky · Years"),
    "years.help": ("Toutes les années, côte à côte.", "All years, side by side."),
    "tariff": ("Linky · Tarif et coût", "Linky · Tariff and cost"),
    "tariff.help": (
        "Les prix et les versions du tarif derrière chaque coût, et ce qui reste inconnu.",
        "The prices and tariff versions behind each cost, and what is unknown.",
    ),
    "line": ("Linky · Qualité de la ligne", "Linky · Line quality"),
    "line.help": (
        "Trames et groupes rejetés de la ligne TIC, tension, état de l'enregistreur.",
        "Frames and rejected groups of the TIC line, voltage, state of the recorder.",
    ),
    # Variables.
    "site": ("Site", "Site"),
    "month": ("Mois", "Month"),
    "year": ("Année", "Year"),
    "edge": ("Lecteur", "Edge"),
    # Columns.
    "this_month": ("ce mois", "this month"),
    "month_before": ("mois d'avant", "month before"),
    "this_year": ("cette année", "this year"),
    "year_before": ("année d'avant", "year before"),
    "today": ("aujourd'hui", "today"),
    "tomorrow": ("demain", "tomorrow"),
    "yesterday": ("hier", "yesterday"),
    "month_mean": ("moyenne du mois", "month's mean"),
    "day": ("Jour", "Day"),
    "period": ("Période", "Period"),
    "subscription": ("abonnement", "subscription"),
    "injection": ("injecté", "injection"),
    "energy": ("Énergie", "Energy"),
    "cost": ("Coût", "Cost"),
    "mean_power": ("Puissance moyenne", "Mean power"),
    "energy_per_day": ("Énergie par jour", "Energy per day"),
    "cost_per_day": ("Coût par jour", "Cost per day"),
    "off_peak": ("Part d'heures creuses", "Share of off-peak"),
    "standby": ("Veille", "Standby"),
    "colour": ("Tempo", "Tempo"),
    "quality": ("Qualité du coût", "Cost quality"),
    "price": ("Prix", "Price"),
    "price_of_kwh": ("Prix moyen du kWh", "Mean price of a kWh"),
    "version": ("Version du tarif", "Tariff version"),
    "power_kva": ("Puissance souscrite", "Subscribed power"),
    "reason": ("Pourquoi", "Why"),
    "days": ("Jours", "Days"),
    "first_day": ("Du", "From"),
    "last_day": ("Au", "To"),
    "power": ("Puissance", "Power"),
    "highest": ("Maximum", "Highest"),
    "lowest": ("Minimum", "Lowest"),
    "mean": ("moyenne", "mean"),
    "when": ("Quand", "When"),
    # Values.
    "nothing": ("-", "-"),
    "no_cost": ("inconnu", "unknown"),
    "no_value": ("pas de mesure", "no reading"),
    "measured": ("mesuré", "measured"),
    "estimated": ("estimé", "estimated"),
    "provisional": ("provisoire", "provisional"),
    "unknown": ("incomplet : prix inconnu", "incomplete: a price is unknown"),
    "unknown_days": ("inconnu", "unknown"),
    "blue": ("bleu", "blue"),
    "white": ("blanc", "white"),
    "red": ("rouge", "red"),
    "online": ("reçu", "received"),
    "offline": ("silencieux", "silent"),
    # Live.
    "power_now": ("Puissance", "Power"),
    "power_now.help": (
        "Puissance apparente soutirée, comparée à la puissance souscrite indiquée par le compteur.",
        "Apparent power consumed, compared with the subscribed power that the meter reports.",
    ),
    "period_now": ("Période en cours", "Period now"),
    "tempo_days": ("Couleur Tempo", "Tempo colour"),
    "tempo_days.help": (
        "Une journée Tempo va de 6 h à 6 h. Vide avec une autre option, ou tant que la couleur n'est pas connue.",
        "A Tempo day runs from 06:00 to 06:00. Empty with another option, and while the colour is unknown.",
    ),
    "last_minutes": ("Les dernières minutes", "The last minutes"),
    "last_minutes.help": (
        "La veille est la consommation de fond de la nuit dernière.",
        "Standby is last night's base load: what consumes power all the time.",
    ),
    "energy_today": ("Énergie", "Energy"),
    "energy_today.help": (
        "Aujourd'hui jusqu'à maintenant, hier, et la moyenne par jour du mois en cours.",
        "Today until now, yesterday, and this month's daily mean.",
    ),
    "cost_today": ("Coût", "Cost"),
    "cost_today.help": (
        "Abonnement compris, pour toute la journée. Rien n'est affiché tant qu'aucun prix n'est connu.",
        "With the whole day's share of the subscription. Nothing is shown as long as no price is known.",
    ),
    "power_today": ("Puissance moyenne", "Mean power"),
    "power_today.help": (
        "L'énergie divisée par le temps écoulé : aujourd'hui, hier, et le mois en cours.",
        "Energy divided by elapsed time: today, yesterday, and this month.",
    ),
    "last_day_hours": ("Les dernières 24 heures", "The last 24 hours"),
    "quality_today": ("Qualité du coût du jour", "Quality of today's cost"),
    # Month.
    "per_day.help": (
        "Compte les heures écoulées : un mois en cours se compare donc au mois d'avant.",
        "By elapsed hours: the present month can be compared with the one before.",
    ),
    "total.help": (
        "Le mois ou l'année en cours jusqu'à maintenant ; la période précédente est complète.",
        "The present month or year until now; the one before is complete.",
    ),
    "cost.help": (
        "Le coût connu, abonnement compris, moins le revenu de l'injection.",
        "Known cost with the subscription, minus the income from injection.",
    ),
    "standby.help": (
        "Moyenne des nuits : la consommation de fond.",
        "Mean of the nights: what consumes power all the time.",
    ),
    "off_peak.help": (
        "Part de l'énergie soutirée pendant les heures creuses (ou normales, en EJP).",
        "Share of energy consumed off-peak (in normal hours with EJP).",
    ),
    "days_by_use": ("Jour par jour, selon la consommation", "By day, coloured by use"),
    "days_by_use.help": (
        "Du vert pour le jour le plus sobre du mois au rouge pour le plus gourmand.",
        "From green for the month's lowest day to red for its highest.",
    ),
    "days_by_period": ("Jour par jour, par période", "By day and period"),
    "cost_by_day": ("Coût jour par jour", "Cost by day"),
    "cost_by_day.help": (
        "Pas de barre sans prix connu : le tableau indique pourquoi. Le revenu de l'injection est sous zéro.",
        "No bar without a known price: the table shows why. Income from injection is below zero.",
    ),
    "table_of_days": ("Les jours", "The days"),
    "quality_days": ("Jours par qualité du coût", "Days by cost quality"),
    "quality_days.help": (
        "La partie la moins sûre compte. Estimé : lacune répartie. Provisoire : révision due. Inconnu : sans prix.",
        "The least certain part counts. Estimated: gap distributed. Provisional: revision due. Unknown: no price.",
    ),
    "peak_power": ("Puissance maximale", "Highest power"),
    "bill": ("Énergie et coût, par période et prix", "Energy and cost, by period and price"),
    "bill.help": (
        "Une ligne par version du tarif. Le prix est celui d'un kWh ; pour l'abonnement, celui d'un mois.",
        "One line per tariff version. The price of a kWh; for the subscription, of a month.",
    ),
    # Year.
    "months_by_period": ("Mois par mois, par période", "By month and period"),
    "cost_by_month": ("Coût par mois", "Cost by month"),
    "table_of_months": ("Les mois", "The months"),
    "table_of_months.help": ("Un clic sur un mois l'ouvre.", "Click on a month to open it."),
    "tempo_used": ("Jours Tempo de l'année", "Tempo days of the year"),
    "worst_quality": ("Qualité du coût de l'année", "Quality of the year's cost"),
    # Years.
    "years_by_period": ("Année par année, par période", "By year and period"),
    "cost_by_year": ("Coût par année", "Cost by year"),
    "years_side_by_side": ("Les années côte à côte, en kWh", "The years side by side, in kWh"),
    "years_cost_side_by_side": ("Les années côte à côte, en euros", "The years side by side, in euros"),
    "all_months": ("Tous les mois", "All months"),
    "table_of_years": ("Les années", "The years"),
    "table_of_years.help": ("Un clic sur une année l'ouvre.", "Click on a year to open it."),
    # Tariff and cost.
    "prices_now": ("Prix du jour", "Prices of the day"),
    "prices_now.help": (
        "Du dernier jour calculé : le prix d'un kWh par période, celui d'un mois pour l'abonnement.",
        "Of the newest day with a cost: per kWh by period, per month for the subscription.",
    ),
    "price_history": ("Prix du kWh", "Price of a kWh"),
    "price_history.help": ("Toutes taxes comprises.", "With all taxes."),
    "versions": ("Coût par version du tarif", "Cost by tariff version"),
    "not_measured": ("Coûts incertains, et pourquoi", "Uncertain costs, and why"),
    "quality_history": ("Qualité du coût de chaque jour", "Quality of each day's cost"),
    "colour_history": ("Jours Tempo", "Tempo days"),
    "colour_history.help": ("Couleur de la journée qui commence à 6 h.", "The colour of the day that starts at 06:00."),
    "tempo_season": ("Jours Tempo depuis le 1er septembre", "Tempo days since 1 September"),
    "price_by_month": ("Prix moyen du kWh, tout compris", "Mean price of a kWh, all included"),
    "price_by_month.help": (
        "Coût divisé par énergie soutirée, abonnement et injection compris.",
        "Cost divided by consumed energy, with subscription and injection.",
    ),
    # Line quality.
    "meter_heard": ("Le compteur est", "The meter is"),
    "signal": ("Qualité du signal", "Signal quality"),
    "signal.help": (
        "Part des groupes acceptés. Sous 99 %, vérifiez le câble, la masse et l'adaptateur.",
        "Share of accepted groups. Below 99 %, check the cable, the ground and the adapter.",
    ),
    "rejected_per_hour": ("Groupes rejetés par heure", "Rejected groups per hour"),
    "rejected": ("Groupes rejetés, par motif", "Rejected groups by reason"),
    "rejected.help": (
        "Groupes dont la parité, la somme de contrôle ou la plausibilité est mauvaise.",
        "Groups with bad parity, a bad checksum or an implausible value.",
    ),
    "rejected_over_time": ("Groupes rejetés au fil du temps", "Rejected groups over time"),
    "frames": ("Trames par minute", "Frames per minute"),
    "voltage": ("Tension", "Voltage"),
    "voltage.help": (
        "Mode standard seulement. La norme EN 50160 demande 230 V à ± 10 %.",
        "Standard mode only. EN 50160 requires 230 V ± 10 %.",
    ),
    "delays": ("Retards", "Delays"),
    "delays.help": (
        "Âge de la trame la plus récente du registre, et de la plus ancienne qui n'est pas encore répliquée.",
        "Age of the newest frame in the ledger, and of the oldest one not replicated yet.",
    ),
    "lag": ("registre", "ledger"),
    "sink_influxdb": ("InfluxDB", "InfluxDB"),
    "recorder": ("L'enregistreur", "The recorder"),
    "recorder.help": (
        "Perdues : trames qu'aucun lecteur n'a plus. Leur énergie reste exacte grâce aux index.",
        "Lost: frames that no edge has any more. Their energy is still exact, thanks to the registers.",
    ),
    "missing": ("trames manquantes", "missing frames"),
    "lost": ("trames perdues", "lost frames"),
    "dead_letters": ("messages rejetés", "rejected messages"),
    "sink_rejected": ("points rejetés", "rejected points"),
    "sink_windows": ("fenêtres à agréger", "windows to aggregate"),
    "rejected_messages": ("Messages rejetés, par motif", "Rejected messages by reason"),
    "count": ("Nombre", "Number"),
    "gaps": ("Quarts d'heure estimés", "Estimated quarter-hours"),
    "gaps.help": (
        "Aucune trame reçue : l'énergie est exacte, sa répartition dans le temps est estimée.",
        "No frame was received: the energy is exact, its distribution over time is estimated.",
    ),
}
