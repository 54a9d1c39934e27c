"""The leukocyte differential as numbers: counts, intervals, reference ranges, critical values, deltas.

Pure functions over small frozen records, without a database, so that pages, report and API say the same.
``counts`` applies the rule of the denominator, ``intervals`` and ``proportions`` hold the statistics, ``age``
and ``ranges`` the reference ranges, ``criticals`` what has to be told at once, ``delta`` the comparison with
the patient's previous sample.
"""
