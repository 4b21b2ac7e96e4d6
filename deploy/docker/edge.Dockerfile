# The edge, for a box that has the dongle itself: built from the wheels that ./run wheelhouse has put into dist/wheelhouse.
# Nothing is run for another kind of machine than the builder's: an image for a Pi is made on a PC without emulation.
ARG BASE=python:3.13-slim

FROM --platform=$BUILDPLATFORM ${BASE} AS install
ARG TARGETARCH
ARG TARGETVARIANT
RUN --mount=type=bind,source=dist/wheelhouse,target=/wheelhouse \
    --mount=type=bind,source=deploy/docker/install-wheels,target=/install-wheels \
    sh /install-wheels edge "$TARGETARCH" "$TARGETVARIANT"

FROM ${BASE}
COPY --from=install /installed /opt/tictally
COPY --chmod=755 deploy/docker/healthy deploy/docker/tictally-edge /usr/local/bin/
# Where the journal goes when the broker is away for long, and at the end.
COPY --from=install --chown=10884:10884 /empty /var/lib/tictally-edge
ENV PYTHONPATH=/opt/tictally PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PULSE_FILE=/run/tictally/pulse \
    RUNTIME_DIRECTORY=/run/tictally STATE_DIRECTORY=/var/lib/tictally-edge
USER 10884:10884
WORKDIR /var/lib/tictally-edge
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["healthy", "60"]
ENTRYPOINT ["tictally-edge"]
CMD ["run"]
