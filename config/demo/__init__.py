"""demo: the whole panel on one machine, with three companies whose upstreams are simulated. Started by `manage.py demo`."""
