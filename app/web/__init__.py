"""HTTP and nothing else: bytes in, one flow, bytes out.

Every address of the server is a `Route` in one of the tables that `app.factory` registers; a route
names the scope that its caller must hold, or stands in `routes.PUBLIC`.
"""
