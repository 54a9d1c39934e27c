"""Let the application erase a patient by one function of the tables' owner, and never without the log.

The application's role still may not delete a report, a review, a reading or an event of a sample. The function
does it for whole samples of one patient, with all that hangs on them: it runs with the owner's rights, sets
the refusing triggers aside while their tables are locked, and puts them back. It also writes down which
samples it erased; a trigger on those rows refuses the commit unless the log has an event of the erasure, so
that whoever calls the function cannot hide that they did. The event is looked for at the commit, since it is
written last. The counts of days (0014) name no patient and stay.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION predictions_erase(samples uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    guarded text;
    guarded_tables CONSTANT text[] := ARRAY['predictions_cellreview', 'predictions_acknowledgement',
        'predictions_report', 'predictions_sampleevent'];
    fields CONSTANT uuid[] := ARRAY(SELECT id FROM predictions_smearfield WHERE sample_id = ANY (samples));
BEGIN
    IF (SELECT count(DISTINCT patient_reference) FROM predictions_sample WHERE id = ANY (samples)) <> 1
        OR EXISTS (SELECT FROM predictions_sample WHERE id = ANY (samples) AND patient_reference = '')
    THEN
        RAISE EXCEPTION 'Only the samples of one patient are erased at a time.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    DELETE FROM predictions_suggestedtwin WHERE sample_id = ANY (samples);
    FOREACH guarded IN ARRAY guarded_tables LOOP
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER only_grows', guarded);
        EXECUTE format('DELETE FROM %I WHERE sample_id = ANY ($1)', guarded) USING samples;
    END LOOP;
    DELETE FROM predictions_emergencyaccess WHERE sample_id = ANY (samples);
    DELETE FROM predictions_sampletally WHERE sample_id = ANY (samples);
    DELETE FROM predictions_reanalysedsample WHERE sample_id = ANY (samples);
    DELETE FROM predictions_shadowreading WHERE field_id = ANY (fields);
    DELETE FROM predictions_cell
        WHERE analysis_id IN (SELECT id FROM predictions_analysis WHERE field_id = ANY (fields));
    DELETE FROM predictions_analysis WHERE field_id = ANY (fields);
    DELETE FROM predictions_analysisjob WHERE field_id = ANY (fields);
    DELETE FROM predictions_partialupload WHERE sample_id = ANY (samples) OR field_id = ANY (fields);
    DELETE FROM predictions_smearfield WHERE id = ANY (fields);
    DELETE FROM predictions_sample WHERE id = ANY (samples);
    -- Whatever else still names one of these rows makes the database refuse all of it here. And a table
    -- cannot be altered while checks of its foreign keys are waiting.
    SET CONSTRAINTS ALL IMMEDIATE;
    FOREACH guarded IN ARRAY guarded_tables LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER only_grows', guarded);
    END LOOP;
    SET CONSTRAINTS erased_is_logged DEFERRED;
    INSERT INTO predictions_erasedsample (id) SELECT unnest(samples);
END;
$$;

CREATE FUNCTION predictions_erased_is_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_auditevent WHERE event = 'patient.erased'
            AND subject_type = 'predictions.sample' AND subject_id = NEW.id::text)
    THEN
        RAISE EXCEPTION 'A patient is not erased without an event in the log.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER erased_is_logged AFTER INSERT ON predictions_erasedsample
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION predictions_erased_is_logged();
ALTER TABLE predictions_erasedsample ENABLE ALWAYS TRIGGER erased_is_logged;
"""
NONE = """
DROP TRIGGER erased_is_logged ON predictions_erasedsample;
DROP FUNCTION predictions_erased_is_logged();
DROP FUNCTION predictions_erase(uuid[]);
"""


class Migration(migrations.Migration):

    dependencies = [('predictions', '0014_days_and_drift'), ('audit', '0002_only_grows')]

    operations = [
        migrations.CreateModel(
            name='ErasedSample',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, NONE),
    ]
