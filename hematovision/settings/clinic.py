"""Rules of the laboratory for reports and for samples of other sites."""

from __future__ import annotations

from hematovision import env

# Whether a report needs a second person, who has reviewed or submitted the sample that another one signs.
FOUR_EYES = env.flag("FOUR_EYES", default=True)
# For how long after one signature a doctor need not give the password for the next; 0 asks each time.
SIGN_WINDOW_SECONDS = env.integer("SIGN_WINDOW_SECONDS", 0)

# For how many days after the last signature the images of a sample are kept; 0 keeps them.
RETENTION_IMAGES_DAYS = env.integer("RETENTION_IMAGES_DAYS", 0)

# For how many days what other programs were told is listed as delivered; 0 keeps it.
RETENTION_DELIVERIES_DAYS = env.integer("RETENTION_DELIVERIES_DAYS", 90)

# For how long a technician may see a sample of another site that they opened for a reason.
EMERGENCY_MINUTES = env.integer("EMERGENCY_MINUTES", 60, at_least=1)

# From where on a distance to a model's first fields is worth watching, and an alarm, in hundredths: the
# stability index of shares, the Kolmogorov-Smirnov distance of values (docs/decisions).
DRIFT_PSI = (env.integer("DRIFT_PSI_WATCH", 10) / 100, env.integer("DRIFT_PSI_ALARM", 25) / 100)
DRIFT_KS = (env.integer("DRIFT_KS_WATCH", 20) / 100, env.integer("DRIFT_KS_ALARM", 35) / 100)
# The fields that a version's later weeks are held against; fewer samples or cells than these say nothing.
DRIFT_BASELINE_FIELDS = env.integer("DRIFT_BASELINE_FIELDS", 200, at_least=20)
DRIFT_LEAST_SAMPLES = env.integer("DRIFT_LEAST_SAMPLES", 20, at_least=2)
DRIFT_LEAST_CELLS = env.integer("DRIFT_LEAST_CELLS", 100, at_least=10)
# For how long a cause that somebody has taken note of raises no alarm anew, as long as it does not get worse.
DRIFT_NOTE_DAYS = env.integer("DRIFT_NOTE_DAYS", 28)
