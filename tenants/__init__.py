"""tenants: who. Companies, people, what each may do, and the audit of what they did."""
