"""The recurring lines of companies: looked for after facts change, kept, read by the projection, and denied by people."""
