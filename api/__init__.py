"Customer360 over HTTP: a thin layer on `customer360.serving`"
