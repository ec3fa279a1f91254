"""The passwords that are tried first: 30,000 that turned up most often in leaks, as zxcvbn ships them."""

from functools import cached_property

from zxcvbn.frequency_lists import FREQUENCY_LISTS


class LeakedPasswords:
    """Implements `domain.users.passwords.CommonPasswords`."""

    def __contains__(self, password: str) -> bool:
        return password in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(FREQUENCY_LISTS["passwords"])
