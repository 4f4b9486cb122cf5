# Two images from one file: --target cpu (stages, driver, signing) and --target gpu (video models).
# Build from a checkout:
#   docker build --target cpu -t spotmill-cpu:1.0.0 --build-arg BASE=python:3.11-slim-bookworm@sha256:... .
# BASE takes the digest of the image that was tried: tags move. Both images must have one Python and
# one Ray, or the head refuses its workers.
ARG BASE=python:3.11-slim-bookworm

# --- what is needed to install, and nothing that runs later
FROM ${BASE} AS install
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/venv
COPY infra/constraints.txt infra/requirements.txt infra/requirements-gpu.txt infra/
RUN /opt/venv/bin/pip install --only-binary :all: --constraint infra/constraints.txt \
    --requirement infra/requirements.txt

FROM install AS install-gpu
# Wheels of torch bring CUDA; the driver is the machine's.
RUN /opt/venv/bin/pip install --only-binary :all: --constraint infra/constraints.txt \
    --requirement infra/requirements-gpu.txt

# --- what both images have
FROM ${BASE} AS base
# Skia draws with EGL. Versions are those of the base's release, with its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libegl1 libgl1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 spotmill \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin spotmill
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 RAY_USAGE_STATS_ENABLED=0 RAY_AUTH_MODE=token HOME=/tmp/home
WORKDIR /app
COPY LICENSE pyproject.toml ./
COPY schemas schemas
COPY stages stages
COPY pipeline pipeline
COPY cluster cluster
COPY jobs jobs
COPY examples/demo examples/demo

FROM base AS gpu
COPY --from=install-gpu /opt/venv /opt/venv
# Ray puts the cards that a worker booked into CUDA_VISIBLE_DEVICES.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001:10001
CMD ["python", "-m", "jobs.doctor"]

FROM base AS cpu
COPY --from=install /opt/venv /opt/venv
USER 10001:10001
CMD ["python", "-m", "jobs.doctor"]
