import hashlib
import hmac
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters.signing_keys import DERIVED_BYTES, SHORTEST_SECRET, BadKey, KeyRing, kept_secret

OLD, NEW = "an old secret of thirty-two bytes", "a new secret of thirty-two bytes!"

Written = Callable[[str, bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(name: str, content: bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content)
        return file

    return write


def private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_the_first_secret_signs_and_every_one_verifies() -> None:
    ring = KeyRing.of_secrets([NEW, OLD])
    assert ring.algorithm == "HS256"
    assert [key.signing for key in ring.keys] == [NEW.encode(), OLD.encode()]
    assert [key.verifying for key in ring.keys] == [NEW.encode(), OLD.encode()]


def test_a_key_id_tells_nothing_of_its_secret() -> None:
    (key,) = KeyRing.of_secrets([NEW]).keys
    assert key.kid not in {NEW, hashlib.sha256(NEW.encode()).hexdigest()[:16]}
    assert len(key.kid) == 16
    assert set(key.kid) <= set("0123456789abcdef")
    assert key.kid == KeyRing.of_secrets([NEW, OLD]).keys[0].kid


def test_a_ring_can_be_printed_without_giving_its_keys_away(written: Written) -> None:
    pair = Ed25519PrivateKey.generate()
    for ring in (KeyRing.of_secrets([NEW]), KeyRing.of_files([written("key.pem", private_pem(pair))])):
        assert NEW not in f"{ring} {ring!r} {ring.keys}"
        assert "Ed25519" not in f"{ring} {ring!r} {ring.keys}"


def test_a_secret_given_twice_is_one_key() -> None:
    assert len(KeyRing.of_secrets([NEW, OLD, NEW]).keys) == 2


@pytest.mark.parametrize(
    ("secrets", "sentence"),
    [
        ([], r"no secret.*JWT_SECRET"),
        (["short"], r"5 bytes.*32 or more"),
        ([NEW, "x" * 31], r"31 bytes"),
        (["-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw"], r"is a key.*JWT_PRIVATE_KEY"),
        (["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"], r"is a key.*JWT_PRIVATE_KEY"),
    ],
)
def test_a_secret_that_cannot_be_used_is_explained(secrets: list[str], sentence: str) -> None:
    with pytest.raises(BadKey, match=sentence):
        KeyRing.of_secrets(secrets)


def test_an_unusable_secret_is_not_repeated() -> None:
    with pytest.raises(BadKey) as refusal:
        KeyRing.of_secrets(["hush-hush"])
    assert "hush" not in str(refusal.value)


def test_the_first_file_signs_and_the_others_may_be_of_either_kind(written: Written) -> None:
    first, second, third = (Ed25519PrivateKey.generate() for _ in range(3))
    files = [
        written("first.pem", private_pem(first)),
        written("second.pem", private_pem(second)),
        written("third.pub", public_pem(third)),
    ]
    ring = KeyRing.of_files(files)
    assert ring.algorithm == "EdDSA"
    assert [key.verifying for key in ring.keys] == [pair.public_key() for pair in (first, second, third)]
    assert [key.signing is None for key in ring.keys] == [False, False, True]


def test_a_key_has_the_thumbprint_that_the_standard_gives_it(written: Written) -> None:
    """The key and its thumbprint are those of RFC 8037, appendix A."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    pair = Ed25519PrivateKey.from_private_bytes(seed)
    for name, pem in (("key.pem", private_pem(pair)), ("both.pem", public_pem(pair) + private_pem(pair))):
        (key,) = KeyRing.of_files([written(name, pem)]).keys
        assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_private_key_and_its_public_half_are_one_key(written: Written) -> None:
    pair = Ed25519PrivateKey.generate()
    (key,) = KeyRing.of_files([written("key.pem", private_pem(pair)), written("key.pub", public_pem(pair))]).keys
    assert key.signing is not None


def test_no_key_file_at_all_is_explained() -> None:
    with pytest.raises(BadKey, match="JWT_PRIVATE_KEY"):
        KeyRing.of_files([])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match=r"absent\.pem cannot be read \(No such file or directory\)\.$"):
        KeyRing.of_files([tmp_path / "absent.pem"])


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match=rf"{tmp_path} cannot be read"):
        KeyRing.of_files([tmp_path])


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(BadKey, match=r"/dev/zero holds no key in PEM"):
        KeyRing.of_files([Path("/dev/zero")])


def test_a_public_key_cannot_be_the_first(written: Written) -> None:
    with pytest.raises(BadKey, match=r"key\.pub holds a public key: the first one must be private"):
        KeyRing.of_files([written("key.pub", public_pem(Ed25519PrivateKey.generate()))])


def test_an_encrypted_key_is_explained(written: Written) -> None:
    locked = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase")
    )
    with pytest.raises(BadKey, match=r"locked\.pem is encrypted: keep it without a passphrase"):
        KeyRing.of_files([written("locked.pem", locked)])


@pytest.mark.parametrize("kind", ["RSA", "EC", "Ed448", "X25519"])
def test_a_key_of_another_kind_is_explained(written: Written, kind: str) -> None:
    keys = {
        "RSA": lambda: rsa.generate_private_key(65_537, 2_048),
        "EC": lambda: ec.generate_private_key(ec.SECP256R1()),
        "Ed448": ed448.Ed448PrivateKey.generate,
        "X25519": x25519.X25519PrivateKey.generate,
    }
    key = keys[kind]()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    good = written("good.pem", private_pem(Ed25519PrivateKey.generate()))
    for files in ([written("other.pem", private)], [good, written("other.pem", public)]):
        with pytest.raises(BadKey, match=rf"other\.pem holds a key of another kind \({kind}\) than Ed25519"):
            KeyRing.of_files(files)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\xfe\x00",
        NEW.encode(),
        b"-----BEGIN PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nMC4C\n-----END CERTIFICATE-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n",
        b"x" * 1_000_000,
    ],
    ids=["nothing", "text", "binary", "a secret", "cut", "no key inside", "a certificate", "of OpenSSH", "huge"],
)
def test_what_is_no_key_in_pem_is_explained(written: Written, content: bytes) -> None:
    with pytest.raises(BadKey, match=r"odd\.pem holds no key in PEM.*openssl genpkey") as refusal:
        KeyRing.of_files([written("odd.pem", content)])
    assert NEW not in str(refusal.value)


def test_what_is_derived_depends_on_the_key_and_the_label_alone(written: Written) -> None:
    file = written("key.pem", private_pem(Ed25519PrivateKey.generate()))
    for ring, again in (
        (KeyRing.of_secrets([NEW]), KeyRing.of_secrets([NEW, OLD])),
        (KeyRing.of_files([file]), KeyRing.of_files([file])),
    ):
        assert ring.derive("cursors") == again.derive("cursors")
        assert len(ring.derive("cursors")) == DERIVED_BYTES
        assert ring.derive("cursors") != ring.derive("links")
    assert KeyRing.of_secrets([NEW]).derive("cursors") != KeyRing.of_secrets([OLD]).derive("cursors")


def test_what_is_derived_is_hkdf_so_that_other_software_can_derive_it() -> None:
    extracted = hmac.digest(b"souk derived key", NEW.encode(), "sha256")
    assert KeyRing.of_secrets([NEW]).derive("links") == hmac.digest(extracted, b"links\x01", "sha256")


def test_there_is_a_derivation_for_every_key_that_can_sign_the_current_one_first(written: Written) -> None:
    new, old, gone = (Ed25519PrivateKey.generate() for _ in range(3))
    files = [
        written("new.pem", private_pem(new)),
        written("gone.pub", public_pem(gone)),
        written("old.pem", private_pem(old)),
    ]
    ring, before = KeyRing.of_files(files), KeyRing.of_files(files[2:])
    assert ring.derivations("links") == [ring.derive("links"), before.derive("links")]


def test_a_kept_secret_is_the_same_ever_after_and_good_enough_to_sign(tmp_path: Path) -> None:
    home = tmp_path / "not" / "there"
    secret = kept_secret(home)
    assert kept_secret(home) == secret
    assert KeyRing.of_secrets([secret]).algorithm == "HS256"
    assert kept_secret(tmp_path / "another") != secret


def test_a_kept_secret_can_be_read_by_its_owner_alone_and_leaves_nothing_else(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        kept_secret(tmp_path)
    finally:
        os.umask(before)
    (file,) = tmp_path.iterdir()
    assert file.name == "jwt-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_nlink == 1


def test_threads_that_start_together_get_one_secret(tmp_path: Path) -> None:
    together = Barrier(8)

    def ask(home: Path) -> str:
        together.wait()
        return kept_secret(home)

    with ThreadPoolExecutor(8) as threads:
        for number in range(50):
            home = tmp_path / str(number)
            assert len(set(threads.map(ask, [home] * 8))) == 1
            assert [file.name for file in home.iterdir()] == ["jwt-secret"]


def test_processes_that_start_together_get_one_secret(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys\nfrom adapters.signing_keys import kept_secret\nprint('ready', flush=True)\n"
        "sys.stdin.readline()\nprint(kept_secret(pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "home")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = {process.communicate()[0] for process in started}
    assert answers == {f"{kept_secret(tmp_path / 'home')}\n"}


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"\xff"])
def test_a_file_that_holds_no_secret_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "jwt-secret"
    file.write_bytes(content)
    with pytest.raises(BadKey, match=rf"jwt-secret holds no secret of {SHORTEST_SECRET} bytes: delete it"):
        kept_secret(tmp_path)
    assert file.read_bytes() == content


def test_a_home_that_cannot_keep_the_secret_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadKey, match=r"file/home cannot keep .*make it writable.*SOUK_HOME.*JWT_SECRET"):
        kept_secret(tmp_path / "file" / "home")


def test_a_folder_in_the_place_of_the_secret_is_explained(tmp_path: Path) -> None:
    (tmp_path / "jwt-secret").mkdir()
    with pytest.raises(BadKey, match=r"cannot keep the secret"):
        kept_secret(tmp_path)
