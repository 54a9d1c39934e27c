"""What the client is given to reach a portal: told what is wrong with it, and no token let out."""

from argparse import Namespace

import pytest
from hematovision_client import Portal
from hematovision_client.command.access import Usage, portal_of


@pytest.fixture
def options(tmp_path):
    file = tmp_path / "token"
    file.write_text("\ufeffhvm_abc\n", encoding="utf-8")
    file.chmod(0o600)
    return Namespace(portal="https://portal.lab.example", token_file=file, ca=None, patience=1)


@pytest.mark.parametrize(
    "address", ["http://[", "https://x:99999", "https://x:port", "portal", "ftp://x", "http://lab.example"]
)
def test_an_address_that_is_none(options, address):
    options.portal = address
    with pytest.raises(Usage, match="“"):
        portal_of(options)


@pytest.mark.parametrize("token", ["hvm_a\nb", "hvm_ä", "hvm a", ""])
def test_a_token_that_is_none_is_not_repeated(token):
    with pytest.raises(ValueError, match="Copy it again") as refused:
        Portal("https://portal.lab.example", token)
    assert "hvm" not in str(refused.value)


def test_certificates_that_are_none(options, tmp_path):
    for file in (tmp_path / "none.pem", options.token_file):
        options.ca = file
        with pytest.raises(Usage, match="certificates in “"):
            portal_of(options)


def test_a_token_that_everybody_can_read_is_told(options, capsys):
    with portal_of(options):
        assert capsys.readouterr().err == ""
    options.token_file.chmod(0o644)
    with portal_of(options):
        assert "chmod 600" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00\xff", b" \n"])
def test_a_file_without_a_token(options, content):
    options.token_file.unlink() if content is None else options.token_file.write_bytes(content)
    with pytest.raises(Usage, match="token"):
        portal_of(options)
