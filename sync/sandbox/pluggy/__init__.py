"""pluggy: the aggregator's API: items, accounts, transactions, webhooks, and the page that stands for its Connect widget."""
