"""The words of a message, in the language of the settings."""

from collections.abc import Sequence

from tictally_recorder.notifications.model import TEST, Notification, NotificationCode
from tictally_recorder.settings import Settings
from tictally_recorder.translations import catalogue
from tictally_shared.phrase import Phrase


def message(notifications: Sequence[Notification], language: str, *, names_site: bool) -> tuple[str, str]:
    """Title and body; several notifications are a line each.

    Args:
        notifications: at least one.
        language: of the words.
        names_site: whether each line names its site: there is more than one.
    """
    words = catalogue(language)
    kinds = {each.kind for each in notifications}
    title = words.text("notify_text.several", count=len(notifications))
    if len(kinds) == 1:
        title = words.text(f"notify_text.title.{kinds.pop()}")
    lines = []
    for each in notifications:
        text = words.phrase(each.phrase)
        is_named = names_site and each.site is not None
        lines.append(words.text("notify_text.of_site", site=each.site, text=text) if is_named else text)
    return title, "\n".join(lines)


def test_message(settings: Settings) -> tuple[str, str]:
    """What `tictally notify test` sends."""
    phrase = Phrase(NotificationCode.TEST, {"recorder": settings.name})
    return message([Notification(TEST, None, phrase)], settings.language, names_site=False)
