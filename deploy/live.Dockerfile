# The whole product for one machine, in one image; `compose.yaml` runs it. deploy/Dockerfile makes the images of the cloud.
ARG BASE=docker.io/library/python:3.11-slim-bookworm
FROM ${BASE} AS build
COPY requirements/local.txt /requirements.txt
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
      --no-deps --require-hashes --requirement /requirements.txt

FROM ${BASE}
RUN apt-get update --quiet \
 && apt-get install --quiet --yes --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 tipoff && useradd --uid 10001 --gid tipoff --no-create-home --shell /usr/sbin/nologin tipoff \
 && mkdir /data && chown tipoff:tipoff /data
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/tmp \
    TIPOFF_HOME=/data TIPOFF_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /venv /venv
COPY pyproject.toml ./
COPY docs/runbooks/ docs/runbooks/
COPY shared/ shared/
COPY services/ services/
COPY client/ client/
COPY live/ live/
COPY devstack/ devstack/
COPY deploy/ deploy/
COPY benchmarks/ benchmarks/
COPY cli/ cli/
# The code is not installed but lies in /app: its version and its command are made here.
RUN python -c "import sysconfig, tomllib; from pathlib import Path; \
version = tomllib.loads(Path('pyproject.toml').read_text())['project']['version']; \
folder = Path(sysconfig.get_path('purelib'), f'tipoff-{version}.dist-info'); folder.mkdir(); \
(folder / 'METADATA').write_text(f'Metadata-Version: 2.1\\nName: tipoff\\nVersion: {version}\\n')" \
 && printf '#!/bin/sh\nexec python -m cli.main "$@"\n' >/usr/local/bin/tipoff && chmod 755 /usr/local/bin/tipoff \
 && python -m compileall -q . \
 && tipoff --version && python -c "import lightgbm, duckdb; from live import disk"
USER 10001:10001
VOLUME /data
EXPOSE 8780
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8780/healthz', timeout=5)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tipoff"]
CMD ["up"]
