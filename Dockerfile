# One image for every role: `serve` (default), `work`, `migrate`, or any other forthwith command.
# Without authentication the server answers on loopback only, so use the host's network:
#   docker build -t forthwith . && docker run --rm --network host -v forthwith:/data forthwith
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/forthwith
COPY requirements.lock ./
RUN /opt/forthwith/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /opt/forthwith/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home forthwith
COPY --from=build /opt/forthwith /opt/forthwith
ENV PATH=/opt/forthwith/bin:$PATH PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/forthwith.sqlite3
WORKDIR /data
USER forthwith
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s CMD ["python", "-c", \
  "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8080') + '/health', timeout=2)"]
ENTRYPOINT ["forthwith"]
CMD ["serve"]
