"""Several requests at the same moment: threads with database connections of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


def at_once(*works):
    """Begin all ``works`` together; return what each gave or raised."""
    gate = threading.Barrier(len(works))

    def run(work):
        try:
            gate.wait()
            return work()
        except Exception as problem:  # noqa: BLE001 -- it is what the work gave
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def names(outcomes):
    """What came of each, sorted: the kind of a thing or of an error, or the status of an answer."""
    return sorted(str(getattr(one, "status_code", type(one).__name__)) for one in outcomes)
