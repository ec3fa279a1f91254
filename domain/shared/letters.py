"""How letters look, whoever writes them: as text, and as HTML that says the same."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.shared.mail import Mail
from domain.shared.text import one_line

_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_BUTTON = (
    "display:inline-block;padding:12px 24px;border-radius:8px;background:#1d5c4b;color:#ffffff;"
    "font-weight:600;text-decoration:none"
)


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter before it has a form: paragraphs, rows of things and amounts, the link among them, more paragraphs."""

    subject: str
    name: str
    before: Sequence[str]
    link: Link | None = None
    after: Sequence[str] = ()
    rows: Sequence[tuple[str, str]] = ()

    @property
    def greeting(self) -> str:
        return f"Hello {self.name}," if self.name else "Hello,"


def letter(identity: UUID, to: str, draft: Draft, shop: str) -> Mail:
    """In the name of `shop`; `identity` is stable over retries."""
    return Mail(identity, to, one_line(draft.subject), _as_text(draft, shop), _as_html(draft, shop))


def _as_text(draft: Draft, shop: str) -> str:
    link = [f"{draft.link.label}:\n{draft.link.url}"] if draft.link else []
    rows = ["\n".join(f"{thing}: {amount}" for thing, amount in draft.rows)] if draft.rows else []
    return "\n\n".join([draft.greeting, *draft.before, *rows, *link, *draft.after, shop]) + "\n"


def _as_html(draft: Draft, shop: str) -> str:
    """One column that is as wide as its text, without colours of its own: mail programs darken it as they please."""
    body = "\n".join(_blocks(draft, shop))
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(draft.subject)}</title>
</head>
<body style="margin:0;padding:24px 16px">
<div style="max-width:560px;margin:0 auto;{_FONT};font-size:16px;line-height:1.5">
{body}
</div>
</body>
</html>
"""


def _blocks(draft: Draft, shop: str) -> Iterator[str]:
    yield f'<p style="margin:0 0 24px;font-size:20px;font-weight:700">{html.escape(shop)}</p>'
    yield from (_paragraph(text) for text in (draft.greeting, *draft.before))
    if draft.rows:
        yield '<table style="width:100%;margin:0 0 16px;border-collapse:collapse">'
        yield from (_row(thing, amount) for thing, amount in draft.rows)
        yield "</table>"
    if draft.link:
        label, url = html.escape(draft.link.label), html.escape(draft.link.url)
        yield f'<p style="margin:24px 0"><a href="{url}" style="{_BUTTON}">{label}</a></p>'
        yield '<p style="margin:0 0 4px;font-size:14px">Or copy this address into your browser:</p>'
        yield f'<p style="margin:0 0 24px;font-size:14px;word-break:break-all">{url}</p>'
    yield from (_paragraph(text) for text in draft.after)


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 16px;overflow-wrap:anywhere">{html.escape(text)}</p>'


def _row(thing: str, amount: str) -> str:
    style = "padding:6px 0;vertical-align:top"
    right = f"{style};padding-left:16px;text-align:right;white-space:nowrap"
    cell = f'<td style="{style};overflow-wrap:anywhere">{html.escape(thing)}</td>'
    return f'<tr>{cell}<td style="{right}">{html.escape(amount)}</td></tr>'
