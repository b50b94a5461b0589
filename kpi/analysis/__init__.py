"""What happened and why: sums by dimension compared, concentration, ageing, cohorts, and where the cash is going."""
