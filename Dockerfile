# The tool as an image, in two forms from one build:
#
#   runtime (default)  the executable alone, for clusters and CI: no shell, no package manager, not root
#   shell              with bash and the sample data, for compose.yaml
#
# Deno's compiler runs on the builder's own CPU whatever the target is, so no other one is emulated.
# The root file system may be read-only; only what a command line names has to be writable:
#
#   docker run --rm --init --read-only -v "$PWD:/data:ro" IMAGE /data/rows.csv --uri URI
#
# Not run, for want of a container engine: the build, and the images. What was tried instead:
# tests/real/image_real.ts runs the executable as this file would, without root, with a read-only
# root file system, and as process 1; hadolint checks this file, and tests/compose/ its stages.

FROM --platform=$BUILDPLATFORM denoland/deno:2.9.6 AS builder
ARG TARGETARCH
# The commit and its time (in seconds), since there is no Git in here.
ARG LAKEKEEPER_INGEST_COMMIT
ARG SOURCE_DATE_EPOCH
WORKDIR /src
COPY deno.json deno.lock main.ts ./
COPY tools tools
COPY lib lib
RUN case "$TARGETARCH" in \
      amd64) cpu=x86_64 ;; \
      arm64) cpu=aarch64 ;; \
      *) echo "There is no executable for \"$TARGETARCH\": only for amd64 and arm64" >&2; exit 1 ;; \
    esac && \
    deno task compile --target "$cpu-unknown-linux-gnu" --output /lakekeeper-ingest

FROM debian:trixie-slim AS shell
RUN useradd --create-home --uid 10001 --user-group --shell /bin/bash ingest
COPY --from=builder /lakekeeper-ingest /usr/local/bin/lakekeeper-ingest
USER 10001:10001
WORKDIR /home/ingest
COPY sample_data.csv ./
CMD ["sleep", "infinity"]

# With glibc, which Deno's base runtime needs, and certificates; by number, so that a cluster can see
# that the user is not root.
FROM gcr.io/distroless/cc-debian13:nonroot AS runtime
ARG LAKEKEEPER_INGEST_COMMIT
ARG VERSION
ARG CREATED
ARG SOURCE
LABEL org.opencontainers.image.title="lakekeeper-ingest" \
      org.opencontainers.image.description="CSV into Apache Iceberg tables through any REST catalog, and a judge of catalogs under racing writers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$LAKEKEEPER_INGEST_COMMIT" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian13:nonroot"
COPY LICENSE /usr/share/doc/lakekeeper-ingest/LICENSE
COPY --from=builder /lakekeeper-ingest /usr/local/bin/lakekeeper-ingest
ENV TMPDIR=/tmp
VOLUME ["/tmp"]
USER 65532:65532
WORKDIR /home/nonroot
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/lakekeeper-ingest"]
