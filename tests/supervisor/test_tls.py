"""The portal over HTTPS without a proxy: whom it convinces, whom it refuses, what it says of bad files."""

import contextlib
import datetime as dt
import hashlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hematovision.supervisor import authority, certificates, environment, listener, machine
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.parts import Address
from tests.predictions import hostile
from tests.supervisor.portal import ROOT, Portal
from tests.supervisor.visitor import PASSWORD, Visitor, new_technician


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """One portal that speaks TLS itself, with its own authority."""
    one = Portal(tmp_path_factory.mktemp("tls") / "var", arguments=("--tls",))
    one.url = f"https://127.0.0.1:{one.port}"
    one.first_words = one.start()
    yield one
    one.stop()


@pytest.fixture
def trusting(portal):
    return ssl.create_default_context(cafile=portal.var / "tls" / "ca.crt")


@pytest.mark.processes
def test_terminal_tells_address_authority_and_fingerprint(portal):
    assert f"HematoVision runs at {portal.url}/" in portal.first_words
    assert re.search(rf"{portal.url}/welcome/\S{{20,}}/", portal.first_words)
    assert "Only this machine reaches it" in portal.first_words
    root = portal.var / "tls" / "ca.crt"
    assert f"  {root}\n" in portal.first_words
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(root.read_text())).digest()
    assert f"  SHA-256 {digest.hex(':').upper()}\n" in portal.first_words
    assert {path.stat().st_mode & 0o777 for path in root.parent.iterdir()} == {0o600}


@pytest.mark.processes
def test_who_trusts_the_authority_signs_in_and_uploads(portal, trusting):
    link = new_technician(portal.var)
    with Visitor(portal.url, verify=trusting) as visitor:
        visitor.set_password(link)
        page = visitor.sign_in()
        assert page.status_code == 200
        cookies = {cookie.name: cookie for cookie in visitor.cookies.jar}
        assert {"__Host-sessionid", "__Host-csrftoken"} <= set(cookies)
        assert all(cookie.secure and cookie.path == "/" for cookie in cookies.values())
        assert "strict-transport-security" not in page.headers
        sent = visitor.upload(hostile.jpeg())
        assert sent.status_code == 200
        assert "smear.jpg" in sent.text


@pytest.mark.processes
def test_who_does_not_trust_the_authority_is_not_connected(portal):
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(portal.url)


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(portal, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # A client of our own library offers the old versions only below its own security level.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    refused = pytest.raises(ssl.SSLError, match=r"(?i)protocol.version")
    with socket.create_connection(("127.0.0.1", portal.port)) as plain, refused:
        context.wrap_socket(plain)


@pytest.mark.processes
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_present_versions_are_taken(portal, trusting, version):
    trusting.minimum_version = trusting.maximum_version = version
    assert httpx.get(f"{portal.url}/healthz", verify=trusting).status_code in {200, 503}


@pytest.mark.processes
def test_plain_http_is_led_to_the_same_page_with_tls(portal, trusting):
    address = f"http://localhost:{portal.port}/accounts/login/?next=/upload/"
    answer = httpx.get(address)
    assert answer.status_code == 308
    assert answer.headers["location"] == address.replace("http:", "https:")
    assert httpx.get(address, follow_redirects=True, verify=trusting).status_code == 200
    sent = httpx.post(f"http://localhost:{portal.port}/accounts/login/", data={"password": PASSWORD})
    assert sent.status_code == 400
    assert "HTTPS only" in sent.text


@pytest.mark.processes
def test_handshakes_that_stall_hold_nobody_up_for_long(portal, trusting):
    with contextlib.ExitStack() as stalled:
        for _one in range(24):
            one = stalled.enter_context(socket.create_connection(("127.0.0.1", portal.port)))
            one.send(bytes([listener.HANDSHAKE]))
        began = time.monotonic()
        assert httpx.get(f"{portal.url}/accounts/login/", verify=trusting, timeout=60).status_code == 200
        # At worst all of them wait in turn for the eight threads of one process.
        assert time.monotonic() - began < 6 * listener.HANDSHAKE_SECONDS


@pytest.mark.processes
def test_renewed_certificate_is_shown_without_a_restart(portal, trusting):
    def shown():
        plain = socket.create_connection(("127.0.0.1", portal.port))
        with trusting.wrap_socket(plain, server_hostname="localhost") as secure:
            return secure.getpeercert(binary_form=True)

    before, folder = shown(), portal.var / "tls"
    (folder / "server.pem").unlink()
    certificates.Own(folder, machine.names(Address("127.0.0.1", portal.port, tls=True)))
    assert shown() != before


@pytest.mark.processes
def test_given_certificate_is_used(tmp_path):
    made = authority.make(("localhost",))
    root, file = tmp_path / "root.pem", tmp_path / "pair.pem"
    root.write_bytes(made.certificate.public_bytes(Encoding.PEM))
    file.write_bytes(authority.issue(made, ("localhost",)))
    one = Portal(tmp_path / "portal" / "var", arguments=("--cert", str(file), "--key", str(file)))
    one.var.parent.mkdir()
    try:
        said = one.start()
        assert "certificate authority" not in said
        context = ssl.create_default_context(cafile=root)
        assert httpx.get(f"https://localhost:{one.port}/accounts/login/", verify=context).status_code == 200
        assert not (one.var / "tls").exists()
    finally:
        one.stop()


def pair(folder, name, days=authority.SERVER_DAYS):
    """Write a certificate and its key as two files."""
    made = authority.make(("localhost",))
    authority.SERVER_DAYS, kept = days, authority.SERVER_DAYS
    try:
        content = authority.issue(made, ("localhost",))
    finally:
        authority.SERVER_DAYS = kept
    key, _, certificate = content.partition(b"-----BEGIN CERTIFICATE")
    (folder / f"{name}.key").write_bytes(key)
    (folder / f"{name}.crt").write_bytes(b"-----BEGIN CERTIFICATE" + certificate)
    return folder / f"{name}.crt", folder / f"{name}.key"


def test_key_of_another_certificate_is_one_sentence(tmp_path):
    certificate, _ = pair(tmp_path, "one")
    _, key = pair(tmp_path, "two")
    done = subprocess.run(
        [sys.executable, "-m", "hematovision.supervisor", "--tls", "--cert", certificate, "--key", key],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HV_VAR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"The key {key} does not belong to the certificate {certificate}.\n"
    assert not (tmp_path / "var").exists()


def test_unusable_files_are_one_sentence(tmp_path):
    certificate, key = pair(tmp_path, "good")
    assert certificates.given(str(certificate), str(key)) == certificates.Pair(certificate, key)
    with pytest.raises(StartError, match=r"come together: --cert FILE --key FILE"):
        certificates.given(str(certificate), None)
    with pytest.raises(StartError, match=r"There is no file .*absent"):
        certificates.given(str(certificate), str(tmp_path / "absent"))
    with pytest.raises(StartError, match=r"are no certificate with its key"):
        certificates.given(str(key), str(certificate))
    (tmp_path / "text").write_text("hello")
    with pytest.raises(StartError, match=r"are no certificate with its key"):
        certificates.given(str(tmp_path / "text"), str(key))
    ended, its_key = pair(tmp_path, "ended", days=-1 / 48)
    with pytest.raises(StartError, match=r"ended on .*; get a new one"):
        certificates.given(str(ended), str(its_key))


def test_certificate_is_renewed_only_when_it_has_to_be(tmp_path, monkeypatch):
    names = ("localhost", "127.0.0.1")
    own = certificates.Own(tmp_path / "tls", names)
    first, root = own.file.read_bytes(), own.root.read_bytes()
    certificates.Own(tmp_path / "tls", names)
    assert own.file.read_bytes() == first
    assert certificates.Own(tmp_path / "tls", (*names, "10.1.2.3")).left_out == []
    second = own.file.read_bytes()
    assert second != first
    monkeypatch.setattr(authority, "SERVER_DAYS", authority.RENEW_DAYS - 1)
    own.file.unlink()
    short = certificates.Own(tmp_path / "tls", names)
    third = short.file.read_bytes()
    monkeypatch.undo()
    short.look()
    assert own.file.read_bytes() == third, "a look within the hour costs nothing"
    short.looked_at -= certificates.LOOK_SECONDS
    short.look()
    assert own.file.read_bytes() != third
    assert own.root.read_bytes() == root


def test_authority_vouches_for_this_network_alone(tmp_path):
    own = certificates.Own(tmp_path / "tls", ("lab.example.org", "192.168.7.9", "8.8.8.8"))
    assert own.left_out == []
    later = certificates.Own(tmp_path / "tls", ("lab.example.org", "bank.example.com", "9.9.9.9"))
    assert later.left_out == ["bank.example.com", "9.9.9.9"]
    greet(own.root, own.file, "lab.example.org")
    stolen = tmp_path / "stolen.pem"
    stolen.write_bytes(authority.issue(own.authority, ("bank.example.com",)))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        greet(own.root, stolen, "bank.example.com")


def greet(root, file, name):
    """Let a client that trusts ``root`` meet a server called ``name`` that shows ``file``."""
    showing = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    showing.load_cert_chain(file)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = showing.wrap_bio(there, back, server_side=True)
    client = ssl.create_default_context(cafile=root).wrap_bio(back, there, server_hostname=name)
    for side in (client, server, client):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert client.version() == "TLSv1.3"


def test_life_of_a_certificate_is_what_devices_accept(tmp_path):
    own = certificates.Own(tmp_path / "tls", ("localhost",))
    served = x509.load_pem_x509_certificate(own.file.read_bytes())
    assert served.not_valid_after_utc - served.not_valid_before_utc < dt.timedelta(days=398)


def test_damaged_authority_is_one_sentence(tmp_path):
    certificates.Own(tmp_path / "tls", ("localhost",))
    (tmp_path / "tls" / "ca.key").write_text("half")
    with pytest.raises(StartError, match=r"is damaged; remove that folder"):
        certificates.Own(tmp_path / "tls", ("localhost",))


def test_every_interface_only_on_request(tmp_path, monkeypatch):
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    here = environment.build(Address("127.0.0.1", 8000, tls=True), tmp_path)
    assert here["ALLOWED_HOSTS"] == "127.0.0.1,localhost,[::1]"
    assert (here["HTTPS"], here["HSTS_SECONDS"]) == ("yes", "0")
    monkeypatch.setenv("ALLOWED_HOSTS", "hematovision.lab.example,.lab.example")
    everywhere = Address("0.0.0.0", 8000, tls=True)
    hosts = environment.build(everywhere, tmp_path)["ALLOWED_HOSTS"].split(",")
    assert {socket.gethostname().lower(), "127.0.0.1", "hematovision.lab.example", ".lab.example"} <= set(
        hosts
    )
    names = machine.names(everywhere, ["hematovision.lab.example", ".lab.example", "*"])
    assert "hematovision.lab.example" in names
    assert not {".lab.example", "*", "0.0.0.0"} & set(names)


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /a\r\nSet-Cookie: x=1 HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET /a HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here/evil\r\n\r\n",
        b"\x00" * 40,
    ],
)
def test_plain_nonsense_is_refused_rather_than_led_on(begun):
    answer = listener.answer_to_plain(begun)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Location" not in answer
