"""A small OpenID Connect provider on the loopback: discovery, keys, and ID tokens signed with RSA."""

import json
import threading
import time
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "hematovision", "a secret of the test"


class Silent(WSGIRequestHandler):
    """Writes no lines about requests."""

    def log_message(self, *_args):
        """Say nothing."""


class Provider:
    """Answers with the facts a test sets; ``key`` signs, ``published`` is what the keys say."""

    def __init__(self):
        self.key = self.published = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.facts, self.algorithm, self.verifiers = {}, "RS256", []
        self.server = make_server("127.0.0.1", 0, self.answer, handler_class=Silent)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, environ, start):
        """One request of the portal."""
        given = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        body = {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": self.keys,
            "/token": lambda: self.token(parse_qs(given)),
        }[environ["PATH_INFO"]]()
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    def discovery(self):
        """Where everything is."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self):
        """The public key."""
        public = json.loads(RSAAlgorithm.to_jwk(self.published.public_key()))
        return {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}

    def token(self, given):
        """An ID token for whoever shows the code and the client's secret."""
        assert given["client_secret"] == [SECRET]
        self.verifiers.append(given["code_verifier"][0])
        now = int(time.time())
        facts = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60} | self.facts
        key = self.key if self.algorithm == "RS256" else None
        signed = jwt.encode(facts, key, algorithm=self.algorithm, headers={"kid": "one"})
        return {"access_token": "unused", "token_type": "Bearer", "id_token": signed}
