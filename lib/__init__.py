"""lib: helpers without models. Clock, money, periods, documents, text, the way out over HTTP, and charts."""
