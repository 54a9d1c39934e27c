"""How much the API takes of one caller, and which tokens of others it takes."""

from __future__ import annotations

from hematovision import env

# Requests a minute of one person or machine token, counted for each scope by itself; 0 sets no limit.
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 1200)
# The same for an address from which somebody asks without a token, or with one that does not work.
API_STRANGERS_PER_MINUTE = env.integer("API_STRANGERS_PER_MINUTE", 120)

# Tokens that an identity provider signs for the API: whose, for whom, and the public keys (a JSON Web Key
# Set; API_TOKEN_JWKS_FILE names a file with it). Off without an issuer.
API_TOKEN_ISSUER = env.text("API_TOKEN_ISSUER", "")
API_TOKEN_AUDIENCE = env.text("API_TOKEN_AUDIENCE") if API_TOKEN_ISSUER else ""
API_TOKEN_JWKS = env.text("API_TOKEN_JWKS") if API_TOKEN_ISSUER else ""
