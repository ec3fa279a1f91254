"""What stops a command, told to the person at the terminal.

Failure             something outside is not as it must be; exit code 1
└── UsageFailure    what was typed or set cannot be used; exit code 2
"""

from typing import ClassVar


class Failure(Exception):
    """Its message is one sentence, or a few lines, that say what to do."""

    exit_code: ClassVar[int] = 1


class UsageFailure(Failure):
    exit_code = 2
