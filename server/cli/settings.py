"""`souk settings`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr
from rich.table import Table
from rich.text import Text

from server.cli.screen import Screen
from server.settings import Settings, read_settings

HIDDEN = "********"
_SECRET_PARAMETERS = frozenset({"password", "passfile", "sslpassword"})


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    value: str
    source: str
    meaning: str


def run(screen: Screen, as_json: bool) -> None:  # noqa: FBT001  (a switch of the command line)
    listed = listing(read_settings())
    if as_json:
        sys.stdout.write(json.dumps([asdict(setting) for setting in listed], indent=2) + "\n")
        return
    if not screen.lively:
        for setting in listed:
            screen.line(f"{setting.name}={setting.value}  ({setting.source}) {setting.meaning}")
        return
    table = Table("Name", "Value", "From", "Meaning", title="Settings", title_justify="left")
    for setting in listed:
        table.add_row(setting.name, Text(setting.value, overflow="fold"), setting.source, setting.meaning)
    screen.table(table)


def listing(settings: Settings) -> Sequence[Setting]:
    """Every setting, in the order of its definition, fit to be shown to anybody."""
    return [
        Setting(
            name=name.upper(),
            value=shown(getattr(settings, name)),
            source="environment" if name in settings.model_fields_set else "default",
            meaning=field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    ]


def shown(value: object) -> str:
    match value:
        case None | ():
            return ""
        case SecretStr():
            return _without_password(value.get_secret_value())
        case Enum():
            return str(value.value)
        case tuple():
            return ",".join(str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return str(value)


def _without_password(secret: str) -> str:
    """A URL keeps what tells where it leads; anything else is hidden as a whole."""
    try:
        parts = urlsplit(secret)
    except ValueError:
        return HIDDEN
    if not parts.scheme or not parts.netloc:
        return HIDDEN
    login, at, place = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    netloc = f"{user}{colon}{HIDDEN if colon else ''}{at}{place}"
    query = [(name, HIDDEN if name in _SECRET_PARAMETERS else value) for name, value in parse_qsl(parts.query)]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query, safe="*/:"), ""))
