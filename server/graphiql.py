"""GraphiQL's page and files.

Its libraries come from `web/dist`, which `make web` builds; until then, the very same files come from a CDN, pinned by
their hashes. Everything is looked up per request, so that a finished build shows on the next reload.
"""

import html
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from os import PathLike, stat_result
from pathlib import Path
from string import Template

from pydantic import BaseModel, TypeAdapter
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.graphiql_build import LOG, Manifest, is_being_built

_CDN = "https://cdn.jsdelivr.net/npm"
_IMMUTABLE = "public, max-age=31536000, immutable"
_HASHED_NAME = re.compile(r"-[0-9a-f]{16}\.\w+$")
_CONTENT_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_COMMON_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_FILE_HEADERS = {**_COMMON_HEADERS, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Souk</title>
<link rel="icon" href="data:,">
$links
</head>
<body>
$notice
<div id="graphiql"><p id="loading">Loading GraphiQL …</p></div>
<noscript><p>GraphiQL needs JavaScript. The API itself takes POST requests to <code>$endpoint</code>.</p></noscript>
<script type="application/json" id="config">$config</script>
</body>
</html>
""")

_NOTICE = Template("""\
<div id="notice" role="status"><p>
<strong>GraphiQL comes from a CDN.</strong> $state Reload this page afterwards; the server need not be restarted.
</p></div>""")
_BUILDING = "Its local files, which work without internet, are being built right now."
_MISSING = "To have it work without internet, run <code>make web</code> (it needs npm, and a minute)."
_UNFINISHED = f"The last build of its local files did not finish: see <code>web/{LOG.as_posix()}</code>. {_MISSING}"


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    query: str
    variables: str | None


@dataclass(frozen=True, slots=True)
class Asset:
    url: str
    integrity: str | None = None

    @property
    def is_script(self) -> bool:
        return self.url.endswith(".js")

    def tag(self) -> str:
        guard = f' integrity="{html.escape(self.integrity)}" crossorigin="anonymous"' if self.integrity else ""
        url = html.escape(self.url)
        # Deferred scripts run in this order, after the page is parsed: a slow CDN does not hold the notice back.
        return (
            f'<script src="{url}"{guard} defer></script>'
            if self.is_script
            else f'<link rel="stylesheet" href="{url}"{guard}>'
        )


class Library(BaseModel, frozen=True):
    """One entry of `web/libraries.json`."""

    package: str
    version: str
    file: str
    integrity: str

    def asset(self) -> Asset:
        return Asset(f"{_CDN}/{self.package}@{self.version}/{self.file}", self.integrity)


_LIBRARIES = TypeAdapter(list[Library])


class GraphiQL:
    """Serves the explorer for the API at `endpoint`. Mount `files()` into the application, too."""

    def __init__(self, web: Path, *, endpoint: str = "/graphql", prefix: str = "/graphiql") -> None:
        self._web = web
        self._endpoint = endpoint
        self._prefix = prefix

    def page(self) -> Response:
        """Return the page. Reads about twenty small files, so call it off the event loop."""
        manifest = Manifest.read(self._web)
        libraries = self._from_cdn() if manifest is None else self._from_dist(manifest)
        own = [Asset(f"{self._prefix}/src/explorer.css"), Asset(f"{self._prefix}/src/explorer.js")]
        content = _PAGE.substitute(
            links="\n".join(asset.tag() for asset in [*libraries, *own]),
            notice=self._notice() if manifest is None else "",
            endpoint=html.escape(self._endpoint),
            config=self._config(),
        )
        headers = {
            **_COMMON_HEADERS,
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _policy(asset for asset in libraries if asset.integrity is not None),
        }
        return HTMLResponse(content, headers=headers)

    def files(self) -> Mount:
        return Mount(
            self._prefix,
            routes=[Mount(f"/{folder}", _Files(self._web / folder)) for folder in ("dist", "src")],
            name="graphiql",
        )

    def _from_cdn(self) -> list[Asset]:
        libraries = _LIBRARIES.validate_json((self._web / "libraries.json").read_bytes())
        return [library.asset() for library in libraries]

    def _from_dist(self, manifest: Manifest) -> list[Asset]:
        return [Asset(f"{self._prefix}/dist/{name}") for name in (*manifest.styles, *manifest.scripts)]

    def _notice(self) -> str:
        if is_being_built(self._web):
            return _NOTICE.substitute(state=_BUILDING)
        return _NOTICE.substitute(state=_UNFINISHED if (self._web / LOG).exists() else _MISSING)

    def _config(self) -> str:
        examples = [asdict(example) for example in read_examples(self._web / "examples")]
        return _json_for_html({"endpoint": self._endpoint, "examples": examples})


class _Files(StaticFiles):
    """A folder that may not be there yet, whose hashed names never change their content."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def check_config(self) -> None:
        """Accept that the folder is missing: it appears with the first build."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        name = Path(full_path).name
        response.headers.update(_FILE_HEADERS)
        response.headers["Cache-Control"] = _IMMUTABLE if _HASHED_NAME.search(name) else "no-cache"
        if "content-type" in response.headers:
            # Stated here, because what `mimetypes` answers depends on the machine, and `nosniff` forbids any guess.
            response.headers["Content-Type"] = _CONTENT_TYPES.get(Path(name).suffix, "application/octet-stream")
        return response


def read_examples(folder: Path) -> Sequence[Example]:
    """Read `*.graphql` in the order of their names, each with the variables of the `.json` beside it."""
    return [
        Example(path.stem, path.read_text("utf-8"), _text(path.with_suffix(".json")))
        for path in sorted(folder.glob("*.graphql"))
    ]


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _json_for_html(value: object) -> str:
    """Encode for a `script` element, which ends at the first `</script` wherever that stands."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(foreign: Iterable[Asset]) -> str:
    """Allow the page its own origin, and of the CDN these very files.

    The editor places inline styles, and its style sheet has its fonts inside. Nothing needs `eval` or a worker.
    """
    assets = list(foreign)
    scripts = "".join(f" {asset.url}" for asset in assets if asset.is_script)
    styles = "".join(f" {asset.url}" for asset in assets if not asset.is_script)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{scripts}",
            f"style-src 'self' 'unsafe-inline'{styles}",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
