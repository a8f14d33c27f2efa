"""What an operator tells a connector: the types of settings, and whether given ones have the right form."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import assert_never
from urllib.parse import urlsplit

from muster.kit.contract import Settings
from muster.model import BadInput, Problem, Secret

CODE = "MUSTER-SETTING"


class SettingType(StrEnum):
    """What a setting holds; ``secret`` is sealed and never shown."""

    URL = "url"
    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - the name of a type, not a secret
    PATH = "path"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing an operator tells the connector. ``default`` is what holds when nothing is given."""

    type: SettingType
    required: bool = True  # never true where there is a default
    default: str | None = None
    help: str = ""


def check(connector: str, settings: Mapping[str, Setting], given: Settings) -> None:
    """Pass when what is given is complete and each value has the form its type asks for.

    Raises:
        BadInput: one is missing, unknown or badly formed; the problem names it and never shows its value.
    """
    for name in given:
        if name not in settings:
            known = ", ".join(sorted(settings)) or "none at all"
            raise _bad(connector, name, "the connector knows no such setting", f"drop it; known are: {known}")
    for name, setting in settings.items():
        if name not in given:
            if setting.required:
                raise _bad(
                    connector,
                    name,
                    "it is required and missing",
                    f"give {name}: {setting.help or setting.type}",
                )
            continue
        value = given[name]
        if reason := _fault(setting.type, value.reveal() if isinstance(value, Secret) else value):
            raise _bad(connector, name, reason, f"correct {name}")


def _fault(type: SettingType, text: str) -> str:
    """Say what is wrong with the text, in words that do not repeat it; empty when nothing is."""
    if not text.strip():
        return "it is empty"
    if "\0" in text:
        return "it holds a NUL character"
    match type:
        case SettingType.URL:
            return _url_fault(text)
        case SettingType.NUMBER:
            return "" if _is_number(text) else "it is not a number"
        case SettingType.FLAG:
            return "" if text in {"true", "false"} else "it is neither true nor false"
        case SettingType.TEXT | SettingType.SECRET | SettingType.PATH:
            return ""
        case _:
            assert_never(type)


def _url_fault(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return "it is not a URL"
    if not parts.scheme or "://" not in text or not (parts.hostname or parts.path.strip("/")):
        return "it is not a URL with a scheme and an address, as https://app.example.org/scim/v2"
    if any(character.isspace() for character in text):
        return "it holds a space"
    if parts.password is not None:
        return "it holds a password; addresses are shown on screens, secrets have settings of their own"
    return ""


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _bad(connector: str, name: str, why: str, next_step: str) -> BadInput:
    what = f"The setting {name} of connector {connector} cannot be used"
    return BadInput(Problem(code=CODE, what=what, where=f"settings.{name}", why=why, next_step=next_step))
