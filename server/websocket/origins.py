"""Whose pages may open a socket: browsers let every page try, and tell us only where it came from."""

from urllib.parse import urlsplit

from server.settings import Settings

_USUAL_PORTS = {"http": 80, "https": 443}


def may_connect(origin: str | None, host: str, settings: Settings) -> bool:
    """Programs send no Origin. In development a page is ours whatever name it calls this machine by."""
    if origin is None:
        return True
    given = origin.lower()
    if given == _origin_of(settings.address) or given in {one.rstrip("/").lower() for one in settings.allowed_origins}:
        return True
    return not settings.production and given == f"http://{host.lower()}"


def _origin_of(url: str) -> str:
    """As browsers write it: without the port that goes without saying."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, _USUAL_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
