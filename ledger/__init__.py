"""ledger: facts. Accounts, bank lines, customers, products, sales and open items, whatever brought them in."""
