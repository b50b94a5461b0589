"""Alerts on a company's numbers: what is asked, judging it when facts change, keeping what happened, telling people and programs."""
