"""The usual minimal server, for comparison: Flask, Keras' MobileNetV2 and ``model.predict``, nothing stored.

Usage: serve_flask.py PORT [WEIGHTS]
"""

import io
import sys

import keras
import numpy as np
from flask import Flask, jsonify, request
from PIL import Image

LABELS = ["eosinophil", "lymphocyte", "monocyte", "neutrophil"]


def build(weights: str | None) -> keras.Model:
    """Return the usual network: a frozen base at 224 x 224 with a small head."""
    base = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3))
    if weights:
        base.load_weights(weights)
    layers = [base, keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(4, "softmax")]
    return keras.Sequential([keras.Input((224, 224, 3)), *layers])


def main() -> None:
    """Serve until killed."""
    model = build(sys.argv[2] if len(sys.argv) > 2 else None)
    app = Flask(__name__)

    @app.post("/predict")
    def predict() -> object:
        picture = Image.open(io.BytesIO(request.files["file"].read())).convert("RGB").resize((224, 224))
        batch = np.asarray(picture, dtype="float32")[None] / 127.5 - 1
        probabilities = model.predict(batch, verbose=0)[0]
        best = int(probabilities.argmax())
        return jsonify(label=LABELS[best], confidence=float(probabilities[best]))

    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)


if __name__ == "__main__":
    main()
