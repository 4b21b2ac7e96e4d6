"""Errors of settings. They stand apart from loading, which takes long to import, for those who only report them."""


class SettingsError(ValueError):
    """A setting stops the start; the message names it as the user wrote it.

    Args:
        message: what is wrong.
        warnings: what else is odd about the settings, such as the misspelt name of the one that is missing.
    """

    def __init__(self, message: str, warnings: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.warnings = warnings


class SettingError(ValueError):
    """A setting is wrong in a way that only the settings beside it show.

    Raised by the model validators of a section and by a section's `check`.

    Args:
        name: the setting, in lower case and without the program's prefix: `influxdb_minute_days`.
        message: what is wrong and what to do.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
