"""A small OpenID Connect provider on the loopback: discovery, codes, keys, and ID tokens signed with RSA."""

import base64
import hashlib
import json
import threading
import time
from urllib.parse import parse_qs, urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "hematovision", "a secret of the test"
DESCRIPTION, KEYS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"


class Silent(WSGIRequestHandler):
    """Writes no lines about requests."""

    def log_message(self, *_args):
        """Say nothing."""


class Provider:
    """Answers with the facts a test sets; ``key`` signs, ``published`` is what the keys say.

    ``described`` changes its description; ``instead`` holds whole answers by path: a status, headers, parts.
    """

    def __init__(self):
        self.key = self.published = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.facts, self.described, self.instead, self.asked, self.codes = {}, {}, {}, {}, {}
        self.server = make_server("127.0.0.1", 0, self.answer, handler_class=Silent)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, environ, start):
        """One request of the portal or of a browser."""
        given = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        path = environ["PATH_INFO"]
        if path in self.instead:
            status, headers, parts = self.instead[path]
            start(status, headers)
            return parts
        if path == "/authorize":
            start("302 Found", [("Location", self.authorize(parse_qs(environ["QUERY_STRING"])))])
            return []
        body = {
            DESCRIPTION: self.description,
            KEYS: self.keys,
            TOKEN: lambda: self.token(parse_qs(given)),
        }[path]()
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    def description(self):
        """Where everything is."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}{TOKEN}",
            "jwks_uri": f"{self.issuer}{KEYS}",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.described

    def authorize(self, asked):
        """Send a browser back with a code; the person signed in long ago."""
        self.asked = {name: values[0] for name, values in asked.items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = self.asked
        return f"{self.asked['redirect_uri']}?{urlencode({'code': code, 'state': self.asked['state']})}"

    def keys(self):
        """The public key."""
        public = json.loads(RSAAlgorithm.to_jwk(self.published.public_key()))
        return {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}

    def token(self, given):
        """An ID token for whoever shows the code, the client's secret and the browser's."""
        assert given["client_secret"] == [SECRET]
        asked = self.codes.pop(given["code"][0])
        digest = hashlib.sha256(given["code_verifier"][0].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        return {"access_token": "unused", "token_type": "Bearer", "id_token": self.signed(self.claims(asked))}

    def claims(self, asked):
        """What it says of the person."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        return {name: one for name, one in (usual | self.facts).items() if one is not ...}

    def signed(self, claims):
        """Sign them; tests replace this."""
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})
