"""What the tests of uploads in pieces say to the portal."""

import base64

from django.urls import reverse

TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
PIECE = "application/offset+octet-stream"


def begun(client, size, sample=None, **told):
    """Announce a file; return the whole answer."""
    told = {"filename": "smear.png", **told}
    pairs = [f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in told.items()]
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": ",".join(pairs)}
    address = reverse("sample_pieces_begin", args=[sample.pk]) if sample else reverse("pieces_begin")
    return client.post(address, headers=headers)


def begin(client, size, sample=None, **told):
    answer = begun(client, size, sample, **told)
    assert answer.status_code == 201, answer.content
    return answer["Location"]


def patch(client, address, offset, content, **headers):
    headers = {**TUS, "Content-Type": PIECE, "Upload-Offset": str(offset), **headers}
    return client.patch(address, data=content, headers=headers)


def head(client, address):
    return client.head(address, headers=TUS)


def send(client, address, content, step):
    for offset in range(0, len(content), step):
        answer = patch(client, address, offset, content[offset : offset + step])
    return answer


def pieces_left(settings):
    return sorted(settings.PARTIAL_ROOT.glob("*"))
