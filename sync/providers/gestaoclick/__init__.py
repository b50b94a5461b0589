"""gestaoclick: sales, customers, products, receivables and payables of the GestãoClick ERP."""
