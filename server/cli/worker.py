"""`souk worker`: what goes on behind the answers, in a process of its own."""

import asyncio
import signal

from server import logs
from server.cli.screen import Screen
from server.embedded import database
from server.settings import Settings, read_settings
from server.starting import condition, require_current
from server.wiring import check, open_shop
from server.work import at_work


def run(screen: Screen) -> None:
    settings = read_settings()
    check(settings)
    logs.configure(settings)
    with database(settings) as chosen:
        require_current(asyncio.run(condition(chosen.connection)))
        asyncio.run(_work(chosen.settings, screen))
    screen.line("The worker has stopped.")


async def _work(settings: Settings, screen: Screen) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` means it
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with open_shop(settings, logs.slow_statement) as shop, at_work(shop):
        screen.line("The worker carries out what the shop has accepted. Ctrl-C stops it.")
        await stopping.wait()
