"""A headless browser that stays open, driven over its DevTools protocol: what a page shows, asks and hears."""

import asyncio
import os
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

from tests.server.chromium import CHROMIUM, FLAGS

PATIENCE = 60.0
"""Seconds; only a test that would fail otherwise waits that long."""
_LISTENING = re.compile(rb"DevTools listening on ws://([\d.]+:\d+)/")
_WAITING = "new Promise((done) => { const look = () => (%s) ? done() : setTimeout(look, 20); look(); })"
_KEPT = {"Network.webSocketFrameReceived", "Network.webSocketFrameSent", "Network.requestWillBeSent", "Log.entryAdded"}


class Refused(Exception):
    """The browser cannot do what it was told."""


@dataclass(slots=True)
class Tab:
    """A page, and what it has done since it was opened."""

    socket: ClientConnection
    seen: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _asked: int = 0
    _answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict[int, asyncio.Future[Any]])

    async def listen(self) -> None:
        async for text in self.socket:
            told = orjson.loads(text)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] in _KEPT:
                self.seen.append(told)

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        self._asked += 1
        self._answers[self._asked] = answer = asyncio.get_running_loop().create_future()
        await self.socket.send(orjson.dumps({"id": self._asked, "method": method, "params": given}).decode())
        async with asyncio.timeout(PATIENCE):
            told = await answer
        if "error" in told:
            raise Refused(told["error"]["message"])
        return told["result"]

    async def open(self, url: str) -> None:
        """Go to an address, also when only its fragment is another one, and wait until its scripts have begun."""
        await self.call("Page.navigate", url="about:blank")
        await self.until("location.href === 'about:blank'")
        await self.call("Page.navigate", url=url)
        await self.until("location.href !== 'about:blank' && document.readyState === 'complete'")

    async def value(self, expression: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until it is true in the page, which may be another one before."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._came(condition):
                    pass
        except TimeoutError as late:
            raise AssertionError(f"never: {condition}\n{await self.value('document.body.innerText')}") from late

    async def _came(self, condition: str) -> bool:
        """Wait until it is true, or until the page gives way to another one."""
        try:
            await self.value(_WAITING % condition)
        except Refused as refused:
            if "navigated" in str(refused) or "context" in str(refused):
                return False
            raise
        return True

    async def text(self, selector: str) -> str:
        return await self.value(f"document.querySelector({selector!r}).textContent")

    def told(self, method: str) -> list[dict[str, Any]]:
        return [one["params"] for one in self.seen if one["method"] == method]

    def frames(self, direction: str = "Received") -> list[dict[str, Any]]:
        """What went over the page's WebSockets, in order."""
        told = self.told(f"Network.webSocketFrame{direction}")
        return [orjson.loads(one["response"]["payloadData"]) for one in told if one["response"]["opcode"] == 1]

    def addresses(self) -> list[str]:
        return [one["request"]["url"] for one in self.told("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        """What the browser has to say about the page, beyond servers that do not answer."""
        entries = [one["entry"] for one in self.told("Log.entryAdded")]
        return [entry["text"] for entry in entries if "ERR_CONNECTION_REFUSED" not in entry["text"]]


@asynccontextmanager
async def browsing(home: Path) -> AsyncGenerator[Tab]:
    """One tab of a browser that nobody has used before, with its files in `home`."""
    command = [str(CHROMIUM), *(flag for flag in FLAGS if flag != "--dump-dom"), "--remote-debugging-port=0"]
    process = await asyncio.create_subprocess_exec(
        *command, f"--user-data-dir={home}/profile", "about:blank", stderr=PIPE, env={**os.environ, "HOME": str(home)}
    )
    try:
        async with asyncio.timeout(PATIENCE):
            address = await _address(process)
        reading = asyncio.create_task(_let_go(process))
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            [page] = [one for one in (await client.get(f"http://{address}/json")).json() if one["type"] == "page"]
        async with connect(page["webSocketDebuggerUrl"], proxy=None, max_size=None) as socket:
            tab = Tab(socket)
            listening = asyncio.create_task(tab.listen())
            for domain in ("Network", "Log", "Page"):
                await tab.call(f"{domain}.enable")
            yield tab
        await listening
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    await reading


async def _address(process: Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        found = _LISTENING.search(line)
        if found:
            return found[1].decode()
    raise AssertionError("the browser did not start")


async def _let_go(process: Process) -> None:
    """Read what it logs, so that it never waits for us."""
    assert process.stderr is not None
    while await process.stderr.read(65_536):
        pass
