"""TLS and log-in at the mail server."""

import ssl
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.mail.smtp import SmtpMailer
from domain.shared.errors import Unavailable
from tests.adapters.mail_servers import Catcher, Certificate, listening
from tests.adapters.test_mail import LETTER, SENDER

LOGIN = "shop%40example.org:p%40ss%2Fw%3Ard@"
ELSEWHERE = "0.0.0.0"
"""Not a loopback address to look at, and this machine to connect to."""
# aiosmtpd warns of what these tests set up on purpose
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.made(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def with_starttls(certificate: Certificate) -> AsyncGenerator[Catcher]:
    async with listening(Catcher(), tls_context=certificate.for_server()) as catcher:
        yield catcher


@pytest.fixture
async def with_tls(certificate: Certificate) -> AsyncGenerator[Catcher]:
    async with listening(Catcher(), tls=certificate.for_server()) as catcher:
        yield catcher


@pytest.fixture
async def with_login() -> AsyncGenerator[Catcher]:
    catcher = Catcher()
    async with listening(catcher, auth_required=True, auth_require_tls=False, authenticator=catcher.authenticate):
        yield catcher


def mailer(url: str, tls: ssl.SSLContext | None = None) -> SmtpMailer:
    return SmtpMailer(url, SENDER, tls=tls)


async def test_starttls_is_used_when_it_is_offered(with_starttls: Catcher, certificate: Certificate) -> None:
    await mailer(f"smtp://127.0.0.1:{with_starttls.port}", certificate.trusted()).send(LETTER)
    assert with_starttls.encrypted == [True]


async def test_a_certificate_that_nobody_vouches_for_is_refused(with_starttls: Catcher, with_tls: Catcher) -> None:
    for url in (f"smtp://127.0.0.1:{with_starttls.port}", f"smtps://127.0.0.1:{with_tls.port}"):
        with pytest.raises(Unavailable, match="certificate"):
            await mailer(url).send(LETTER)
    assert [*with_starttls.letters, *with_tls.letters] == []


async def test_a_certificate_for_another_name_is_refused(with_starttls: Catcher, certificate: Certificate) -> None:
    with pytest.raises(Unavailable, match="certificate"):
        await mailer(f"smtp://localhost:{with_starttls.port}", certificate.trusted()).send(LETTER)
    assert with_starttls.letters == []


async def test_smtps_speaks_tls_from_the_first_byte(with_tls: Catcher, certificate: Certificate) -> None:
    await mailer(f"smtps://127.0.0.1:{with_tls.port}", certificate.trusted()).send(LETTER)
    assert [letter.rcpt_tos for letter in with_tls.letters] == [[LETTER.to]]


async def test_smtps_does_not_fall_back_to_plain_text(certificate: Certificate) -> None:
    async with listening(Catcher()) as catcher:
        with pytest.raises(Unavailable):
            await mailer(f"smtps://127.0.0.1:{catcher.port}", certificate.trusted()).send(LETTER)
        assert catcher.letters == []


async def test_the_log_in_is_decoded_from_the_url(with_login: Catcher) -> None:
    await mailer(f"smtp://{LOGIN}127.0.0.1:{with_login.port}").send(LETTER)
    assert with_login.logins == [(b"shop@example.org", b"p@ss/w:rd")]
    assert len(with_login.letters) == 1


async def test_a_log_in_works_under_starttls(certificate: Certificate) -> None:
    catcher = Catcher()
    async with listening(
        catcher, auth_required=True, authenticator=catcher.authenticate, tls_context=certificate.for_server()
    ):
        await mailer(f"smtp://{LOGIN}127.0.0.1:{catcher.port}", certificate.trusted()).send(LETTER)
    assert catcher.encrypted == [True]


async def test_no_log_in_is_sent_in_clear_to_another_machine(with_login: Catcher) -> None:
    with capture_logs() as logged, pytest.raises(Unavailable, match="no log-in is sent in clear"):
        await mailer(f"smtp://{LOGIN}{ELSEWHERE}:{with_login.port}").send(LETTER)
    assert (with_login.logins, with_login.letters) == ([], [])
    (line,) = logged
    assert (line["event"], line["log_level"]) == ("reaching the mail server fails", "warning")
    assert "it offers no STARTTLS, and no log-in is sent in clear; use smtps://" in line["error"]
    assert "w:rd" not in str(logged)


async def test_a_letter_without_a_log_in_goes_to_another_machine_in_clear_when_there_is_no_tls() -> None:
    async with listening(Catcher()) as catcher:
        await mailer(f"smtp://{ELSEWHERE}:{catcher.port}").send(LETTER)
    assert catcher.encrypted == [False]


async def test_a_log_in_goes_to_another_machine_under_starttls(certificate: Certificate) -> None:
    catcher = Catcher()
    async with listening(
        catcher, auth_required=True, authenticator=catcher.authenticate, tls_context=certificate.for_server()
    ):
        trusting = certificate.trusted()
        trusting.check_hostname = False  # the certificate is for 127.0.0.1
        await mailer(f"smtp://{LOGIN}{ELSEWHERE}:{catcher.port}", trusting).send(LETTER)
    assert (len(catcher.logins), catcher.encrypted) == (1, [True])


@pytest.mark.parametrize("login", ["", "shop%40example.org:wrong@"])
async def test_a_log_in_that_is_missing_or_refused_is_unavailable(with_login: Catcher, login: str) -> None:
    with pytest.raises(Unavailable) as refusal:
        await mailer(f"smtp://{login}127.0.0.1:{with_login.port}").send(LETTER)
    assert "wrong" not in refusal.value.message
    assert with_login.letters == []


async def test_a_log_in_at_a_server_that_knows_none_is_unavailable() -> None:
    async with listening(Catcher(extensions_off=("AUTH",))) as catcher:
        with pytest.raises(Unavailable):
            await mailer(f"smtp://{LOGIN}127.0.0.1:{catcher.port}").send(replace(LETTER, to="b@example.org"))


@pytest.mark.parametrize(
    "url", ["", "smtp://", "http://host", "smtp://user:se#cret@host", "smtp://host:99999", "smtp://a..b", "smtp://[x"]
)
def test_a_url_that_cannot_be_used_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="must look like") as refusal:
        mailer(url)
    assert "se" not in str(refusal.value).split()
    assert "cret" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
