# The recorder: deploy/compose.yaml builds it from the wheels that ./run wheelhouse has put into dist/wheelhouse.
# Nothing is run for another kind of machine than the builder's: an image for a Pi is made on a PC without emulation.
ARG BASE=python:3.13-slim

FROM --platform=$BUILDPLATFORM ${BASE} AS install
ARG TARGETARCH
RUN --mount=type=bind,source=dist/wheelhouse,target=/wheelhouse \
    --mount=type=bind,source=deploy/docker/install-wheels,target=/install-wheels \
    sh /install-wheels recorder "$TARGETARCH"

FROM ${BASE}
COPY --from=install /installed /opt/tictally
COPY --chmod=755 deploy/docker/healthy deploy/docker/tictally /usr/local/bin/
# The ledger's folder. A volume that is mounted there for the first time takes over whose it is.
COPY --from=install --chown=10883:10883 /empty /var/lib/tictally
ENV PYTHONPATH=/opt/tictally PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PULSE_FILE=/run/tictally/pulse \
    TICTALLY_LEDGER=/var/lib/tictally/ledger.sqlite
USER 10883:10883
WORKDIR /var/lib/tictally
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["healthy", "120"]
ENTRYPOINT ["tictally"]
CMD ["record"]
