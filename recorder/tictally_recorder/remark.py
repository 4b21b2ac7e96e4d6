"""What a person must know of figures beside them: remarks of cost, bill, comparison, standby and energy, as data."""

from tictally_shared.phrase import PhraseCode


class RemarkCode(PhraseCode):
    """Every remark, a sentence each; the last ones are parts of others."""

    PROVISIONAL = "provisional"

    # Cost
    COST_UNKNOWN = "cost_unknown"
    COST_PROVISIONAL = "cost_provisional"
    COST_ESTIMATED = "cost_estimated"
    COST_INTEGRATED = "cost_integrated"
    COST_BY_HOURS = "cost_by_hours"
    COST_BEFORE_LEDGER = "cost_before_ledger"
    COST_AFTER_LEDGER = "cost_after_ledger"

    # Bill
    BILL_EMPTY = "bill_empty"
    BILL_BEFORE_LEDGER = "bill_before_ledger"
    BILL_AFTER_LEDGER = "bill_after_ledger"
    BILL_LINE_UNKNOWN = "bill_line_unknown"
    BILL_ESTIMATED = "bill_estimated"
    BILL_INTEGRATED = "bill_integrated"
    BILL_BY_HOURS = "bill_by_hours"
    BILL_PARTS_UNKNOWN = "bill_parts_unknown"
    BILL_AMOUNTS_DIFFER = "bill_amounts_differ"
    BILL_TAXES_CHANGED = "bill_taxes_changed"
    BILL_SUM_DIFFERS = "bill_sum_differs"
    BILL_CTA = "bill_cta"
    BILL_IN_ADVANCE = "bill_in_advance"
    BILL_ADVANCE_UNKNOWN = "bill_advance_unknown"
    BILL_ADVANCE_NOT_SPLIT = "bill_advance_not_split"

    # Comparison of tariffs
    COMPARE_ACTUAL = "compare_actual"
    COMPARE_ACTUAL_OF_TARIFF = "compare_actual_of_tariff"
    COMPARE_ACTUAL_IN_PART = "compare_actual_in_part"
    COMPARE_ACTUAL_IN_PART_OF_TARIFF = "compare_actual_in_part_of_tariff"
    COMPARE_ACTUAL_UNKNOWN = "compare_actual_unknown"
    COMPARE_ACTUAL_OF_TARIFF_UNKNOWN = "compare_actual_of_tariff_unknown"
    COMPARE_OFF_PEAK_HOURS = "compare_off_peak_hours"
    COMPARE_OFF_PEAK_BY_REGISTERS = "compare_off_peak_by_registers"
    COMPARE_PRICES_ON = "compare_prices_on"
    COMPARE_IN_PART = "compare_in_part"
    COMPARE_ASSUMPTION = "compare_assumption"
    POWER_HIGHEST = "power_highest"
    POWER_NONE_KNOWN = "power_none_known"
    POWER_NONE_ENOUGH = "power_none_enough"
    POWER_LEAST = "power_least"
    POWER_UNKNOWN_DAYS = "power_unknown_days"
    POWER_THREE_PHASES = "power_three_phases"
    POWER_ASSUMPTION = "power_assumption"
    COMPARE_UNKNOWN = "compare_unknown"

    # Standby
    STANDBY_LAST = "standby_last"
    STANDBY_LAST_IMPORTED = "standby_last_imported"
    STANDBY_RECENT = "standby_recent"
    STANDBY_RECENT_IN_PART = "standby_recent_in_part"
    STANDBY_RECENT_UNKNOWN = "standby_recent_unknown"
    STANDBY_YEAR_COST = "standby_year_cost"
    STANDBY_YEAR_COST_BY_TIME = "standby_year_cost_by_time"
    STANDBY_YEAR_COST_UNKNOWN = "standby_year_cost_unknown"
    STANDBY_ASSUMPTION = "standby_assumption"

    # Comparison with Enedis
    RECONCILE_PARTIAL = "reconcile_partial"
    RECONCILE_GAP = "reconcile_gap"
    RECONCILE_CLOCK = "reconcile_clock"
    RECONCILE_UNEXPLAINED = "reconcile_unexplained"

    # Temperature
    CLIMATE_FIT = "climate_fit"
    CLIMATE_FIT_WITHOUT_REST = "climate_fit_without_rest"
    CLIMATE_NO_RISE = "climate_no_rise"
    VERSUS_NO_TEMPERATURE = "versus_no_temperature"
    VERSUS_TOO_FEW_DAYS = "versus_too_few_days"
    VERSUS_EQUALLY_WARM = "versus_equally_warm"
    VERSUS_NO_YEAR = "versus_no_year"
    VERSUS_PART = "versus_part"
    VERSUS_CORRECTED = "versus_corrected"
    VERSUS_UNCORRECTED = "versus_uncorrected"
    VERSUS_YEAR = "versus_year"
    VERSUS_YEAR_PAID = "versus_year_paid"
    VERSUS_YEAR_MORE = "versus_year_more"
    VERSUS_YEAR_MORE_PAID = "versus_year_more_paid"
    VERSUS_NO_EFFECT = "versus_no_effect"

    # Energy
    ENERGY_BEFORE_LEDGER = "energy_before_ledger"
    ENERGY_GAPS = "energy_gaps"
    ENERGY_FRAMES_LOST = "energy_frames_lost"
    ENERGY_REGISTER_FELL = "energy_register_fell"
    ENERGY_NOT_SHOWN = "energy_not_shown"

    # Parts of the above.
    LINE_ENERGY = "line_energy"
    LINE_INJECTION = "line_injection"
    LINE_LUMP_SUM = "line_lump_sum"
    LINE_SUBSCRIPTION = "line_subscription"
    LINE_SUBSCRIPTION_AT_POWER = "line_subscription_at_power"
    LINE_QUANTITY = "line_quantity"
    LINE_DAY = "line_day"
    LINE_DAYS = "line_days"
    MORE_REASONS = "more_reasons"
    PART_HT = "part_ht"
    PART_ACCISE = "part_accise"
    PART_CTA = "part_cta"
    PART_VAT = "part_vat"
    OFFER = "offer"
    OFFER_AT_POWER = "offer_at_power"
    BEFORE_UNKNOWN = "before_unknown"
    BEFORE_SAME = "before_same"
    BEFORE_MORE = "before_more"
    BEFORE_LESS = "before_less"
    YEAR_AGO_UNKNOWN = "year_ago_unknown"
    YEAR_AGO_SAME = "year_ago_same"
    YEAR_AGO_MORE = "year_ago_more"
    YEAR_AGO_LESS = "year_ago_less"
    SHARE_OF_TIME = "share_of_time"
    GAP = "gap"
    MORE_GAPS = "more_gaps"
    GAPS_DIVIDED = "gaps_divided"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `remark.`."""
        return "remark"


class UnknownPart(PhraseCode):
    """What is unknown of a cost; the page makes the same words."""

    QUANTITY = "quantity"
    ENERGY = "energy"
    SUBSCRIPTION = "subscription"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `reasons.`."""
        return "reasons"
