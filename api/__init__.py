"Customer360 over HTTP: a thin layer on `customer360.serving`"

import os

# Before numpy reads it: requests run in parallel, and one small product is slower on two cores than on one.
for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(pool, "1")
