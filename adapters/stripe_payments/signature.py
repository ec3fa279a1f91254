"""Whether a webhook is from Stripe: the header `Stripe-Signature`, over the bytes as they came.

It looks like `t=1700000000,v1=5257a8…`: seconds since 1970, and HMAC-SHA256 in hexadecimal of the time, a point and the
body, several while a secret is being replaced. Source: https://docs.stripe.com/webhooks#verify-manually
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from domain.payments.gateway import BadSignature

TOLERANCE_SECONDS = 300
"""Either way. Stripe's own library takes a message from any future, which could be kept and sent then."""
LARGEST_BODY = 256 * 1024
LONGEST_HEADER = 4_096
MOST_SIGNATURES = 16
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


def verify(body: bytes, header: str, secrets: Sequence[bytes], now: datetime) -> None:
    """Nothing of `body` is looked at before that is done.

    Raises:
        BadSignature: no secret of ours signed it at about this time.
    """
    if len(body) > LARGEST_BODY or len(header) > LONGEST_HEADER:
        raise BadSignature("too large")
    time, signatures = _parts(header)
    if abs(now.timestamp() - time) > TOLERANCE_SECONDS:
        raise BadSignature("too old or too new")
    expected = [hmac.digest(secret, b"%d.%b" % (time, body), "sha256").hex().encode() for secret in secrets]
    # each is compared with each, however soon one fits, so that the time tells nothing
    if not sum(hmac.compare_digest(one, another) for one in expected for another in signatures):
        raise BadSignature("signed by nobody we know")


def _parts(header: str) -> tuple[int, Sequence[bytes]]:
    """The time and the signatures of version 1; other versions are of test events, or of the future."""
    times, signatures = list[str](), list[str]()
    for item in header.split(","):
        name, equals, value = item.partition("=")
        if not equals:
            raise BadSignature("not a signature")
        if name == "t":
            times.append(value)
        elif name == "v1":
            signatures.append(value)
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or (len(times[0]) > 1 and times[0].startswith("0")):
        raise BadSignature("no time, or several")
    good = [one.encode() for one in dict.fromkeys(signatures) if _SIGNATURE.fullmatch(one)]
    if not good or len(signatures) > MOST_SIGNATURES:
        raise BadSignature("no signature, or too many")
    return int(times[0]), good
