"""The API's foundation: who is asking, what they may, the envelope of answers and errors, and the schema."""
