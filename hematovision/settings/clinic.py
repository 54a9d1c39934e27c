"""Rules of the laboratory for reports and for samples of other sites."""

from __future__ import annotations

from hematovision import env

# Whether a report needs a second person, who has reviewed or submitted the sample that another one signs.
FOUR_EYES = env.flag("FOUR_EYES", default=True)
# For how long after one signature a doctor need not give the password for the next; 0 asks each time.
SIGN_WINDOW_SECONDS = env.integer("SIGN_WINDOW_SECONDS", 0)

# For how many days after the last signature the images of a sample are kept; 0 keeps them.
RETENTION_IMAGES_DAYS = env.integer("RETENTION_IMAGES_DAYS", 0)

# For how long a technician may see a sample of another site that they opened for a reason.
EMERGENCY_MINUTES = env.integer("EMERGENCY_MINUTES", 60, at_least=1)
