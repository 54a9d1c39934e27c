"""What schemathesis sends where the description asks for a picture: real ones, since others are refused."""

import schemathesis
from hypothesis import strategies as st

from tests.predictions import hostile, tiffs

schemathesis.openapi.media_type("image/jpeg", st.just(hostile.jpeg()))
schemathesis.openapi.media_type("image/png", st.just(hostile.png()))
schemathesis.openapi.media_type("image/tiff", st.just(tiffs.tiff()))
