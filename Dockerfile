# syntax=docker/dockerfile:1
# A user or a CI pins the base by digest: --build-arg PYTHON_IMAGE=python@sha256:...
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# Dependencies first: they change less often than the source, and every file of them has a hash.
COPY deploy/requirements-image.lock deploy/requirements-build.lock deploy/
RUN python3 -m venv /opt/assay \
 && /opt/assay/bin/python -m pip install --require-hashes --only-binary :all: -r deploy/requirements-image.lock \
 && python3 -m venv /opt/build \
 && /opt/build/bin/python -m pip install --require-hashes -r deploy/requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY agent agent
COPY checks checks
COPY rules rules
COPY docs/runbooks docs/runbooks
# Away with what never runs here: pip (nothing is installed into a running container), the tests of
# the dependencies, and zstandard's second backend (PyPy's). What stays is byte for byte what the
# locks name: nothing is stripped. Every model of botocore stays too: your own checks may ask any service.
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation -w dist . \
 && /opt/assay/bin/python -m pip install --no-deps --no-index dist/*.whl \
 && /opt/assay/bin/python -m pip uninstall -q -y pip \
 && find /opt/assay/lib \( -type d -name tests -o -path '*/zstandard/_cffi*.so' \) -prune -exec rm -r {} +
COPY deploy/image/healthcheck.py /opt/assay/

FROM ${PYTHON_IMAGE}
ARG VERSION=""
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="assay" \
      org.opencontainers.image.description="Policy-as-code continuous control monitoring: YAML rules, sealed evidence, Prometheus metrics." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
RUN groupadd --gid 10001 assay \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/assay --shell /usr/sbin/nologin assay \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/assay \
 && install -d /etc/assay
COPY --from=build /opt/assay /opt/assay
# The root may be read-only: the evidence and a run's spool are written to the volume, and what openssl
# and SQLite need for a moment to /tmp. /etc/assay is where assay.yaml is mounted; the agent runs there.
# Two heaps for all threads, not one each: 10 MiB less.
ENV PATH=/opt/assay/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    ASSAY_STORE=/var/lib/assay
USER 10001:10001
WORKDIR /etc/assay
VOLUME ["/var/lib/assay"]
EXPOSE 9464
HEALTHCHECK --interval=30s --timeout=3s --start-period=15s \
  CMD ["/opt/assay/bin/python", "/opt/assay/healthcheck.py"]
# The agent is PID 1: it takes SIGTERM itself, seals or drops what is under way, and ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/assay/bin/assay"]
CMD ["serve"]
