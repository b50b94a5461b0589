"""Forecasts of any series, without Django: read (csvfile, periods), make it regular (regular), forecast, backtest, run in parallel.

The statistical library is heavy (5 s and 200 MB to import), so only `models` imports it, inside the functions that need it.
"""
