"""How often somebody may try to prove who they are.

Every try counts for the address it comes from and for the account it is about: five a minute, three of them at once.
Failed ones count for longer, so that who keeps on failing waits longer and longer, up to an hour.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from domain.shared.rates import Allowance, Limiter
from domain.users.user import Client

TRIES = (Allowance(3, 10), Allowance(5, 60))
FAILURES = (Allowance(10, 5 * 60), Allowance(15, 20 * 60), Allowance(20, 60 * 60))
LETTERS = (Allowance(3, 60 * 60),)
"""Letters that somebody can have sent to an address."""
_IPV6_HOME = 64
"""Bits: one household has the rest to itself, so counting single addresses would count nothing."""


@dataclass(frozen=True, slots=True)
class Throttle:
    limiter: Limiter

    async def admit(self, client: Client, account: str | None = None) -> None:
        """Count one try. Raises: RateLimited: there were too many, or too many failed."""
        for name, key in _keys(client, account):
            await self.limiter.check(f"{name}.failures", key, FAILURES)
        for name, key in _keys(client, account):
            await self.limiter.hit(f"{name}.tries", key, TRIES)

    async def failed(self, client: Client, account: str | None = None) -> None:
        """Count a try that failed. Raises: RateLimited: there were too many."""
        for name, key in _keys(client, account):
            await self.limiter.hit(f"{name}.failures", key, FAILURES)

    async def succeeded(self, account: str) -> None:
        """Whoever is in knows the password: earlier failures were theirs."""
        await self.limiter.forget("account.failures", account, FAILURES)

    async def admit_letter(self, client: Client, address: str) -> None:
        """Count one letter. Raises: RateLimited: there were too many to this address, or from there."""
        await self.limiter.hit("letters.to", address, LETTERS)
        for name, key in _keys(client, None):
            await self.limiter.hit(f"{name}.tries", key, TRIES)


def network(address: str) -> str:
    """What is counted as one place: an IPv4 address, or the network that a household gets of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{int(parsed) >> (128 - _IPV6_HOME):x}"
    return str(parsed)


def _keys(client: Client, account: str | None) -> list[tuple[str, str]]:
    places = [] if client.ip_address is None else [("place", network(client.ip_address))]
    return places if account is None else [*places, ("account", account)]
