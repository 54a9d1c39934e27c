"""Fills a scratch database with the years of a busy laboratory, by SQL; ``history.py`` measures pages on it.

The sample ``n`` counts back from now, one every 10.5 minutes unless asked otherwise: the first 400 are open,
those before them are signed, amended or cancelled. Whatever looks drawn by lot is a hash of its number, so
that every run measures the same rows.
"""

from collections.abc import Mapping
from typing import Any

SITES, TECHNICIANS, OPEN = 5, 20, 400
APART_SECONDS = 630

# 0 to 999 for a number and what it is drawn for.
LOT = """
CREATE OR REPLACE FUNCTION lot(n bigint, what bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN abs(hashint8extended(n, what) % 1000)::integer
"""
PEOPLE = """
INSERT INTO accounts_site (id, name)
SELECT md5('site' || n)::uuid, 'Site ' || n FROM generate_series(0, %(sites)s - 1) n;

INSERT INTO accounts_user (id, password, email, name, role, site_id, is_active, created_at)
SELECT md5('person' || n)::uuid, '!', 'person' || n || '@example.org', 'Person ' || n,
       CASE n WHEN 100 THEN 'doctor' WHEN 101 THEN 'admin' ELSE 'technician' END,
       md5('site' || n % %(sites)s)::uuid, true, now()
  FROM (SELECT generate_series(0, %(technicians)s - 1) n UNION VALUES (100), (101)) everybody;

INSERT INTO predictions_storedimage (sha256, media_type, width, height, bytes)
SELECT encode(sha256(('image' || n)::bytea), 'hex'), 'image/jpeg', 640, 480, 60000
  FROM generate_series(0, 199) n;

INSERT INTO registry_modelversion
       (id, version, sha256, labels, metrics, card, location, source, state, registered_at)
VALUES (md5('model')::uuid, '0.2.0', repeat('a', 64),
        '["neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil", "immature_granulocyte",
          "erythroblast", "platelet"]', '{}', '', 'nowhere', 'shipped', 'active', now());
"""
# One in fifty is of one of ten patients who come again and again, every third of one who comes a few times.
SAMPLES = """
INSERT INTO predictions_sample
       (id, site_id, accession, patient_reference, sex, age_value, age_unit, instrument, stain, wbc,
        received_at, requester, note, target, training_opt_out, state, revision, flags, created_by_id,
        created_at)
SELECT md5('sample' || n)::uuid, md5('site' || n % %(sites)s)::uuid, 'HV-' || lpad(n::text, 7, '0'),
       CASE WHEN n % 50 = 0 THEN 'MANY-' || n / 50 % 10 WHEN n % 3 = 0 THEN 'P-' || n % 20000 ELSE '' END,
       CASE WHEN n % 2 = 0 THEN 'female' ELSE 'male' END, 20 + lot(n, 1) % 60, 'years', 'Scope 2',
       'May-Grünwald-Giemsa', 4 + lot(n, 2) % 90 / 10.0, now() - n * interval '%(seconds)s seconds',
       'Ward ' || n % 9, '', 100, false,
       CASE WHEN n <= %(open)s
            THEN (ARRAY['receiving', 'analysing', 'to_review', 'to_review', 'to_review', 'to_review',
                        'in_review', 'in_review', 'in_review', 'failed'])[1 + n / 5 % 10]
            WHEN n % 50 = 7 THEN 'cancelled' WHEN n % 33 = 0 THEN 'amended' ELSE 'signed' END,
       7,
       array_remove(ARRAY[CASE WHEN lot(n, 3) < 20 THEN 'critical' END,
                          CASE WHEN lot(n, 4) < 30 THEN 'delta' END,
                          CASE WHEN lot(n, 5) < 40 THEN 'low_quality' END], NULL),
       md5('person' || n % %(technicians)s)::uuid, now() - n * interval '%(seconds)s seconds'
  FROM generate_series(%(first)s, %(last)s) n
"""
# About ten cells a field; one in two hundred samples was counted to 200, one open one to 400.
# No model has found a platelet.
FIELDS = """
CREATE TEMPORARY TABLE new_field AS
SELECT n, f, md5('field' || n || '.' || f)::uuid AS id, md5('analysis' || n || '.' || f)::uuid AS analysis,
       received_at + f * interval '1 second' AS at, sample.id AS sample, site_id, created_by_id, state
  FROM generate_series(%(first)s, %(last)s) n
  JOIN predictions_sample sample ON sample.id = md5('sample' || n)::uuid AND state <> 'receiving',
       generate_series(1, CASE WHEN n = 10 THEN 40 WHEN n % 200 = 10 THEN 20 ELSE 1 END) f;

INSERT INTO predictions_smearfield
       (id, site_id, sample_id, uploaded_by_id, image_id, original_name, original_sha256, single, created_at)
SELECT id, site_id, sample, created_by_id, encode(sha256(('image' || lot(n, 6) % 200)::bytea), 'hex'),
       'smear-' || n || '-' || f || '.jpg', encode(sha256(('original' || n || '.' || f)::bytea), 'hex'),
       false, at
  FROM new_field;

INSERT INTO predictions_analysisjob
       (field_id, state, attempts, fence, failure_code, failure_text, uploaded_at, created_at, started_at,
        finished_at)
SELECT id, CASE state WHEN 'analysing' THEN 'queued' WHEN 'failed' THEN 'failed' ELSE 'done' END, 1, 1,
       CASE state WHEN 'failed' THEN 'model_error' ELSE '' END, '', at, at, at,
       CASE WHEN state <> 'analysing' THEN at + (400 + lot(n, 10) * lot(f + n, 11) / 10) * interval '1 ms' END
  FROM new_field;

DELETE FROM new_field WHERE state IN ('analysing', 'failed');

INSERT INTO predictions_analysis (id, field_id, model_version_id, quality, milliseconds, created_at)
SELECT analysis, id, md5('model')::uuid,
       CASE WHEN lot(n, 5) < 40 THEN '["blurred"]' ELSE '[]' END::jsonb, 40, at
  FROM new_field;

INSERT INTO predictions_cell
       (id, analysis_id, number, x0, y0, x1, y1, label, confidence, probabilities, abstained, reason, look)
SELECT md5('cell' || analysis || c)::uuid, analysis, c, 50 * c, 50, 50 * c + 40, 90,
       CASE WHEN lot < 600 THEN 'neutrophil' WHEN lot < 870 THEN 'lymphocyte' WHEN lot < 940 THEN 'monocyte'
            WHEN lot < 970 THEN 'eosinophil' WHEN lot < 980 THEN 'basophil'
            WHEN lot < 990 THEN 'immature_granulocyte' ELSE 'erythroblast' END,
       0.9, '{"neutrophil": 0.9, "lymphocyte": 0.04, "monocyte": 0.02, "eosinophil": 0.01, "basophil": 0.01}',
       lot(n * 100 + c, 8 + f) < 30, '', NULL
  FROM new_field, generate_series(1, 9 + n % 3) c, LATERAL (SELECT lot(n * 100 + c, 7 + 100 * f)) drawn(lot);
"""
# People confirm every seventh cell, name what the model left open, and call a few cells blasts.
REVIEWS = """
INSERT INTO predictions_cellreview (sample_id, cell_id, kind, verdict_id, revision, actor_id, at)
SELECT sample, cell.id, CASE WHEN lot(n, 9) < 5 THEN 'reclassified' ELSE 'confirmed' END,
       CASE WHEN lot(n, 9) < 5 THEN 'blast' ELSE label END, 5, created_by_id, new_field.at
  FROM new_field JOIN predictions_cell cell ON analysis_id = analysis AND (number % 7 = 1 OR abstained)
 WHERE state IN ('signed', 'amended', 'in_review');

INSERT INTO predictions_sampleevent (sample_id, revision, kind, actor_id, at, detail)
SELECT id, event.revision, kind, created_by_id, received_at + event.revision * interval '1 minute',
       detail::jsonb
  FROM predictions_sample,
       (VALUES (1, 'created', '{}'), (2, 'uploaded', '{}'), (3, 'analysed', '{"cells": 10}'),
               (4, 'moved', '{"from": "analysing", "to": "to_review"}'),
               (5, 'reviewed', '{"cells": 2, "code": null, "kind": "confirmed", "from": []}'),
               (6, 'moved', '{"from": "to_review", "to": "in_review"}'),
               (7, 'signed', '{"version": 1}')) AS event (revision, kind, detail)
 WHERE id IN (SELECT md5('sample' || n)::uuid FROM generate_series(%(first)s, %(last)s) n);

INSERT INTO predictions_report
       (id, sample_id, version, revision, content, pdf, sha256, code, reason, override, signed_by_id,
        signed_at)
SELECT md5('report' || id || version)::uuid, id, version, 7, repeat('{}', 1500),
       decode(repeat('ab', 4000), 'hex'), repeat('b', 64), left(md5(id::text || version), 20),
       CASE WHEN version = 2 THEN 'Looked at again.' ELSE '' END, '', md5('person100')::uuid,
       received_at + lot(hashtext(accession), 12) * lot(hashtext(accession), 13) * interval '10 ms'
  FROM predictions_sample, generate_series(1, CASE WHEN state = 'amended' THEN 2 ELSE 1 END) version
 WHERE state IN ('signed', 'amended')
   AND id IN (SELECT md5('sample' || n)::uuid FROM generate_series(%(first)s, %(last)s) n);

UPDATE predictions_sample AS sample SET first_signed_at = signed_at
  FROM predictions_report WHERE sample_id = sample.id AND version = 1 AND first_signed_at IS NULL;
"""
UNIDENTIFIED = """
UPDATE predictions_sample SET flags = array_append(flags, 'unidentified')
 WHERE id IN (SELECT sample_id FROM predictions_sampletally WHERE code = '')
   AND NOT 'unidentified' = ANY(flags)
"""


def people(cursor: Any) -> None:
    """Add sites, people (the last two a doctor and an admin), pictures and a model."""
    cursor.execute(LOT)
    run(cursor, PEOPLE, {})


def samples(cursor: Any, first: int, last: int, count: str, seconds: int) -> None:
    """Add samples, one every ``seconds``, with all of theirs; the statement ``count`` fills the tallies."""
    for part in (SAMPLES, FIELDS, REVIEWS):
        run(cursor, part, {"first": first, "last": last, "seconds": seconds})
    cursor.execute("DROP TABLE new_field")
    cursor.execute("TRUNCATE predictions_sampletally")
    cursor.execute(count)
    cursor.execute(UNIDENTIFIED)


def run(cursor: Any, text: str, more: Mapping[str, int]) -> None:
    """Run some statements; numbers are the only thing that is put into them."""
    numbers = {"sites": SITES, "technicians": TECHNICIANS, "open": OPEN, **more}
    for name, value in numbers.items():
        text = text.replace(f"%({name})s", str(value))
    cursor.execute(text)
